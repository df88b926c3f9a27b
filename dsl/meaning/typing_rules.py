"""What kind of value an expression gives, and whether its parts fit together."""

from msgspec.structs import replace

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.graph import EventType
from dsl.meaning.agreement import ORDERINGS, comparable, currency_of
from dsl.meaning.foreign_values import alternatives
from dsl.meaning.names import PURPOSES, declared_how, fields_of, unknown
from dsl.meaning.reckoning import ADDED, hyphened, moved_date, reckoned, slashed_date
from dsl.meaning.scope import ANYTHING, CONDITION, NUMBER, Scope, ValueType, follow, resolve, undeclared
from dsl.meaning.yes_or_no import compared_with_yes_or_no
from dsl.nodes.terms import (
    AgreedTo,
    Arithmetic,
    Between,
    Comparison,
    CouponCode,
    Expression,
    History,
    Hole,
    InSegment,
    Known,
    Literal,
    Logic,
    MailTest,
    Name,
    Negative,
    Not,
    OneOf,
    Path,
    Since,
    Tagged,
    within,
)

_ORDERED = ("number", "money", "date", "moment")


def check_condition(node: Expression, scope: Scope, findings: list[Finding]) -> None:
    """Report what keeps `node` from being a condition."""
    match node:
        case Path(parts=(Name(text="contact"), name)) if scope.names.attribute(name.text) is None:
            help = f"Declare it below `contact`: `{name.text} flag`, and ask `{node.text} is yes`."
            findings.append(undeclared(name, scope, help))
            return
    found = type_of(node, scope, findings)
    if found.kind in ("condition", "anything"):
        return
    if found.kind == "flag":
        shown = f"{node.text} is yes" if isinstance(node, Path) else "contact.vip is yes"
        help = f"Write `{shown}`." if isinstance(node, Path) else f"Write what is asked, as in `{shown}`."
    elif isinstance(node, Path):
        help = f"Write what to compare it with, as in `{node.text} is known`."
    else:
        help = "Write what to compare it with, as in `count of order_placed >= 2`."
    findings.append(error("E302", node.span, "This is a value, not a condition.", help))


def check_value(node: Expression, scope: Scope, findings: list[Finding]) -> ValueType:
    """The type of a value; a condition, a duration or a time in its place is reported."""
    known = len(findings)
    found = type_of(node, scope, findings)
    if found.kind == "condition" and len(findings) > known:
        return ANYTHING
    if found.kind == "condition":
        findings.append(
            error(
                "E303",
                node.span,
                "This is a condition, where a value is wanted.",
                "Write a value, as in `contact.city`.",
            )
        )
        return ANYTHING
    if found.kind in ("duration", "time"):
        what = "A length of time" if found.kind == "duration" else "A time of day"
        findings.append(
            error(
                "E304",
                node.span,
                f"{what} cannot stand here.",
                "Compare it with `time since`: `time since contact.created_at > 30 days`."
                if found.kind == "duration"
                else "Write a date with a time, as in `2026-12-24 09:00`.",
            )
        )
        return ANYTHING
    return found


