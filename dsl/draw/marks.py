"""What is written on a drawing beside the flow itself: people, and ways that they went."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written on a step: how many stand there now, what has gone through, and where a click leads."""

    here: int = 0
    passed: str = ""
    link: str = ""

    @property
    def told(self) -> str:
        """Both numbers in words, empty if there is none."""
        return ", ".join(filter(None, (f"{self.here:,} here now" if self.here else "", self.passed)))


@dataclass(frozen=True, slots=True)
class Live:
    """`marks` by the name of the step; `arms`: how many went along an arm, by step and arm (`yes`, a label,
    an event); `entered`: how many the starts let in, None: not told."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    arms: Mapping[tuple[str, str], int] = field(default_factory=dict)
    entered: int | None = None

    def mark(self, step: str) -> Mark:
        """What is written on a step."""
        return self.marks.get(step, NOTHING)

    @property
    def start(self) -> str:
        """What is written on the start."""
        return "" if self.entered is None else f"{self.entered:,} entered"

    def along(self, step: str, words: str) -> str:
        """The words on an arrow with how many went that way; `words` are those of `ways`, for one way."""
        count = self.arms.get((step, words.removeprefix("on ").rpartition("% ")[2]))
        return words if count is None or not words else f"{words}: {count:,}"


NOTHING = Mark()
NOBODY = Live()
