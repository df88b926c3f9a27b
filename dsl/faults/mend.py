"""How a line that cannot be read is changed so that reading goes on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mend:
    """Put `new` in place of columns `start` to before `end`."""

    start: int
    end: int
    new: str
