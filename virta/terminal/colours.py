"""Whether output is coloured."""

import os
from typing import TextIO


def coloured(stream: TextIO) -> bool:
    """Colours go to terminals only, unless NO_COLOR or FORCE_COLOR says otherwise (no-color.org,
    force-color.org: whatever they hold, if it is not empty)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
