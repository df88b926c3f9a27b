"""Which values may be given to a field or an attribute of a declared type."""

from collections.abc import Iterator

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.agreement import KINDS, family, is_zero, respelt
from dsl.meaning.names import nearest
from dsl.meaning.scope import ValueType
from dsl.nodes.terms import Expression, Literal


def fits(
    value: Expression, name: str, wanted: ValueType, given: ValueType, currency: str
) -> Iterator[Finding]:
    """What keeps `value`, of the type `given`, from being given to `name`; one finding at most. `currency` is
    the project's."""
    if given.kind == "anything" or (wanted.kind == "money" and is_zero(value)):
        return
    if wanted.kind == "choice":
        yield from _choice(value, name, wanted, given)
    elif wanted.kind in ("list", "record"):
        if _shape(wanted) != _shape(given):
            yield error(
                "E301",
                value.span,
                f"`{name}` is {KINDS[wanted.kind]}, and this does not have the same parts.",
                f"Give it {KINDS[wanted.kind]} that is declared alike.",
            )
    elif wanted.kind != given.kind and not family(wanted.kind) == family(given.kind) == "text":
        yield error(
            "E301",
            value.span,
            f"`{name}` is {KINDS[wanted.kind]}, but this is {KINDS[given.kind]}.",
            _instead(value, wanted, currency),
        )


def _choice(value: Expression, name: str, wanted: ValueType, given: ValueType) -> Iterator[Finding]:
    if isinstance(value, Literal) and value.kind == "text":
        if value.value not in wanted.choices:
            close = nearest(str(value.value), wanted.choices)
            listed = ", ".join(f"`{each}`" for each in wanted.choices)
            help = f'Write `"{close}"`.' if close else f"Choices are {listed}."
            yield error("E310", value.span, f"`{value.value}` is none of the choices.", help)
    elif given.kind != "choice" or not set(given.choices) <= set(wanted.choices):
        yield error(
            "E310",
            value.span,
            f"`{name}` takes one of its choices, and this may be something else.",
            f'Write one of them, as in `"{wanted.choices[0]}"`.',
        )


def _instead(value: Expression, wanted: ValueType, currency: str) -> str:
    if wanted.kind == "date":
        return "Write `today`, or a date such as `2026-12-24`."
    if wanted.kind == "moment":
        return "Write `now`, or a date with a time such as `2026-12-24 09:00`."
    return respelt(wanted, value, currency) or "Write a value of that kind."


def _shape(kind: ValueType) -> object:
    """The type without what concerns single values: currencies, and what a text is the name of."""
    return (
        family(kind.kind) if kind.kind != "choice" else ("choice", kind.choices),
        _shape(kind.item) if kind.item else None,
        tuple(sorted((name, _shape(each)) for name, each in kind.fields)),
    )
