"""Names that stand on lines that could not be read: whoever asks for them is not told that there are none."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dsl.found.finding import Finding, Span
from dsl.found.source import Source
from dsl.read.signs import NAME
from dsl.read.words import DECLARATIONS

_KINDS = {
    "E201": "event",
    "E202": "field",
    "E203": "field",
    "E204": "topic",
    "E205": "segment",
    "E216": "coupon",
    "E218": "webhook",
    "E219": "flow",
    "E212": "step",
    "E213": "step",
    "E606": "step",
}
"""What each finding says that there is none of."""

_SPELLING = ("E112", "E114", "E118")
_WORD = re.compile(NAME)


@dataclass(frozen=True, slots=True)
class Lost:
    """`names`, without capitals, stand on lines that could not be read, those of `steps` on lines of flows;
    of `kinds` are things of which not even a name is left. `told` are the places of faults of spelling."""

    names: frozenset[str]
    steps: frozenset[str]
    kinds: frozenset[str]
    told: frozenset[Span]

    def explains(self, finding: Finding, sources: Mapping[str, Source]) -> bool:
        """Whether a finding follows from another one: what it misses is declared on such a line, or it is
        about what is spelled otherwise than it should be."""
        if finding.span in self.told and not finding.code.startswith("E1"):
            return True
        kind = _KINDS.get(finding.code)
        if kind is None or finding.span.file not in sources:
            return False
        line = sources[finding.span.file].lines[finding.span.line - 1]
        word = line[finding.span.column - 1 : finding.span.end_column - 1].strip('"').casefold()
        known = self.steps if kind == "step" else self.names
        return word in known or (kind in self.kinds and not finding.help.startswith("Write"))


def lost_names(faults: Iterable[Finding], sources: Mapping[str, Source]) -> Lost:
    """The names that are lost by faults of layout and syntax."""
    names: set[str] = set()
    kinds: set[str] = set()
    steps: set[str] = set()
    faults = tuple(faults)
    told = frozenset(each.span for each in faults if each.code in _SPELLING)
    for fault in faults:
        if not (fault.code.startswith("E1") or fault.code == "E208") or fault.span.file not in sources:
            continue
        lines = sources[fault.span.file].lines
        if fault.span.line > len(lines):
            continue
        line = lines[fault.span.line - 1]
        words = [word.casefold() for word in _WORD.findall(line)]
        first = words[0] if words else ""
        declares = not line.startswith((" ", "\t")) or (first in DECLARATIONS and fault.code == "E103")
        head = _head(lines, fault.span.line)
        if head == "flow" and not declares:
            steps |= set(words)
            if {"send", "split"} & set(words):
                kinds.add("step")
            continue
        if not declares and head not in ("contact", "event"):
            continue
        rest = words[1:] if first in DECLARATIONS and declares else words
        names |= set(rest)
        if declares and not rest:
            kinds.add(first)
        elif not declares and len(rest) < 2:
            kinds.add("field")
    return Lost(frozenset(names), frozenset(steps), frozenset(kinds), told)


def _head(lines: tuple[str, ...], number: int) -> str:
    """The first word of the declaration in which a line stands."""
    for line in reversed(lines[:number]):
        if found := _WORD.match(line):
            return found.group()
    return ""
