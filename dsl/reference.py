"""What each word of the language means, in a sentence or two: for editors."""

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

from dsl.before import Word

_DECLARATION = "-"
_TIMES = {"_AT": "MOMENT", "_AFTER": "DURATION"}


class Entry(Struct, frozen=True, forbid_unknown_fields=True):
    """A construct: its `form`, and what it `says`, both Markdown; `without` is what holds if it is absent.
    `begins` are the words with which its line begins, or else `words` those within a line that it explains.
    `heads` are the declarations in which it stands (none: any); `below` words of the line above (empty: it is
    the declaration; `-`: the entry is a declaration itself; None: any), `line` how its line begins.
    `snippets` are ways to write it, with `${1:words}` to fill in. `row`: the language page has the same in a
    table."""

    form: str
    says: str
    begins: str = ""
    words: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    below: str | None = None
    line: str = ""
    without: str = ""
    snippets: tuple[str, ...] = ()
    row: bool = False

    def stands(self, head: str, above: Sequence[str], *, opens: bool) -> bool:
        """Whether a line of a declaration can hold it: `above` are the lines on which that one hangs;
        `opens`: it is the declaration."""
        if (self.below == _DECLARATION) != opens and self.begins:
            return False
        if self.heads and head not in self.heads and not opens:
            return False
        if self.below in (None, _DECLARATION):
            return True
        if not self.below:
            return not above
        return bool(above) and f" {self.below} " in f" {above[-1]} "


@cache
def entries() -> tuple[Entry, ...]:
    """All of them, in the order of the page."""
    data = tomllib.loads((resources.files("dsl") / "reference.toml").read_text("utf-8"))
    return msgspec.convert(data["entry"], tuple[Entry, ...])


def entry_of(
    words: Sequence[Word], index: int, head: str, above: Sequence[str], *, opens: bool
) -> Entry | None:
    """The construct to which a word of a line belongs: `words` are those of the whole line, or of its
    beginning up to the word at `index`."""
    said = [" ".join(word.text.split()) for word in words]
    start = 2 if _timed(words) and index > 1 else 0
    best: Entry | None = None
    for entry in entries():
        if not entry.stands(head, above, opens=opens):
            continue
        if entry.begins:
            count = _covers(said[start:], entry.begins)
            if start <= index < start + count and (best is None or len(entry.begins) > len(best.begins)):
                best = entry
    return best or _within(said, index, head, above, opens=opens, start=start)


def _within(
    said: Sequence[str], index: int, head: str, above: Sequence[str], *, opens: bool, start: int
) -> Entry | None:
    found = [
        entry
        for entry in entries()
        if said[index] in entry.words
        and entry.stands(head, above, opens=opens)
        and (not entry.line or _covers(said[start:], entry.line))
    ]
    return max(found, key=lambda each: (bool(each.line), bool(each.below), bool(each.heads)), default=None)


def _timed(words: Sequence[Word]) -> bool:
    """Whether a line of a scenario begins with a time."""
    return len(words) > 1 and _TIMES.get(words[0].kind) == words[1].kind


def _covers(said: Sequence[str], phrase: str) -> int:
    """With how many words of a line a phrase ends that the line begins with; 0: the line begins otherwise."""
    for count in range(1, len(said) + 1):
        if " ".join(said[:count]) == phrase:
            return count
    return 0
