"""Texts with values in them: `Your order {trigger.order_id}, {contact.first_name or "friend"}`."""

import re
from dataclasses import dataclass

from dsl.found.finding import Span
from dsl.nodes.terms import Name, Path, TextValue
from dsl.read.parser import FILL, read
from dsl.read.signs import readable
from dsl.read.tree import Token, Tree

_FILL = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Filling:
    """A value within a text; `otherwise` stands in for an unknown one (None: nothing does)."""

    path: Path
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Misfit:
    """A `{…}` that holds no value, or a `{` that is not closed, with what follows it."""

    text: str


def fillings(text: TextValue) -> tuple[str | Filling | Misfit, ...]:
    """The parts of a text: plain text, values, and what begins with a brace but is no value."""
    parts: list[str | Filling | Misfit] = []
    position = 0
    for found in _FILL.finditer(text.value):
        parts += _plain(text.value[position : found.start()])
        position = found.end()
        parts.append(_filling(found.group(1), text.span) or Misfit(found.group()))
    return (*parts, *_plain(text.value[position:]))


def _filling(text: str, span: Span) -> Filling | None:
    """What stands between braces; None: no value."""
    found = read(readable(text.strip()), FILL)
    if found is None:
        return None
    path, *otherwise = found[0].children
    assert isinstance(path, Tree)
    names = tuple(Name(word.text, span) for word in path.children if isinstance(word, Token))
    instead = next((word.text[1:-1] for word in otherwise if isinstance(word, Token)), None)
    return Filling(Path(names, span), instead)


def _plain(text: str) -> list[str | Misfit]:
    before, brace, behind = text.partition("{")
    return [*([before] if before else []), *([Misfit(brace + behind)] if brace else [])]
