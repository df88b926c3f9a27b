"""From declarations to the symbol table: what is declared, once, under a name that is free."""

from collections.abc import Iterable

from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.graph import EventType, FieldType
from dsl.meaning.names import CONTACT_ALWAYS, PURPOSES, Names, nearest, unknown
from dsl.meaning.shop import BUILT_IN, SHOP
from dsl.nodes.flows import Declaration, Flow, Segment, Topic
from dsl.nodes.schema import Contact, Coupon, Event, FieldNode, Limits, TypeNode, Use, Webhook
from dsl.nodes.terms import Name
from dsl.read.words import CONDITION_WORDS, DECLARED_WORDS, FIELD_TYPES

_FOREIGN_TYPES = {
    **dict.fromkeys(("string", "str", "varchar"), "text"),
    **dict.fromkeys(("integer", "int", "decimal", "float"), "number"),
    **dict.fromkeys(("bool", "boolean"), "flag"),
    **dict.fromkeys(("datetime", "timestamp", "time"), "moment"),
    **dict.fromkeys(("currency", "amount", "price"), "money"),
    "link": "url",
}


def collect(declarations: Iterable[Declaration], templates: frozenset[str]) -> tuple[Names, list[Finding]]:
    """The symbol table of all files together, and what is wrong with the names and types in it."""
    collector = _Collector(templates)
    ordered = sorted(
        declarations, key=lambda each: not isinstance(each, Use)
    )  # fields are added to the shop's
    for declaration in ordered:
        collector.take(declaration)
    return collector.names, collector.findings


