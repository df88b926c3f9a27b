"""Two versions of flows and projects, laid side by side: what changed, and where everybody stands then."""

from dsl.align.alignment import Added, Alignment, Placement, align
from dsl.align.change import Change
from dsl.align.programs import Comparison, Declared, compare

__all__ = [
    "Added",
    "Alignment",
    "Change",
    "Comparison",
    "Declared",
    "Placement",
    "align",
    "compare",
]
