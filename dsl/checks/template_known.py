"""Whether a value that a flow gives to a mail is known for everybody."""

from dsl.meaning.scope import ValueType
from dsl.meaning.shop import PERSONAL
from dsl.nodes.flows import Flow, Send, Set, every_step
from dsl.nodes.heads import Start, StartOnDate, StartOnEvent
from dsl.nodes.terms import Arithmetic, Expression, History, Literal, Negative, Path, Since

ALWAYS = ("id", "email", "email_domain", "created_at", "language")
"""The attributes that are known of every contact."""


def surely_known(value: Expression, found: ValueType, flow: Flow, step: Send, unsure: frozenset[str]) -> bool:
    """Whether a value of type `found` is known whenever a journey comes to a step. As in templates, fields of
    the event that started the journey or was heard count as known, but those in `unsure`; so does an
    attribute that the flow set above, or on whose date it starts."""
    match value:
        case Path(parts=(root, name, *_)) if root.text in ("trigger", "received"):
            return f"{root.text}.{name.text}" not in unsure
        case Path(parts=(root, name, *_)) if root.text == "contact":
            return name.text in ALWAYS or _dated(flow, name.text) or _set_above(flow, step, name.text)
        case Negative(part) | Since(value=part):
            return surely_known(part, found, flow, step, unsure)
        case Arithmetic(operator, left, right):
            divides = operator != "/" or (isinstance(right, Literal) and bool(right.value))
            return divides and all(surely_known(each, found, flow, step, unsure) for each in (left, right))
        case History("count"):
            return True
        case History("sum"):
            return found.kind != "money"  # nothing bought sums up to no amount in no currency
        case History():
            return value.where is None and value.window is None and _started(flow, value.path.parts[0].text)
    return True


def _starts(flow: Flow) -> list[Start]:
    return [head for head in flow.heads if isinstance(head, Start)]


def _started(flow: Flow, event: str) -> bool:
    """Whether every journey began with the event, so that there has been one, and it is remembered."""
    if event in PERSONAL or event.startswith("email_"):
        return False
    return all(isinstance(each, StartOnEvent) and each.event.text == event for each in _starts(flow))


def _dated(flow: Flow, attribute: str) -> bool:
    return all(
        isinstance(each, StartOnDate)
        and isinstance(each.value, Path)
        and each.value.text == f"contact.{attribute}"
        for each in _starts(flow)
    )


def _set_above(flow: Flow, send: Send, attribute: str) -> bool:
    """Whether the last `set` on every way to a mail gave the attribute a value. One below a condition counts
    as none."""
    given = False
    for step in flow.steps:
        within = list(every_step((step,)))
        if any(each is send for each in within):
            among = [each for each in within if isinstance(each, Set)]
            return given and not any(each.path.text == f"contact.{attribute}" for each in among)
        for each in within:
            if isinstance(each, Set) and each.path.text == f"contact.{attribute}":
                given = each is step and _gives(each.value)
    return False


def _gives(value: Expression | None) -> bool:
    """Whether this is a value as written, or a coupon's code."""
    return value is not None and not isinstance(value, Path | Arithmetic | History | Since | Negative)
