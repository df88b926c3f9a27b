"""Values in templates: each must be given to the mail, and be of a kind that fits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dsl.checks.template_fields import unsure_fields
from dsl.checks.template_kinds import check_inside
from dsl.checks.template_known import ALWAYS, surely_known
from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import error, warning
from dsl.meaning.names import CONTACT_ALWAYS, nearest
from dsl.meaning.scope import ANYTHING, Scope, ValueType, value_type
from dsl.meaning.typing_rules import check_value
from dsl.nodes.flows import Flow, Send
from dsl.nodes.terms import CouponCode
from dsl.templates.files import PROOF, place_in
from dsl.templates.values import KEPT, UNSET, WAYS_OUT, Use, is_member

PRODUCT_FIELDS = ("name", "url", "image", "price", "reason")
"""The fields of a product that `recommend` gives."""

LINKS = ("unsubscribe", "preferences", "browser")
"""What `links` gives in the mails of flows."""

_PROOF_LINKS = ("confirm", "refuse")
_SENDER = ("name", "imprint")
_ALWAYS = ("contact", "links", "sender", "language", "time_zone", "preheader", "recommend")
_NOT_OF_ALL_PRODUCTS = ("image", "price")
_PRODUCT = ValueType(
    "record",
    fields=tuple((name, ValueType("money" if name == "price" else "text")) for name in PRODUCT_FIELDS),
)


SAME_IN_ALL = frozenset((*KEPT, "contact"))
"""The first words of what means the same in every mail but the proof mail, whoever sends it."""


@dataclass(frozen=True)
class Sending:
    """One `send` of a template, and what is known where it stands. `service`: the mail is for service."""

    flow: Flow
    step: Send
    scope: Scope
    contact: ValueType
    service: bool

    @cached_property
    def unsure(self) -> frozenset[str]:
        """The fields of events that may be missing, as `trigger.teacher`."""
        return unsure_fields(self.flow, self.step, self.scope, self.service)

    @cached_property
    def values(self) -> dict[str, tuple[ValueType, bool]]:
        """What `with` gives, and whether it is known for everybody."""
        return _values(self)

    @cached_property
    def roots(self) -> dict[str, ValueType]:
        """The types of all that the mail is given."""
        found = {"contact": self.contact}
        for root, fields in (("trigger", self.scope.trigger), ("received", self.scope.received)):
            inside = tuple((name, value_type(each)) for name, each in (fields or {}).items())
            found[root] = ValueType("record", fields=inside)
        return found | {name: kind for name, (kind, _) in self.values.items()}


@dataclass(slots=True)
class Sent:
    """How the flows send a template."""

    marketing: bool = False
    service: bool = False
    sends: list[Sending] = field(default_factory=list)


def check_use(template: str, use: Use, sent: Sent | None, draft: Draft) -> Iterator[Finding]:
    """What is wrong with a value that a template asks for, in any of the flows that send it."""
    root = use.path[0]
    place = place_in(use.file, draft.templates, use.line, use.written, use.written.split(".")[-1], root)
    if root == UNSET:
        yield from _unset(use, sent, place)
        return
    if not root:
        if not use.guarded:
            _, macro, name = use.path[:3]
            yield error(
                "E504",
                place_in(use.file, draft.templates, use.line, name),
                f"`{name}` is not given to the macro `{macro}` everywhere.",
                f'Give it in each call, or a word instead: `{{% macro {macro}(…, {name}="") %}}`.',
            )
        return
    if template == PROOF and use.path in WAYS_OUT and use.guarded:
        return  # a layout asks whether there are any
    if template == PROOF:
        known = {"links": _PROOF_LINKS, "sender": _SENDER, "wording": (), "language": (), "preheader": ()}
        yield from _fixed(use, known, place)
    elif root in ("links", "sender"):
        yield from _fixed(use, {"links": LINKS, "sender": _SENDER}, place)
    elif root == "recommend":
        yield from _recommended(use, place)
    elif root == "contact":
        yield from _contact(use, place, draft)
    elif use.called:
        help = "Give the value with `with` in the flow."
        yield error("E504", place, f"A template has no function `{use.written}`.", help)
    elif root not in _ALWAYS:
        for sending in sent.sends if sent else ():
            yield from _given(use, sending, place)
    if not use.there:
        yield warning(
            "W207",
            place,
            f"`{use.written}` asks for one entry of a list, which may be too short.",
            "Ask for it first, as in `{% if products %}{{ products[0].name }}{% endif %}`.",
        )


def _unset(use: Use, sent: Sent | None, place: Span) -> Iterator[Finding]:
    """A name that only some ways through the template give a meaning; on the others the flow may."""
    name = use.path[1]
    nothing = (ANYTHING, False)
    given = [each.values.get(name, nothing)[1] for each in sent.sends] if sent else []
    if not use.guarded and not (given and all(given)):
        yield warning(
            "W207",
            place,
            f"`{name}` is given a meaning under a condition only, and has none where that does not hold.",
            f"Give it one in each case: `{{% else %}}{{% set {name} = … %}}{{% endif %}}`.",
        )


def _recommended(use: Use, place: Span) -> Iterator[Finding]:
    if len(use.path) == 1 and use.written != "recommend":
        return  # a name for what it gave
    if len(use.path) == 1:
        yield error(
            "E513",
            place,
            "`recommend` alone is no value.",
            "Write `{% for product in recommend(4) %} … {% endfor %}`.",
        )
    elif is_member(use.path[1]):
        yield from check_inside(_PRODUCT, use, 2, "a recommended product", place)
        if not use.guarded and use.path[2:] and use.path[2] in _NOT_OF_ALL_PRODUCTS:
            yield _may_be_unknown(f"The {use.path[2]} of a product", use, "money", place)
    else:
        yield from check_inside(ValueType("list", item=_PRODUCT), use, 1, "what `recommend` gives", place)


def _fixed(use: Use, known: Mapping[str, tuple[str, ...]], place: Span) -> Iterator[Finding]:
    root, rest = use.path[0], use.path[1:]
    if root not in known:
        close = nearest(root, known)
        yield error(
            "E504",
            place,
            f"`{root}` is not known in this mail.",
            f"Write `{close}`."
            if close
            else "Known are `wording`, `links.confirm`, `links.refuse` and `sender`.",
        )
    elif known[root] and rest and rest[0] not in known[root]:
        close = nearest(rest[0], known[root])
        listed = ", ".join(f"`{root}.{each}`" for each in known[root])
        yield error(
            "E504",
            place,
            f"There is no `{root}.{rest[0]}`.",
            f"Write `{root}.{close}`." if close else f"Known are {listed}.",
        )


def _contact(use: Use, place: Span, draft: Draft) -> Iterator[Finding]:
    if len(use.path) < 2:
        return
    name = use.path[1]
    declared = draft.names.attribute(name)
    if declared is None:
        known = (*draft.names.attributes, *CONTACT_ALWAYS)
        close = nearest(name, known)
        yield error(
            "E504",
            place,
            f"There is no attribute `{name}`.",
            f"Write `contact.{close}`." if close else f"Declare it below `contact`: `{name} text`.",
        )
        return
    if not use.guarded and name not in ALWAYS and len(use.path) == 2:
        yield _may_be_unknown(f"`contact.{name}`", use, declared.kind, place)
    if not use.called:
        yield from check_inside(
            value_type(declared), use, 2, f"`contact.{name}`", place, {"contact": draft.contact_type}
        )


def _given(use: Use, sending: Sending, place: Span) -> Iterator[Finding]:
    root = use.path[0]
    step, scope = sending.step, sending.scope
    whose = f"the mail `{step.template.text}`, sent in line {step.span.line} of {step.span.file}"
    if root in ("trigger", "received"):
        fields = scope.trigger if root == "trigger" else scope.received
        if fields is None and (root == "received" or scope.no_trigger):
            yield error(
                "E504",
                place,
                f"`{root}` is not known in {whose}.",
                f"Give the value with `with`: `send {step.template.text} with {use.path[-1]} …`.",
            )
        elif fields is not None and len(use.path) > 1:
            if use.path[1] not in fields:
                close = nearest(use.path[1], fields)
                yield error(
                    "E504",
                    place,
                    f"There is no `{root}.{use.path[1]}` in {whose}.",
                    f"Write `{root}.{close}`." if close else "",
                )
            else:
                shown = f"`{root}.{use.path[1]}`"
                kind = value_type(fields[use.path[1]])
                yield from check_inside(kind, use, 2, shown, place, sending.roots)
                whole = len(use.path) == 2 or not is_member(use.path[2])
                if whole and not use.guarded and f"{root}.{use.path[1]}" in sending.unsure:
                    yield _may_be_unknown(shown, use, kind.kind, place)
        return
    given = sending.values
    if root in given:
        found, known = given[root]
        whole = len(use.path) == 1 or not is_member(use.path[1])
        yield from check_inside(found, use, 1, f"`{root}`", place, sending.roots)
        if whole and not known and not use.guarded:
            yield _may_be_unknown(f"`{root}`", use, found.kind, place)
        return
    close = nearest(root, (*given, *_ALWAYS, "trigger"))
    yield error(
        "E504",
        place,
        f"`{root}` is not given to {whose}.",
        f"Write `{close}`." if close else f"Give it: `send {step.template.text} with {root} …`.",
    )


def _may_be_unknown(whose: str, use: Use, kind: str, place: Span) -> Finding:
    """What stands there instead must be of the same kind: for a text that is a word."""
    if kind == "list":
        help = f"Write `{{% for each in {use.written} | default([]) %}}`."
    elif kind in ("money", "date", "moment", "url"):
        help = f"Ask for it first: `{{% if {use.written} %}} … {{% endif %}}`."
    elif kind == "number":
        help = (
            f"Write `{{{{ {use.written} | default(0) }}}}`, or ask for it first: `{{% if {use.written} %}}`."
        )
    else:
        help = f'Write `{{{{ {use.written} | default("friend") }}}}`, with a word that fits.'
    return warning("W207", place, f"{whose} may be unknown, and then there is nothing to show.", help)


def _values(sending: Sending) -> dict[str, tuple[ValueType, bool]]:
    flow, step, scope = sending.flow, sending.step, sending.scope
    given: dict[str, tuple[ValueType, bool]] = {}
    for name, expression in step.values:
        if isinstance(expression, CouponCode):
            coupon = scope.names.coupons.get(expression.coupon.text)
            given[name.text] = ValueType("text"), True
            given[f"{name.text}_until"] = ValueType("moment"), coupon is None or bool(coupon.valids)
        else:
            found = check_value(expression, scope, [])
            given[name.text] = found, surely_known(expression, found, flow, step, sending.unsure)
    return given
