"""What `virta.toml` says of sales: which events are some, and which topics rest on them."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from dsl.found.finding import Span
from dsl.found.source import Source
from dsl.graph import Sale

SIMILAR, SALES = "similar", "sales"
_HEADER = re.compile(r"\s*\[")


def read_sales(data: bytes) -> tuple[Sale, ...]:
    """The tables `[sales.EVENT]`, in written order. What has another form is left out: reading the settings
    tells of it."""
    found = []
    for event, table in _table(data, SALES).items():
        if isinstance(table, Mapping) and all(isinstance(each, str) for each in table.values()):
            said = {name: table.get(name, "") for name in Sale.__struct_fields__ if name != "event"}
            found.append(Sale(event, **said))
    return tuple(found)


def read_similar(data: bytes) -> dict[str, str]:
    """The topics that rest on sales, each with the category of its goods."""
    return {topic: goods for topic, goods in _table(data, SIMILAR).items() if isinstance(goods, str)}


def _table(data: bytes, name: str) -> Mapping[str, Any]:
    if name.encode() not in data:
        return {}
    try:
        found = tomllib.loads(data.decode("utf-8-sig")).get(name)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    return found if isinstance(found, Mapping) else {}


def place_of_sale(source: Source, event: str, key: str = "") -> Span:
    """Where the table of an event stands, or the value of a key in it."""
    return _place(source, (SALES, event, key) if key else (SALES, event))


def place_of_similar(source: Source, topic: str, goods: bool = False) -> Span:
    """Where a topic is said to rest on sales, or of which `goods`."""
    return _place(source, (SIMILAR, topic), goods)


def _place(source: Source, path: tuple[str, ...], value: bool = True) -> Span:
    """The place of what stands at `path`: in a table with a header, or written in one line."""
    inside: tuple[str, ...] = ()
    best, known = source.span(1, 1, 2), 0
    for number, line in enumerate(source.lines, start=1):
        if _HEADER.match(line):
            inside = _parts(line.strip().lstrip("[").partition("]")[0])
        for depth, column, end in _spoken(line, inside, path, value):
            if depth > known:
                best, known = source.span(number, column, end), depth
    return best


def _spoken(
    line: str, inside: tuple[str, ...], path: tuple[str, ...], value: bool
) -> Iterator[tuple[int, int, int]]:
    """How much of `path` a line names, with the columns of what it names last."""
    if _HEADER.match(line):
        if inside == path[: len(inside)]:
            start = line.index("[") + 1
            yield len(inside), start + 1, max(line.find("]"), start + 1) + 1
        return
    if inside != path[: len(inside)]:
        return
    place, depth = 0, len(inside)
    for word in path[depth:]:
        found = re.compile(rf"""(?<![\w-])["']?({re.escape(word)})["']?\s*([=.])""").search(line, place)
        if found is None:
            return
        place, depth = found.end(), depth + 1
        yield depth, found.start(1) + 1, found.end(1) + 1
    said = re.compile(r"""\s*("[^"]*"|'[^']*')""").match(line, place)
    if value and said is not None and depth == len(path):
        yield depth + 1, said.start(1) + 1, said.end(1) + 1


def _parts(header: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in header.split("."))
