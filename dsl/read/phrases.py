"""The words of the grammar as people write them, from the patterns of its terminals."""

import re
from functools import cache

from dsl.read.parser import parser

_WORDY = re.compile(r"[a-z]")
_NOT_WORDS = frozenset(
    ("NAME", "STRING", "MOMENT", "DATE", "TIME", "DURATION", "MONEY", "PERCENT", "NUMBER", "HOLE")
)
_PIECE = re.compile(
    r"(?P<open>\((?:\?:)?)|(?P<close>\)(?P<may>\?)?)|(?P<or>\|)|(?P<blank> \+)|(?P<sign>\\?.)(?P<left>\?)?"
)


@cache
def phrases() -> dict[str, tuple[str, ...]]:
    """By the name of each terminal that is made of words: all that it can read, with one blank between words.
    `_EMAILS` reads `email` and `emails`."""
    found = {}
    for terminal in parser().terminals:
        pattern = terminal.pattern.value
        if terminal.name not in _NOT_WORDS and _WORDY.search(pattern):
            found[terminal.name] = spelled(pattern)
    return found


def spelled(pattern: str) -> tuple[str, ...]:
    """What a pattern of words, blanks, choices and optional parts can read: `add +tag\\b` reads `add tag`."""
    return tuple(dict.fromkeys(_Reader(_plain(pattern)).choices()))


def _plain(pattern: str) -> str:
    """The pattern without word boundaries and without what it only looks at."""
    out, depth, at = "", 0, 0
    while at < len(pattern):
        if depth or pattern.startswith("(?=", at):
            depth += {"(": 1, ")": -1}.get(pattern[at], 0)
            at += 1
        elif pattern.startswith("\\b", at):
            at += 2
        else:
            out += pattern[at]
            at += 1
    return out


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pieces = list(_PIECE.finditer(pattern))
        self._at = 0

    def choices(self) -> list[str]:
        """Everything up to the end, or to the bracket that closes."""
        done: list[str] = []
        so_far = [""]
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            if piece["close"]:
                break
            self._at += 1
            if piece["or"]:
                done += so_far
                so_far = [""]
                continue
            if piece["open"]:
                inner = self.choices()
                inner += [""] if self._pieces[self._at]["may"] else []
                self._at += 1
            elif piece["blank"]:
                inner = [" "]
            else:
                inner = [piece["sign"].removeprefix("\\"), *([""] if piece["left"] else [])]
            so_far = [before + each for before in so_far for each in inner]
        return done + so_far
