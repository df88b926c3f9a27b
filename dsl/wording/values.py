"""Graph parts in the words of the language again, for drawings and journals."""

from decimal import Decimal

from dsl import graph
from dsl.graph import Condition, Duration, Span, Value


def duration_words(duration: Duration, *, weeks: bool = False) -> str:
    """`1 day 12 hours`; years where they come out even. A graph does not know if `7 days` or `1 week` was
    written; flows mostly have days, caps have `weeks`."""
    parts: list[str] = []
    months, days, minutes = duration.months, duration.days, duration.seconds // 60
    if months and months % 12 == 0:
        parts.append(_count(months // 12, "year"))
    elif months:
        parts.append(_count(months, "month"))
    if days and weeks and days % 7 == 0:
        parts.append(_count(days // 7, "week"))
    elif days:
        parts.append(_count(days, "day"))
    if minutes // 60:
        parts.append(_count(minutes // 60, "hour"))
    if minutes % 60:
        parts.append(_count(minutes % 60, "minute"))
    return " ".join(parts)


def condition_words(node: Condition) -> str:
    """A condition as it could be written."""
    match node:
        case graph.And(parts):
            return " and ".join(
                f"({condition_words(p)})" if isinstance(p, graph.Or) else condition_words(p) for p in parts
            )
        case graph.Or(parts):
            return " or ".join(condition_words(part) for part in parts)
        case graph.Not(part):
            return f"not ({condition_words(part)})"
        case graph.Compare(operator, left, right):
            return f"{value_words(left)} {operator} {value_words(right)}"
        case graph.Between(value, low, high):
            return f"{value_words(value)} between {value_words(low)} and {value_words(high)}"
        case graph.OneOf(value, among, negated):
            listed = ", ".join(value_words(each) for each in among)
            return f"{value_words(value)} {'not ' if negated else ''}in [{listed}]"
        case graph.Known(value, negated):
            return f"{value_words(value)} is {'unknown' if negated else 'known'}"
        case graph.TimeSince(value, operator, duration):
            return f"time since {value_words(value)} {operator} {duration_words(duration)}"
        case graph.History():
            return _history(node)
        case graph.InSegment(segment):
            return f"in segment {segment}"
        case graph.AgreedTo(topic):
            return f"agreed to {topic}"
        case graph.Tagged(tag):
            return f'tagged "{tag}"'
        case graph.MailTest(kind, step, link):
            return f"{kind} {step}" + (f' link "{link}"' if link else "")


def value_words(node: Value) -> str:
    """A value as it could be written."""
    match node:
        case graph.Text(text):
            return f'"{text}"'
        case graph.Number(number):
            return _number(number)
        case graph.Amount(money):
            return f"{money.amount} {money.currency}"
        case graph.Flag(flag):
            return "yes" if flag else "no"
        case graph.CouponCode(coupon):
            return f"coupon {coupon}"
        case graph.Day(day):
            return day.isoformat()
        case graph.Moment(local):
            return local.replace("T", " ")
        case graph.Attribute(name, within):
            return ".".join(("contact", name, *within))
        case graph.Trigger(field, within):
            return ".".join(("trigger", field, *within))
        case graph.Received(_, field, within):
            return ".".join(("received", field, *within))
        case graph.Field(path):
            return ".".join(path)
        case graph.Now():
            return "now"
        case graph.Today():
            return "today"
        case graph.Arithmetic(operator, left, right):
            return f"({value_words(left)} {operator} {value_words(right)})"
        case graph.Negative(inner):
            return f"-{value_words(inner)}"
        case graph.YearsSince(inner):
            return f"years since {value_words(inner)}"
        case graph.Predicted(what):
            return f"predicted.{what}"
        case graph.History():
            return _history(node)


def _history(node: graph.History) -> str:
    kind = node.kind if node.kind in ("any", "no", "first", "last") else f"{node.kind} of"
    words = f"{kind} {'.'.join((node.event, *node.path))}"
    if node.where is not None:
        inner = condition_words(node.where)
        simple = not isinstance(node.where, graph.And | graph.Or | graph.Not)
        words += f" where {inner if simple else f'({inner})'}"
    return words + (f" {_window(node.span)}" if node.span else "")


def _window(span: Span) -> str:
    match span:
        case graph.LastSpan(duration):
            return f"in last {duration_words(duration)}"
        case graph.SinceEntry():
            return "since entry"
        case graph.SinceDate(value):
            return f"since {value_words(value)}"


def _number(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}"
