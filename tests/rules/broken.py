"""Ways in which the engine could break a rule, one at a time, and the rule whose scenario must notice."""

from typing import NamedTuple

from broken_steps import STEPS
from broken_values import VALUES


class Broken(NamedTuple):
    """A piece of text in one module of `engine/core`, what stands there instead, and the rule."""

    module: str
    written: str
    instead: str
    rule: str


BROKEN = tuple(Broken(*row) for row in (*VALUES, *STEPS))
