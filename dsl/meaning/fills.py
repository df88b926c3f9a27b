"""Texts with values in them: `Your order {trigger.order_id}, {contact.first_name or "friend"}`."""

import re
from dataclasses import dataclass

from dsl.nodes.terms import Name, Path, TextValue
from dsl.read.signs import PATH

_FILL = re.compile(r"\{([^{}]*)\}")
_VALUE = re.compile(rf'\s*({PATH})\s*(?:\bor\s+"([^"]*)"\s*)?$')


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
        value = _VALUE.match(found.group(1))
        if value is None:
            parts.append(Misfit(found.group()))
            continue
        names = tuple(Name(word, text.span) for word in value.group(1).split("."))
        parts.append(Filling(Path(names, text.span), value.group(2)))
    return (*parts, *_plain(text.value[position:]))


def _plain(text: str) -> list[str | Misfit]:
    before, brace, behind = text.partition("{")
    return [*([before] if before else []), *([Misfit(brace + behind)] if brace else [])]
