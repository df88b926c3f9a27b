"""One difference between two versions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """`what` it is about, as it read `before` and reads `after`; empty where there was or is nothing."""

    what: str
    before: str
    after: str


def changes(before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> Iterator[Change]:
    """The differences of two lists of parts, each with what it is about; what may stand several times
    (`leave on`) is compared line by line."""
    was, now = _lines(before), _lines(after)
    for what in dict.fromkeys([*was, *now]):
        old = [line for line in was.get(what, []) if line not in now.get(what, [])]
        new = [line for line in now.get(what, []) if line not in was.get(what, [])]
        for number in range(max(len(old), len(new))):
            yield Change(
                what, old[number] if number < len(old) else "", new[number] if number < len(new) else ""
            )


def _lines(parts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for what, words in parts:
        lines.setdefault(what, []).append(words)
    return lines
