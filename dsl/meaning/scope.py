"""Which names a condition or value may speak of at its place, and what they mean there."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.graph import EventType, FieldType
from dsl.meaning.foreign_values import meant_by
from dsl.meaning.names import CONTACT_ALWAYS, Names, fields_of, unknown
from dsl.meaning.shop import NAMING_FIELDS
from dsl.nodes.terms import Name, Path


class ValueType(Struct, frozen=True):
    """A `FieldType`'s kind, or one of duration, time, condition, anything. `currency` is that of a literal;
    `names` says of what declared thing a text is the name (topic, flow, template, step)."""

    kind: str
    choices: tuple[str, ...] = ()
    item: "ValueType | None" = None
    fields: "tuple[tuple[str, ValueType], ...]" = ()
    currency: str = ""
    names: str = ""


ANYTHING = ValueType("anything")
CONDITION = ValueType("condition")
NUMBER = ValueType("number")
TEXT = ValueType("text")
MAIL_TESTS = ("opened", "clicked", "sent")
"""What can be asked about a mail of the same journey."""
PREDICTED = {"churn_risk": NUMBER, "lifetime_value": ValueType("money")}
"""What `predicted` can be asked for, without a prediction's own unit: a risk lies from 0 to 1."""


@lru_cache(4096)
def value_type(declared: FieldType) -> ValueType:
    """The type of a value of a declared field."""
    return ValueType(
        declared.kind,
        declared.choices,
        value_type(declared.item) if declared.item else None,
        tuple((name, value_type(each)) for name, each in declared.fields),
    )


class Scope(Struct, frozen=True):
    """`event` is that of the nearest `where`; `trigger` and `received` map fields to types, None where there
    is none, with the reason in `no_trigger`; `before` holds the steps that can come before (None: outside of
    a journey); `address`: `contact.email` has a place here; `asked` is an event whose `where` ends before."""

    names: Names
    currency: str
    event: EventType | None = None
    trigger: Mapping[str, FieldType] | None = None
    no_trigger: str = ""
    received: Mapping[str, FieldType] | None = None
    received_step: str = ""
    before: frozenset[str] | None = None
    sends: frozenset[str] = frozenset()
    address: bool = False
    asked: EventType | None = None

    def addressed(self) -> "Scope":
        """The scope of what is told to the team or to another system, where the address may stand."""
        return replace(self, address=True)

    def anywhere(self) -> "Scope":
        """The scope of what is asked at any step of a journey: whatever it may have sent."""
        return replace(self, before=self.sends)

    def under(self, event: EventType | None) -> "Scope":
        """The scope within `where` of an event."""
        return replace(self, event=event)


class Meaning(Struct, frozen=True):
    """`kind` is attribute, trigger, received, predicted, field, now or today; `path` follows the root."""

    kind: str
    path: tuple[str, ...]
    type: ValueType


def resolve(path: Path, scope: Scope, findings: list[Finding]) -> Meaning | None:
    """What a path means in a scope; None, with a finding, if nothing."""
    root, rest = path.parts[0], path.parts[1:]
    if root.text in ("now", "today") and not rest:
        return Meaning(root.text, (), ValueType("moment" if root.text == "now" else "date"))
    if root.text == "predicted":
        return _predicted(root, rest, findings)
    if root.text in ("contact", "trigger", "received"):
        if not rest:
            findings.append(
                error(
                    "E209",
                    path.span,
                    f"`{root.text}` alone is no value.",
                    f"Name what is meant, as in `{root.text}.{_example(root.text, scope)}`.",
                )
            )
            return None
        return {"contact": _contact, "trigger": _trigger, "received": _received}[root.text](
            rest, scope, findings
        )
    if scope.event:
        fields = fields_of(scope.event)
        if root.text in fields:
            found = follow(path.parts, fields, scope.event, findings)
            return Meaning("field", tuple(each.text for each in path.parts), found) if found else None
        findings.append(
            unknown("E202", f"field of `{scope.event.name}` called", root, fields, _elsewhere(path, scope))
        )
        return None
    if root.text in scope.names.events:
        findings.append(
            error("E209", path.span, f"`{root.text}` is an event, not a value.", f"Write `any {path.text}`.")
            if not rest
            else error(
                "E209", path.span, "This does not say which event is meant.", f"Write `last {path.text}`."
            )
        )
        return None
    if root.text in MAIL_TESTS and not rest:
        which = min(scope.sends, default="NAME")
        help = f"Name the mail, as in `{root.text} {which}`."
        findings.append(error("E209", path.span, f"`{root.text}` does not say which mail.", help))
        return None
    known = [
        *(f"contact.{each}" for each in scope.names.attributes),
        *(f"trigger.{each}" for each in scope.trigger or ()),
    ]
    elsewhere = _elsewhere(path, scope)
    if not rest and not elsewhere and (help := meant_by(root.text)):
        findings.append(error("E209", path.span, f"There is no value `{root.text}`.", help))
        return None
    findings.append(
        unknown("E209", "value", Name(path.text, path.span), known, elsewhere or _as_what(path, scope))
    )
    return None


def _as_what(path: Path, scope: Scope) -> str:
    name = path.parts[-1].text
    ways = [f'`"{path.text}"` for a text', f"`contact.{name}` for an attribute"]
    if scope.trigger is not None:
        ways.append(f"`trigger.{name}` for a field of the event that started the journey")
    return f"Write {', '.join(ways) if len(ways) > 2 else ' or '.join(ways)}."


