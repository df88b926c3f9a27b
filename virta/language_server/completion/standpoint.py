"""Where the cursor stands: the words before it, and what is known there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dsl.before import Before, Word
from dsl.draft import Draft
from dsl.graph import EventType, FieldType
from dsl.meaning.names import CONTACT_ALWAYS, fields_of
from dsl.nodes.flows import Flow

_SINGLE = ("HISTORY", "NO", "_WAIT_FOR")
"""Words whose `where` takes one comparison."""
_BEHIND = ("_UP_TO", "IN_LAST", "SINCE_ENTRY", "SINCE", "_WITHIN")
"""Words that stand behind a `where`."""


@dataclass(frozen=True)
class Standpoint:
    """`line` is that of the cursor in the file."""

    there: Before
    draft: Draft
    file: str
    line: int

    @property
    def words(self) -> tuple[Word, ...]:
        return self.there.words

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the words of the line before the cursor."""
        return tuple(word.kind for word in self.words)

    @property
    def flow(self) -> Flow | None:
        """The flow in which the cursor stands."""
        return self.draft.names.flows.get(self.there.name) if self.there.head == "flow" else None

    def roots(self) -> dict[str, Mapping[str, FieldType]]:
        """What `contact`, `trigger` and `received` have here; what is not known here is left out."""
        found: dict[str, Mapping[str, FieldType]] = {"contact": self.attributes()}
        if flow := self.flow:
            scope = self.draft.inside(flow)
            if scope.trigger:
                found["trigger"] = scope.trigger
            for standing in self.draft.standings(flow):
                if standing.step.span.file == self.file and standing.step.span.line <= self.line:
                    scope = standing.scope
            if scope.received and any(each.startswith("on ") for each in self.there.above):
                found["received"] = scope.received
        return found

    def attributes(self) -> dict[str, FieldType]:
        """The attributes of contacts that conditions may use."""
        known = {**self.draft.names.attributes, **CONTACT_ALWAYS}
        return {name: kind for name, kind in known.items() if name != "email"}

    def event(self, name: str) -> EventType | None:
        return self.draft.names.events.get(name)

    def where(self) -> EventType | None:
        """The event of the `where` within which the cursor stands; None: within none."""
        open_at: list[tuple[int, int]] = []  # how deep in brackets, and which word it is
        depth = 0
        for index, word in enumerate(self.words):
            if word.kind == "_WHERE":
                open_at.append((depth, index))
            depth += {"_LPAREN": 1, "_RPAREN": -1}.get(word.kind, 0)
            while open_at and (open_at[-1][0] > depth or self._ends(word, depth, *open_at[-1])):
                open_at.pop()
        return self.event(event_before(self.words, open_at[-1][1])) if open_at else None

    def _ends(self, word: Word, depth: int, where_depth: int, where: int) -> bool:
        """Whether a word ends a `where`: `and` does not in a header, which takes a whole condition."""
        if depth != where_depth:
            return False
        if word.kind not in ("_AND", "_OR"):
            return word.kind in _BEHIND
        before = where - 1
        while before > 0 and self.words[before].kind in ("NAME", "_DOT"):
            before -= 1
        return self.words[before].kind in _SINGLE or self.kinds[0] == "_WAIT_FOR"

    def typed(self, parts: Sequence[str]) -> FieldType | None:
        """The type of a path such as `contact.plan`; None if it means nothing here."""
        root, *rest = parts
        roots = self.roots()
        if root in roots:
            return _deeper(roots[root], rest)
        where = self.where()
        return _deeper(fields_of(where), parts) if where else None


def path_before(words: Sequence[Word], end: int) -> list[str]:
    """The names of the path that ends right before the word at `end`, joined by dots."""
    parts: list[str] = []
    for word in reversed(words[:end]):
        if word.kind == "NAME" and (not parts or parts[-1] == "."):
            parts.append(word.text)
        elif word.kind == "_DOT" and parts and parts[-1] != ".":
            parts.append(".")
        else:
            break
    return [each for each in reversed(parts) if each != "."]


def event_before(words: Sequence[Word], end: int) -> str:
    """The name of the event whose `where` stands at `end`."""
    path = path_before(words, end)
    return path[0] if path else ""


def _deeper(fields: Mapping[str, FieldType], parts: Sequence[str]) -> FieldType | None:
    found: FieldType | None = None
    for part in parts:
        found = fields.get(part)
        if found is None:
            return None
        fields = dict(inner(found))
    return found


def inner(declared: FieldType) -> Iterator[tuple[str, FieldType]]:
    """The fields of a record, or of the members of a list."""
    record = declared.item if declared.kind == "list" and declared.item else declared
    yield from record.fields
