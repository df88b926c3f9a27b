"""Values in templates: each must be given to the mail, and be of a kind that fits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dsl.draft import Draft
from dsl.finding import Finding, Span
from dsl.names import CONTACT_ALWAYS, nearest
from dsl.nodes import Flow, Send
from dsl.scope import ANYTHING, Scope, ValueType, value_type
from dsl.source import error, warning
from dsl.template_files import PROOF, place_in
from dsl.template_values import MEMBER, Use
from dsl.terms import CouponCode
from dsl.typing_rules import check_value

PRODUCT_FIELDS = ("name", "url", "image", "price", "reason")
"""The fields of a product that `recommend` gives."""

_LINKS = ("unsubscribe", "preferences")
_PROOF_LINKS = ("confirm", "refuse")
_SENDER = ("name", "imprint")
_ALWAYS = ("contact", "links", "sender", "language", "time_zone", "preheader", "recommend")
_NOT_YET = (("links", "browser"), ("contact", "email"))
_KNOWN_FOR_SURE = ("id", "email_domain", "created_at", "language")
_FITS = {"money": ("money",), "date": ("date", "moment"), "time": ("moment",)}
_INSIDE = {"money": ("amount", "currency")}
_PRODUCT = ValueType(
    "record",
    fields=tuple((name, ValueType("money" if name == "price" else "text")) for name in PRODUCT_FIELDS),
)


@dataclass(slots=True)
class Sent:
    """How the flows send a template."""

    marketing: bool = False
    service: bool = False
    sends: list[tuple[Flow, Send, Scope]] = field(default_factory=list)


def check_use(template: str, use: Use, sent: Sent | None, draft: Draft) -> Iterator[Finding]:
    """What is wrong with a value that a template asks for, in any of the flows that send it."""
    root = use.path[0]
    place = place_in(use.file, draft.templates, use.line, use.written, use.written.split(".")[-1], root)
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
    for later in _NOT_YET:
        if use.path[: len(later)] == later:
            yield error(
                "E110",
                place,
                f"`{'.'.join(later)}` is not supported yet.",
                "Leave it out in this version of Virta.",
            )
            return
    if template == PROOF:
        known = {"links": _PROOF_LINKS, "sender": _SENDER, "wording": (), "language": (), "preheader": ()}
        yield from _fixed(use, known, place)
    elif root in ("links", "sender"):
        yield from _fixed(use, {"links": _LINKS, "sender": _SENDER}, place)
    elif root == "recommend":
        yield from _recommended(use, place)
    elif root == "contact":
        yield from _contact(use, place, draft)
    elif use.called:
        help = "Give the value with `with` in the flow."
        yield error("E504", place, f"A template has no function `{use.written}`.", help)
    elif root not in _ALWAYS:
        for flow, step, scope in sent.sends if sent else ():
            yield from _given(use, flow, step, scope, place)


def _recommended(use: Use, place: Span) -> Iterator[Finding]:
    if len(use.path) == 1:
        yield error(
            "E513",
            place,
            "`recommend` alone is no value.",
            "Write `{% for product in recommend(4) %} … {% endfor %}`.",
        )
    elif use.path[1] == MEMBER:
        yield from _inside(_PRODUCT, use, 2, "a recommended product", place)
    else:
        yield from _inside(ValueType("list", item=_PRODUCT), use, 1, "what `recommend` gives", place)


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
    if not use.guarded and name not in _KNOWN_FOR_SURE and len(use.path) == 2:
        yield warning(
            "W207",
            place,
            f"`contact.{name}` may be unknown, and then there is nothing to show.",
            f'Write `{{{{ contact.{name} | default("friend") }}}}`, with a word that fits.',
        )
    if not use.called:
        yield from _inside(value_type(declared), use, 2, f"`contact.{name}`", place)


def _given(use: Use, flow: Flow, step: Send, scope: Scope, place: Span) -> Iterator[Finding]:
    root = use.path[0]
    whose = (
        f"the mail `{step.template.text}` in {f'the flow `{flow.name.text}`' if flow.name.text else 'a flow'}"
    )
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
                yield from _inside(value_type(fields[use.path[1]]), use, 2, shown, place)
        return
    given = _values(step, scope)
    if root in given:
        yield from _inside(given[root], use, 1, f"`{root}`", place)
        return
    close = nearest(root, (*given, *_ALWAYS, "trigger"))
    yield error(
        "E504",
        place,
        f"`{root}` is not given to {whose}.",
        f"Write `{close}`." if close else f"Give it: `send {step.template.text} with {root} …`.",
    )


def _values(step: Send, scope: Scope) -> dict[str, ValueType]:
    """What `with` gives."""
    given: dict[str, ValueType] = {}
    for name, expression in step.values:
        if isinstance(expression, CouponCode):
            given |= {name.text: ValueType("text"), f"{name.text}_until": ValueType("moment")}
        else:
            given[name.text] = check_value(expression, scope, [])
    return given


def _inside(found: ValueType, use: Use, start: int, whose: str, place: Span) -> Iterator[Finding]:
    """Whether there is what a path asks for behind a value of a type."""
    for number, step in enumerate(use.path[start:], start):
        if found.kind == "anything":
            return
        if step == MEMBER:
            if found.kind != "list":
                yield error("E504", place, f"{_shown(whose)} is no list, so nobody can go through it.", "")
                return
            found, whose = found.item or ANYTHING, f"an entry of {whose}"
            continue
        known = (
            dict(found.fields)
            if found.kind == "record"
            else dict.fromkeys(_INSIDE.get(found.kind, ()), ANYTHING)
        )
        if step in known:
            found, whose = (
                known[step],
                f"`{'.'.join(each for each in use.path[: number + 1] if each != MEMBER)}`",
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
        wanted = " or ".join(f"a {each}" if each != "money" else "an amount" for each in _FITS[use.filter])
        yield error(
            "E515", place, f"`{use.filter}` needs {wanted}, and {whose} is none.", "Leave the filter out."
        )


def _shown(whose: str) -> str:
    return whose[0].upper() + whose[1:]