def _predicted(root: Name, rest: tuple[Name, ...], findings: list[Finding]) -> Meaning | None:
    what = rest[0] if rest else root
    if what.text not in PREDICTED or len(rest) > 1:
        findings.append(unknown("E217", "prediction", what, PREDICTED))
        return None
    return Meaning("predicted", (what.text,), PREDICTED[what.text])


def follow(
    parts: tuple[Name, ...], fields: Mapping[str, FieldType], event: EventType, findings: list[Finding]
) -> ValueType | None:
    """The type at the end of a path through an event's fields; through a list of records it is a list."""
    first = parts[0]
    declared = fields.get(first.text)
    if declared is None:
        findings.append(unknown("E202", f"field of `{event.name}` called", first, fields))
        return None
    found = value_type(declared)
    if len(parts) == 1 and event.built_in and first.text in NAMING_FIELDS:
        return replace(found, names=NAMING_FIELDS[first.text])
    return _deeper(parts, found, findings)


def _deeper(parts: tuple[Name, ...], found: ValueType, findings: list[Finding]) -> ValueType | None:
    several = False
    for before, part in pairwise(parts):
        record = found.item if found.kind == "list" and found.item else found
        several = several or found.kind == "list"
        inner = dict(record.fields)
        if record.kind != "record":
            findings.append(
                error(
                    "E202",
                    part.span,
                    f"`{before.text}` has no fields of its own.",
                    f"Write `{before.text}` alone.",
                )
            )
            return None
        if part.text not in inner:
            findings.append(unknown("E202", f"field of `{before.text}` called", part, inner))
            return None
        found = inner[part.text]
    return ValueType("list", item=found) if several and found.kind != "list" else found


def _contact(rest: tuple[Name, ...], scope: Scope, findings: list[Finding]) -> Meaning | None:
    name = rest[0]
    declared = scope.names.attribute(name.text)
    if declared is None:
        findings.append(undeclared(name, scope, f"Declare it below `contact`: `{name.text} text`."))
        return None
    if name.text == "email" and not scope.address:
        findings.append(
            error(
                "E209",
                name.span,
                "The address itself cannot be used here; the consent service keeps it.",
                "Write `contact.email_domain`.",
            )
        )
        return None
    return _reached("attribute", rest, value_type(declared), findings)


def undeclared(name: Name, scope: Scope, help: str) -> Finding:
    """The finding for an attribute that nobody declared; `help` is for one that is like no other."""
    return unknown("E203", "attribute", name, {**CONTACT_ALWAYS, **scope.names.attributes}, help)


def _trigger(rest: tuple[Name, ...], scope: Scope, findings: list[Finding]) -> Meaning | None:
    if scope.trigger is None and not scope.no_trigger:
        return None  # what starts the flow is unknown, and reported as such
    if scope.trigger is None:
        message, help = _split(scope.no_trigger)
        if scope.event and rest[0].text in dict(scope.event.fields):
            bare = ".".join(each.text for each in rest)
            help = f"Fields of the event stand here by themselves: write `{bare}`."
        findings.append(error("E211", rest[0].span, message, help))
        return None
    return _of_event("trigger", rest, scope.trigger, "the event that starts this flow", findings)


def _received(rest: tuple[Name, ...], scope: Scope, findings: list[Finding]) -> Meaning | None:
    if scope.received is None and scope.received_step:
        return None  # the event of the arm is unknown, and reported as such
    if scope.received is None:
        findings.append(
            error(
                "E211",
                rest[0].span,
                "`received` is known only below `on EVENT` of a `wait for`.",
                "Move this below such an arm, or write `trigger` or `last EVENT.FIELD`.",
            )
        )
        return None
    return _of_event("received", rest, scope.received, "the event that came", findings)


def _of_event(
    kind: str, rest: tuple[Name, ...], fields: Mapping[str, FieldType], what: str, findings: list[Finding]
) -> Meaning | None:
    name = rest[0]
    if name.text not in fields:
        findings.append(unknown("E202", f"field of {what} called", name, fields))
        return None
    return _reached(kind, rest, value_type(fields[name.text]), findings)


def _reached(
    kind: str, rest: tuple[Name, ...], declared: ValueType, findings: list[Finding]
) -> Meaning | None:
    found = _deeper(rest, declared, findings)
    if found is None:
        return None
    return Meaning(kind, tuple(each.text for each in rest), found)


def _split(reason: str) -> tuple[str, str]:
    message, _, help = reason.partition("\n")
    return message, help


def _elsewhere(path: Path, scope: Scope) -> str:
    """The root under which a path without one would be known."""
    root = path.parts[0].text
    if scope.asked and root in dict(scope.asked.fields):
        return "Several comparisons behind `where` stand in brackets: `where (… and …)` or `where (… or …)`."
    if scope.names.attribute(root):
        return f"Write `contact.{path.text}`."
    if scope.trigger and root in scope.trigger:
        return f"Write `trigger.{path.text}`."
    return ""


def _example(root: str, scope: Scope) -> str:
    fields = {"trigger": scope.trigger, "received": scope.received}.get(root)
    return next(iter(fields), "at") if fields else next(iter(scope.names.attributes), "language")
