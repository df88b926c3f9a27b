"""The values that a scenario gives: to events, to the contact."""

from collections.abc import Iterable, Iterator, Mapping

from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.graph import EventType
from dsl.meaning.agreement import KINDS
from dsl.meaning.fitting import fits
from dsl.meaning.names import unknown
from dsl.meaning.scope import Scope, ValueType, value_type
from dsl.meaning.typing_rules import check_value
from dsl.nodes.scenarios import ListNode, Offer, Offered, RecordNode
from dsl.nodes.terms import CouponCode, History, Path, Since, within


def check_fields(values: Iterable[Offer], event: EventType | None, scope: Scope) -> Iterator[Finding]:
    """What an event is said to hold; of an event that is unknown nothing is asked."""
    if event is None:
        yield from _each(values, None, "", "", scope)
        return
    at = [name for name, _ in values if name.text == "at"]
    for name in at:
        message = "The line itself says when this happens."
        yield error("E206", name.span, message, "Leave `at` out.")
    fields = {name: value_type(kind) for name, kind in event.fields}
    help = f"Declare it below `event {event.name}`, or leave it out."
    others = [(name, value) for name, value in values if name not in at]
    yield from _each(others, fields, f"field of `{event.name}` called", help, scope)


def _each(
    values: Iterable[Offer], fields: Mapping[str, ValueType] | None, kind: str, help: str, scope: Scope
) -> Iterator[Finding]:
    """Named values, each of a field (`fields` None: of any)."""
    given: set[str] = set()
    for name, value in values:
        if name.text in given:
            yield error("E206", name.span, f"`{name.text}` is given twice.", "Delete one of the two.")
        elif fields is not None and name.text and name.text not in fields:
            yield unknown("E202", kind, name, fields, help)
        else:
            yield from check_offered(value, name.text, (fields or {}).get(name.text), scope)
        given.add(name.text)


def check_offered(value: Offered, name: str, wanted: ValueType | None, scope: Scope) -> Iterator[Finding]:
    """What keeps a value from being that of `name`. `wanted` None: its type is not known."""
    match value:
        case ListNode(items, span):
            if wanted and wanted.kind != "list":
                yield _unfit(name, wanted, "list", span, scope)
                return
            for item in items:
                yield from check_offered(item, name, wanted.item if wanted else None, scope)
        case RecordNode(offers, span):
            if wanted and wanted.kind != "record":
                yield _unfit(name, wanted, "record", span, scope)
                return
            fields = dict(wanted.fields) if wanted else None
            yield from _each(offers, fields, f"field of `{name}` called", "", scope)
        case _:
            if open_ := next((each for each in within(value) if _is_open(each)), None):
                yield error(
                    "E612",
                    open_.span,
                    "A scenario gives plain values; here nothing is looked up.",
                    f"Write the value itself, as in {_example(wanted, scope)}.",
                )
                return
            findings: list[Finding] = []
            kind = check_value(value, scope, findings)
            yield from (_plain(each, wanted, scope) for each in findings)
            if wanted and kind.kind != "anything" and wanted.kind in ("list", "record"):
                yield _unfit(name, wanted, kind.kind, value.span, scope)
            elif wanted:
                yield from (
                    _plain(each, wanted, scope) for each in fits(value, name, wanted, kind, scope.currency)
                )


def _is_open(part: object) -> bool:
    """Whether a part of a value stands for something that only a journey knows."""
    return isinstance(part, Path | History | Since | CouponCode)


def _unfit(name: str, wanted: ValueType, kind: str, span: Span, scope: Scope) -> Finding:
    return error(
        "E301",
        span,
        f"`{name}` is {KINDS[wanted.kind]}, but this is {KINDS.get(kind, 'something else')}.",
        f"Write it like {_example(wanted, scope)}.",
    )


def _plain(finding: Finding, wanted: ValueType | None, scope: Scope) -> Finding:
    """A finding about a value without the helps that name what a scenario does not know."""
    if finding.code not in ("E301", "E303", "E304", "E305"):
        return finding
    return error(finding.code, finding.span, finding.message, f"Write it like {_example(wanted, scope)}.")


def _example(wanted: ValueType | None, scope: Scope) -> str:
    return f"`{_written(wanted, scope)}`"


def _written(wanted: ValueType | None, scope: Scope) -> str:
    """A value of a type, as it could stand in a scenario."""
    match wanted:
        case ValueType("number"):
            return "3"
        case ValueType("money"):
            return f"49.90 {scope.currency}"
        case ValueType("flag"):
            return "yes"
        case ValueType("date"):
            return "2026-12-24"
        case ValueType("moment"):
            return "2026-12-24 09:00"
        case ValueType("url"):
            return '"https://kafija.example"'
        case ValueType("choice", choices):
            return f'"{choices[0]}"'
        case ValueType("list", item=item):
            return f"[{_written(item, scope)}]"
        case ValueType("record", fields=fields):
            return f"({', '.join(f'{name} {_written(kind, scope)}' for name, kind in fields[:2])})"
    return '"Anna"'
