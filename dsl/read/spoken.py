"""The words about topics and purposes in a project's other languages: its files `words/LANG.toml`."""

import re
import tomllib
from collections.abc import Mapping, Sequence

SETTINGS = "virta.toml"
"""The file in which the words of the purposes stand, in the default language."""


def words_file(language: str) -> str:
    """The file that holds the words of a language, by its path in the project."""
    return f"words/{language}.toml"


def spoken(data: bytes) -> dict[str, frozenset[str]] | None:
    """By the name of a topic or purpose, which of `title` and `consent` a file has words for; None for a file
    that cannot be read or holds anything else, of which nothing is known."""
    try:
        tables = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    found: dict[str, frozenset[str]] = {}
    for name, table in tables.items():
        if not isinstance(table, Mapping) or not all(isinstance(each, str) for each in table.values()):
            return None
        found[name] = frozenset(key for key, text in table.items() if text.strip())
    return found


def table_place(table: str, lines: Sequence[str]) -> tuple[int, int] | None:
    """Where the name of a table such as `purposes.measurement` stands: line and column, from 1."""
    words = r"\s*\.\s*".join(re.escape(word) for word in table.split("."))
    header = re.compile(rf"\s*\[\s*({words})\s*\]")
    for number, line in enumerate(lines, start=1):
        if found := header.match(line):
            return number, found.start(1) + 1
    return None