def type_of(node: Expression, scope: Scope, findings: list[Finding]) -> ValueType:
    """The type of any expression; its faults go to `findings`, and what has one fits everywhere."""
    match node:
        case Hole():
            return ANYTHING
        case Literal(kind):
            return ValueType(kind, currency=currency_of(node))
        case Path():
            meaning = resolve(node, scope, findings)
            return meaning.type if meaning else ANYTHING
        case Logic(_, parts):
            listed, explained = alternatives(parts)
            findings.extend(listed)
            for part in parts:
                if part in explained:
                    continue
                check_condition(part, scope, findings)
                scope = replace(scope, asked=_asked(part, scope))
            return CONDITION
        case Not(part):
            _check_not(node, part, scope, findings)
            return CONDITION
        case Comparison(operator, left, right):
            _check_comparison(operator, left, right, scope, findings)
            return CONDITION
        case Between(value, low, high):
            for bound in (low, high):
                known = len(findings)
                _check_comparison("between", value, bound, scope, findings, quiet=bound is high)
                if any(each.code == "E309" for each in findings[known:]):
                    break
            return CONDITION
        case OneOf(value, among):
            one = check_value(value, scope, findings)
            for each in among:
                findings.extend(comparable("is", value, one, each, check_value(each, scope, findings), scope))
            return CONDITION
        case Known(value, words):
            _check_known(node, value, words, scope, findings)
            return CONDITION
        case Arithmetic(_, left, right):
            if meant := slashed_date(node) or hyphened(node):
                findings.append(meant)
                return ANYTHING
            one = check_value(left, scope, findings)
            if told := moved_date(node, one):
                findings.append(told)
                return ANYTHING
            return reckoned(node, one, check_value(right, scope, findings), scope.currency, findings)
        case Negative(value):
            one = check_value(value, scope, findings)
            if one.kind not in (*ADDED, "anything"):
                findings.append(
                    error(
                        "E305", node.span, "Only a number or an amount can be negative.", "Leave out the `-`."
                    )
                )
                return ANYTHING
            return one
        case Since():
            return _since(node, scope, findings)
        case History():
            return _history(node, scope, findings)
        case InSegment(segment):
            if segment.text and segment.text not in scope.names.segments:
                findings.append(unknown("E205", "segment", segment, scope.names.segments))
            return CONDITION
        case AgreedTo(topic):
            if topic.text and topic.text not in (*scope.names.topics, *PURPOSES):
                findings.append(unknown("E204", "topic", topic, (*scope.names.topics, *PURPOSES)))
            return CONDITION
        case MailTest():
            _check_mail_test(node, scope, findings)
            return CONDITION
        case Tagged():
            return CONDITION
        case CouponCode(coupon):
            findings.append(
                error(
                    "E209",
                    node.span,
                    "A coupon's code is given to a mail or set as it is; nothing can be asked of it.",
                    f"Write it behind `with`, as in `send TEMPLATE with code coupon {coupon.text}`.",
                )
            )
            return ANYTHING


def _check_comparison(
    operator: str,
    left: Expression,
    right: Expression,
    scope: Scope,
    findings: list[Finding],
    quiet: bool = False,
) -> None:
    if isinstance(left, Since) and left.unit == "time":
        if not quiet:
            type_of(left, scope, findings)
        if operator not in ORDERINGS or not (
            isinstance(right, Hole) or (isinstance(right, Literal) and right.kind == "duration")
        ):
            findings.append(
                error(
                    "E304",
                    right.span,
                    "`time since` is compared with a length of time.",
                    "Write `time since contact.created_at > 30 days`.",
                )
            )
        return
    if told := compared_with_yes_or_no(operator, left, right):
        check_condition(left, scope, findings)
        findings.append(told)
        return
    kind = check_value(left, scope, [] if quiet else findings)
    findings.extend(comparable(operator, left, kind, right, check_value(right, scope, findings), scope))


def _check_not(node: Not, part: Expression, scope: Scope, findings: list[Finding]) -> None:
    if isinstance(part, History) and part.kind in ("any", "no"):
        type_of(part, scope, findings)
        other = "no" if part.kind == "any" else "any"
        findings.append(
            error(
                "E306",
                node.span,
                f"`not {part.kind}` is said in one word.",
                f"Write `{other} {part.path.text}`.",
            )
        )
        return
    if isinstance(part, Known) and not part.words.startswith("is not"):
        check_value(part.value, scope, findings)
        other = "is unknown" if part.words == "is known" else "is known"
        shown = f"{part.value.text if isinstance(part.value, Path) else '…'} {other}"
        message = f"`not … {part.words}` is said without `not`."
        findings.append(error("E306", node.span, message, f"Write `{shown}`."))
        return
    check_condition(part, scope, findings)


def _check_known(node: Known, value: Expression, words: str, scope: Scope, findings: list[Finding]) -> None:
    check_value(value, scope, findings)
    if words.startswith("is not"):
        other = "is unknown" if words == "is not known" else "is known"
        findings.append(error("E306", node.span, f"`{words}` is said in two words.", f"Write `{other}`."))


def _since(node: Since, scope: Scope, findings: list[Finding]) -> ValueType:
    given = ValueType("duration") if node.unit == "time" else NUMBER
    match node.value:
        case Path(parts=(event,)) if event.text in scope.names.events and scope.event is None:
            help = f"Write `{node.unit} since last {event.text}.at`."
            findings.append(error("E209", node.value.span, f"`{event.text}` is an event, not a value.", help))
            return given
    kind = check_value(node.value, scope, findings)
    if kind.kind not in ("date", "moment", "anything"):
        findings.append(
            error(
                "E304",
                node.value.span,
                f"`{node.unit} since` asks for a date or a moment.",
                f"Write `{node.unit} since contact.created_at`.",
            )
        )
    return given


