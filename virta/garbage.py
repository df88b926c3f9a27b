"""How a process that lives long looks for garbage.

Python looks through all that lives once in a while, for circles that nobody holds any more. A running project
holds flows, modules and settings for good, and what a step makes is gone with the step, without circles. So
the looks cost a tenth of all CPU and find next to nothing.
"""

import gc

_BETWEEN = (50_000, 20, 100)
"""Objects made, above those gone, between two looks at the youngest; and how often those that are older are
looked at too."""


def settled() -> None:
    """What is there now stays, and is not looked at any more; what was there for good before may have gone
    since."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_BETWEEN)
