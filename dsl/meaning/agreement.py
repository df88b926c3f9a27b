"""Which values may be compared with which, and how."""

from collections.abc import Iterable, Sequence

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.graph import Money
from dsl.meaning.names import Names, nearest
from dsl.meaning.scope import Scope, ValueType
from dsl.meaning.walk import mails_within
from dsl.nodes.flows import Send
from dsl.nodes.terms import Expression, Literal, Negative, Path

ORDERINGS = ("<", "<=", ">", ">=", "between")
"""Comparisons that ask which of two values is the larger."""
_FAMILY = {"url": "text", "choice": "text", "moment": "date"}
KINDS = {
    "text": "a text",
    "url": "a text",
    "choice": "a text",
    "number": "a number",
    "money": "an amount of money",
    "flag": "yes or no",
    "date": "a date",
    "moment": "a moment",
    "list": "a list",
    "record": "a record",
}
"""How each kind of value is called in a sentence."""


def family(kind: str) -> str:
    """The kind with which a kind may be compared: a url and a choice are texts."""
    return _FAMILY.get(kind, kind)


def is_zero(node: Expression) -> bool:
    """Whether this is the number 0, which needs no currency."""
    return isinstance(node, Literal) and node.kind == "number" and node.value == 0


def currency_of(node: Expression) -> str:
    """The currency of an amount as written, else nothing."""
    return node.value.currency if isinstance(node, Literal) and isinstance(node.value, Money) else ""


def comparable(
    operator: str, left: Expression, one: ValueType, right: Expression, other: ValueType, scope: Scope
) -> Iterable[Finding]:
    """What keeps two values from being compared by an operator; one finding at most."""
    if "anything" in (one.kind, other.kind):
        return
    if one.kind == "list":
        yield from _with_list(operator, left, one, right, other, scope)
        return
    kinds = {family(one.kind), family(other.kind)}
    if kinds == {"money", "number"} and (is_zero(left) or is_zero(right)):
        return
    if len(kinds) == 2:
        yield error(
            "E301",
            right.span,
            f"{_name(left)} is {KINDS[one.kind]}, but this is {KINDS[other.kind]}.",
            respelt(one, right, scope.currency) or f"Compare it with {KINDS[one.kind]}.",
        )
    elif one.kind in ("record", "list") or other.kind in ("record", "list"):
        yield error(
            "E301",
            left.span,
            f"{_name(left)} is {KINDS[one.kind]} and cannot be compared as a whole.",
            "Name a field of it.",
        )
    elif one.currency and other.currency and one.currency != other.currency:
        yield error(
            "E307",
            right.span,
            f"Amounts in {one.currency} and in {other.currency} cannot be compared.",
            f"Write this amount in {one.currency}.",
        )
    elif operator in ORDERINGS and not kinds & {"number", "money", "date"}:
        yield error(
            "E309",
            right.span,
            f"`{operator}` compares numbers, amounts and dates, not {KINDS[one.kind]}.",
            "Write `is` or `is not`.",
        )
    elif operator in ("contains", "starts with", "ends with") and kinds != {"text"}:
        yield error(
            "E309",
            right.span,
            f"`{operator}` asks about a text or a list, and {_name(left)} is {KINDS[one.kind]}.",
            "Write `is`.",
        )
    else:
        yield from _text_literal(one, right, scope.names)


def _with_list(
    operator: str, left: Expression, one: ValueType, right: Expression, other: ValueType, scope: Scope
) -> Iterable[Finding]:
    if operator != "contains":
        shown = f"{left.text} contains …" if isinstance(left, Path) else "contains"
        yield error(
            "E309",
            left.span,
            f"{_name(left)} is a list, which `{operator}` does not compare.",
            f"Write `{shown}`.",
        )
    elif one.item and one.item.kind == "record" and isinstance(left, Path):
        like = [name for name, kind in one.item.fields if family(kind.kind) == family(other.kind)]
        fitting = like or [name for name, _ in one.item.fields]
        shown = "category" if "category" in fitting else next(iter(fitting), "")
        yield error(
            "E301",
            left.span,
            f"{_name(left)} is a list of records, and this is {KINDS.get(other.kind, 'something else')}.",
            f"Name a field of theirs, as in `{left.text}.{shown} contains …`.",
        )
    elif one.item:
        yield from comparable("is", left, one.item, right, other, scope)


def _text_literal(one: ValueType, right: Expression, names: Names) -> Iterable[Finding]:
    """Texts that can be checked before anything runs: choices, names of declared things, blanks."""
    if not (isinstance(right, Literal) and isinstance(right.value, str) and right.kind == "text"):
        return
    text = right.value
    if one.kind == "choice" and text.strip().casefold() not in map(str.casefold, one.choices):
        close = nearest(text, one.choices)
        yield error(
            "E310",
            right.span,
            f"`{text}` is none of the choices.",
            f'Write `"{close}"`.'
            if close
            else f"Choices are {', '.join(f'`{each}`' for each in one.choices)}.",
        )
    elif not text.strip():
        yield error(
            "E306", right.span, "A blank text counts as unknown.", "Write `is unknown` or `is known`."
        )
    elif one.names and (known := _declared(one.names, names)) is not None and text not in known:
        yield _not_declared(one.names, text, right, sorted(known))


def _not_declared(kind: str, text: str, node: Literal, known: Sequence[str]) -> Finding:
    close = nearest(text, known)
    if close:
        help = f'Write `"{close}"`.'
    elif known:
        listed = ", ".join(f"`{each}`" for each in known[:8])
        help = f"Known are {listed}{' and others' if len(known) > 8 else ''}."
    else:
        help = "Name one that the project has."
    return error("E213", node.span, f"There is no {kind} `{text}`.", help)


def _declared(kind: str, names: Names) -> Iterable[str] | None:
    """The names that a text may hold; None: they are not known here."""
    known: dict[str, Iterable[str]] = {
        "topic": names.topics,
        "flow": names.flows,
        "template": names.templates | _sent(names),  # one that is sent and missing is told at its `send`
        "mail": {mail for flow in names.flows.values() for mail in mails_within(flow.steps)},
    }
    return known.get(kind)


def _sent(names: Names) -> set[str]:
    steps = (step for flow in names.flows.values() for step in flow.all_steps)
    return {step.template.text for step in steps if isinstance(step, Send)}


def _name(node: Expression) -> str:
    if isinstance(node, Path):
        return f"`{node.text}`"
    return "This" if isinstance(node, Literal | Negative) else "The value on the left"


def respelt(wanted: ValueType, written: Expression, currency: str) -> str:
    """How a literal of another kind is written as one of the kind that is wanted; empty: not at all."""
    if not isinstance(written, Literal):
        return ""
    if wanted.kind == "money" and written.kind == "number":
        return f"Write `{written.value} {currency}`."
    if family(wanted.kind) == "text" and written.kind in ("number", "flag"):
        shown = ("yes" if written.value else "no") if written.kind == "flag" else written.value
        return f'Write `"{shown}"`.'
    if wanted.kind == "number" and written.kind == "money":
        return "Leave out the currency."
    if wanted.kind == "flag":
        return "Write `yes` or `no`."
    if family(wanted.kind) == "date":
        return "Write it like `2026-12-24`."
    return ""