def _history(node: History, scope: Scope, findings: list[Finding]) -> ValueType:
    name, rest = node.path.parts[0], node.path.parts[1:]
    event = scope.names.events.get(name.text)
    if event is None:
        findings.append(
            unknown(
                "E201",
                "event",
                name,
                scope.names.events,
                declared_how(name, scope.names),
            )
        )
        return CONDITION if node.kind in ("any", "no") else ANYTHING
    if node.where is not None:
        check_condition(node.where, scope.under(event), findings)
    _check_window(node, scope, findings)
    if node.kind in ("any", "no", "count"):
        if rest:
            findings.append(
                error(
                    "E308",
                    rest[0].span,
                    f"`{_shown(node.kind)}` asks for an event, not for a field of it.",
                    f"Write `{_shown(node.kind)} {name.text}`; add `where {rest[0].text} …` to choose.",
                )
            )
        return NUMBER if node.kind == "count" else CONDITION
    if not rest:
        numeric = next((f for f, kind in event.fields if kind.kind in ADDED), "at")
        findings.append(
            error(
                "E308",
                name.span,
                f"`{_shown(node.kind)}` asks for a field of `{name.text}`.",
                f"Write `{_shown(node.kind)} {name.text}.{numeric}`.",
            )
        )
        return ANYTHING
    return _aggregate(node, event, scope, findings)


def _aggregate(node: History, event: EventType, scope: Scope, findings: list[Finding]) -> ValueType:
    found = follow(node.path.parts[1:], fields_of(event), event, findings)
    if found is None or node.kind in ("first", "last"):
        return found or ANYTHING
    one = found.item if found.kind == "list" and found.item else found
    wanted = ADDED if node.kind in ("sum", "average") else _ORDERED
    if one.kind not in wanted:
        findings.append(
            error(
                "E308",
                node.path.span,
                f"`{node.path.text}` has no {_shown(node.kind).removesuffix(' of')}: it is "
                f"no {'number or amount' if wanted is ADDED else 'number, amount or date'}.",
                "Name a field that holds one, or count the events with `count of`.",
            )
        )
        return ANYTHING
    return one


def _check_window(node: History, scope: Scope, findings: list[Finding]) -> None:
    window = node.window
    if window is None or window.duration is not None:
        return
    if window.start is None:
        if scope.before is None:
            findings.append(
                error(
                    "E211",
                    window.span,
                    "`since entry` is known only within a journey.",
                    "Write `in last 30 days`.",
                )
            )
        return
    kind = check_value(window.start, scope, findings)
    if kind.kind not in ("date", "moment", "anything"):
        findings.append(
            error(
                "E304",
                window.start.span,
                "`since` asks for a date.",
                "Write `since 2026-01-31` or `in last 30 days`.",
            )
        )


def _check_mail_test(node: MailTest, scope: Scope, findings: list[Finding]) -> None:
    if scope.before is None:
        findings.append(
            error(
                "E211",
                node.span,
                f"`{node.kind}` asks for a mail of the same journey, and there is none here.",
                f"Write `any email_{node.kind} in last 30 days`.",
            )
        )
    elif node.step.text and node.step.text not in scope.sends:
        findings.append(unknown("E212", "`send` in this flow named", node.step, scope.sends))
    elif node.step.text and node.step.text not in scope.before:
        findings.append(
            error(
                "E413",
                node.step.span,
                f"`{node.step.text}` cannot have been sent before this line.",
                "Ask for a mail that stands above on the same way.",
            )
        )
    if node.link is not None and not node.link.startswith(("https://", "http://")):
        findings.append(
            error(
                "E426",
                node.span,
                f"`{node.link}` is no whole address of a page, so no link leads there.",
                'Write it as it stands in the mail, as in `link "https://kafija.example/offer"`.',
            )
        )


def _asked(part: Expression, scope: Scope) -> EventType | None:
    """The event at whose `where` a part of a condition ends; what follows may be meant to belong to it."""
    for each in within(part):
        if isinstance(each, History) and each.where is not None and each.window is None:
            return scope.names.events.get(each.path.parts[0].text)
    return None


def _shown(kind: str) -> str:
    return kind if kind in ("any", "no", "first", "last") else f"{kind} of"
