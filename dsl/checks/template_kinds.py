"""Of what kind the values are that a template asks for, and whether it does with them what can be done."""

from collections.abc import Iterator, Mapping

from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.meaning.agreement import KINDS
from dsl.meaning.names import nearest
from dsl.meaning.scope import ANYTHING, NUMBER, TEXT, ValueType
from dsl.templates.expressions import WANTED
from dsl.templates.filters import BY, IN, ITERATING, NUMERIC, ORDERING, SUMMING, TEXTUAL
from dsl.templates.values import Use, is_member

_FITS = {"money": ("money",), "date": ("date", "moment"), "time": ("moment",)}
_INSIDE = {"money": {"amount": NUMBER, "currency": TEXT}}
_ORDERED = {
    "number": "number",
    "fraction": "number",
    "flag": "number",
    "moment": "number",
    "date": "date",
} | dict.fromkeys(("text", "url", "choice"), "text")
_HOLDING = ("list", "record", "text", "url", "choice")
_ORDERS = ("<", "<=", ">", ">=")
_SAID = KINDS | {"fraction": "a number with a point"}


def kind_at(path: tuple[str, ...], roots: Mapping[str, ValueType]) -> ValueType:
    """The type of what stands at a path; anything, where nobody knows."""
    found = roots.get(path[0], ANYTHING) if path else ANYTHING
    for step in path[1:]:
        if is_member(step):
            found = found.item or ANYTHING
        else:
            found = (dict(found.fields) | _INSIDE.get(found.kind, {})).get(step, ANYTHING)
    return found


def check_inside(
    found: ValueType,
    use: Use,
    start: int,
    whose: str,
    place: Span,
    roots: Mapping[str, ValueType] | None = None,
) -> Iterator[Finding]:
    """Whether there is what a path asks for behind a value of a type, and fits where it stands; `roots` are
    the types of all that the mail is given."""
    for number, step in enumerate(use.path[start:], start):
        if found.kind == "anything":
            return
        if is_member(step):
            if found.kind != "list":
                yield error("E504", place, f"{_shown(whose)} is no list, so nobody can go through it.", "")
                return
            found, whose = found.item or ANYTHING, f"an entry of {whose}"
            continue
        known = dict(found.fields) if found.kind == "record" else _INSIDE.get(found.kind, {})
        if step in known:
            found, whose = (
                known[step],
                f"`{'.'.join(each for each in use.path[: number + 1] if not is_member(each))}`",
            )
            continue
        if found.kind == "list":
            message = f"{_shown(whose)} is a list, which has no `{step}` of its own."
            help = "Go through it: `{% for item in … %}{{ item." + step + " }}{% endfor %}`."
            yield error("E504", place, message, help)
        elif known:
            close = nearest(step, known)
            listed = ", ".join(f"`{each}`" for each in known)
            yield error(
                "E504",
                place,
                f"There is no `{step}` in {whose}.",
                f"Write `{close}`." if close else f"It has {listed}.",
            )
        elif not use.called:
            yield error("E504", place, f"{_shown(whose)} has nothing inside, and so no `{step}`.", "")
        return
    if use.filter and found.kind not in (*_FITS[use.filter], "anything"):
        message = f"`{use.filter}` needs {WANTED[use.filter]}, and {whose} is none."
        yield error("E515", place, message, "Leave the filter out.")
    if use.sign:
        other = use.other or kind_at(use.beside, roots or {}).kind
        yield from _met(found.kind, other, use, whose, place)


def _met(kind: str, other: str, use: Use, whose: str, place: Span) -> Iterator[Finding]:
    """What a sign cannot do with two kinds of values; only what would fail is told."""
    sign = use.sign
    if kind == "anything":
        return
    if _can(kind, other, sign):
        return
    shown = _SAID.get(kind, kind)
    if sign in NUMERIC:
        message = f"`{sign}` needs a number, and {whose} is {shown}."
    elif other == "anything" or kind in ("money", "list", "record"):
        message = f"{_shown(whose)} is {shown}, which does not go with `{sign}`."
    else:
        with_other = f"does not {'compare' if sign in _ORDERS else 'join'} it with {_SAID.get(other, other)}"
        message = f"{_shown(whose)} is {shown}, and `{sign}` {with_other}."
    if kind == "money":
        help = f"Write `{use.written}.amount` for the bare number."
    elif other == "fraction":
        help = "Write whole numbers, as in `* 3 / 2` for one and a half."
    elif sign == "+" and "text" in (_ORDERED.get(kind), _ORDERED.get(other)):
        help = "Join texts with `~`."
    else:
        help = ""
    yield error("E518", place, message, help)


def _can(kind: str, other: str, sign: str) -> bool:
    if sign == IN or sign in ITERATING:
        return kind in _HOLDING
    if sign in TEXTUAL:
        return _ORDERED.get(kind) == "text"
    if sign in ORDERING:
        return kind in _ORDERED
    if sign.endswith(BY):
        return sign != SUMMING or _ORDERED.get(kind) == "number"
    if sign in _ORDERS:
        return _can_order(kind, other)
    return _can_reckon(kind, other, sign)


def _can_order(kind: str, other: str) -> bool:
    return kind in _ORDERED and (other == "anything" or _ORDERED.get(other) == _ORDERED[kind])


def _can_reckon(kind: str, other: str, sign: str) -> bool:
    """Numbers are decimals in a mail, which know no floats; moments and flags are whole numbers."""
    match _ORDERED.get(kind):
        case "number":
            if kind == "number" and other == "fraction":
                return False
            return other == "anything" or _ORDERED.get(other) == "number"
        case "text":
            fits = {"+": "text", "*": "number"}
            return sign == "%" or (sign in fits and _ORDERED.get(other, fits[sign]) == fits[sign])
        case "date":
            return sign == "-" and other in ("date", "anything")
    return kind == "list" and sign == "+"


def _shown(whose: str) -> str:
    return whose[0].upper() + whose[1:]