class _Collector:
    def __init__(self, templates: frozenset[str]) -> None:
        self.names = Names(templates=templates)
        self.names.events = {event.name: event for event in BUILT_IN}
        self.findings: list[Finding] = []
        self.places: dict[tuple[str, str], Name] = {}

    def take(self, declaration: Declaration) -> None:
        match declaration:
            case Use(name):
                if name.text == "shop":
                    self.names.events |= {event.name: event for event in SHOP}
                elif name.text:
                    self.findings.append(unknown("E210", "schema", name, ["shop"], "Write `use shop`."))
            case Contact(fields):
                for field in fields:
                    self._attribute(field)
            case Event():
                self._event(declaration)
            case Topic(name):
                if self._declare("topic", name):
                    self.names.topics[name.text] = declaration
            case Segment(name):
                if self._declare("segment", name):
                    self.names.segments[name.text] = declaration
            case Coupon(name):
                if self._declare("coupon", name):
                    self.names.coupons[name.text] = declaration
            case Webhook(name):
                if self._declare("webhook", name):
                    self.names.webhooks[name.text] = declaration
            case Limits():
                self._limits(declaration)
            case Flow(name):
                if self._declare("flow", name):
                    self.names.flows[name.text] = declaration

    def _limits(self, limits: Limits) -> None:
        first = self.names.limits
        if first is None:
            self.names.limits = limits
            return
        self.findings.append(
            error(
                "E206",
                limits.span,
                f"The project has limits already, in {_place(first.span, limits.span)}.",
                "Put all limits below one of the two, and delete the other.",
            )
        )

    def _attribute(self, field: FieldNode) -> None:
        name = field.name
        if name.text in CONTACT_ALWAYS:
            self.findings.append(
                error("E206", name.span, f"Every contact has `{name.text}` already.", "Leave this line out.")
            )
        elif self._once("attribute", name) and self._free(name, CONDITION_WORDS):
            self.names.attributes[name.text] = self._type(field.type)

    def _event(self, event: Event) -> None:
        name = event.name
        if not name.text:
            return
        known = self.names.events.get(name.text)
        if known and known.built_in:
            self.findings.append(
                error("E206", name.span, f"`{name.text}` is an event of Virta's own.", "Choose another name.")
            )
            return
        if not (self._once("event", name) and self._free(name, DECLARED_WORDS)):
            return
        fields = dict(known.fields) if known else {}
        brought = set(fields)
        for field in event.fields:
            word = field.name.text
            if word == "at":
                self.findings.append(
                    error(
                        "E206",
                        field.name.span,
                        "Every event has `at`, its moment, already.",
                        "Leave this line out.",
                    )
                )
            elif word in fields:
                whose = f"`use shop` gives `{name.text}`" if word in brought else f"`{name.text}` has"
                self.findings.append(
                    error(
                        "E206", field.name.span, f"{whose} a field `{word}` already.", "Leave this line out."
                    )
                )
            elif self._free(field.name, CONDITION_WORDS):
                fields[word] = self._type(field.type)
        self.names.events[name.text] = EventType(name.text, tuple(fields.items()))

    def _declare(self, kind: str, name: Name) -> bool:
        if not name.text or not self._once(kind, name):
            return False
        if kind == "topic" and name.text in PURPOSES:
            self.findings.append(
                error(
                    "E207",
                    name.span,
                    f"`{name.text}` is a purpose of its own, which every project has.",
                    f"Write another name, as in `{name.text}_mails`.",
                )
            )
            return False
        self._free(name, DECLARED_WORDS)
        return True

    def _once(self, kind: str, name: Name) -> bool:
        first = self.places.setdefault((kind, name.text), name)
        if first is name:
            return True
        where = _place(first.span, name.span)
        what = f"{'an' if kind[0] in 'ae' else 'a'} {kind}"
        self.findings.append(
            error(
                "E206",
                name.span,
                f"There is {what} `{name.text}` already, in {where}.",
                "Rename one of the two, or delete it.",
            )
        )
        return False

    def _free(self, name: Name, taken: frozenset[str]) -> bool:
        if name.text not in taken:
            return True
        self.findings.append(
            error(
                "E207",
                name.span,
                f"`{name.text}` is a word of the language and cannot be a name.",
                f"Write another name, as in `{name.text}_name`.",
            )
        )
        return False

    def _type(self, node: TypeNode) -> FieldType:
        match node.kind:
            case "choice":
                return FieldType("choice", choices=self._choices(node))
            case "list":
                return FieldType("list", item=self._type(node.item) if node.item else None)
            case "record":
                fields: dict[str, FieldType] = {}
                for field in node.fields:
                    if field.name.text in fields:
                        self.findings.append(
                            error(
                                "E206",
                                field.name.span,
                                f"There is a field `{field.name.text}` already.",
                                "Leave this line out.",
                            )
                        )
                    elif self._free(field.name, CONDITION_WORDS):
                        fields[field.name.text] = self._type(field.type)
                return FieldType("record", fields=tuple(fields.items()))
            case "text" | "number" | "money" | "flag" | "date" | "moment" | "url":
                return FieldType(node.kind)
        close = _FOREIGN_TYPES.get(node.kind.casefold()) or nearest(node.kind, (*FIELD_TYPES, "list", "one"))
        shown = {"list": "list of text", "one": 'one of "a", "b"'}.get(close or "", close)
        self.findings.append(
            error(
                "E208",
                node.span,
                f"There is no type `{node.kind}`.",
                f"Write `{shown}`."
                if shown
                else "Write `text`, `number`, `money`, `flag`, `date`, `moment`, `url`, or `one of …`.",
            )
        )
        return FieldType("text")

    def _choices(self, node: TypeNode) -> tuple[str, ...]:
        """The choices that can be told apart; text compares without capitals, and blank is unknown."""
        kept: dict[str, str] = {}
        for choice in node.choices:
            plain = choice.value.strip().casefold()
            if not plain:
                self.findings.append(
                    error("E415", choice.span, "This choice is blank, which is unknown.", "Leave it out.")
                )
            elif plain in kept:
                message = f"There is a choice `{kept[plain]}` already, and capitals do not count."
                self.findings.append(error("E206", choice.span, message, "Leave this one out."))
            kept.setdefault(plain, choice.value)
        return tuple(kept.values())


def _place(there: Span, here: Span) -> str:
    """Where something else stands, for a reader who is at `here`."""
    where = f"line {there.line}"
    return where if there.file == here.file else f"{where} of {there.file}"
