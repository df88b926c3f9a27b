"""From expression nodes to the graph's values and conditions. Only for expressions without faults."""

from datetime import date
from decimal import Decimal
from typing import Literal as OneWord
from typing import cast

from dsl import graph
from dsl.graph import Duration, FieldType, Money
from dsl.meaning.agreement import is_zero
from dsl.meaning.scope import Scope, resolve
from dsl.nodes import terms

HistoryKind = OneWord["any", "no", "count", "sum", "average", "largest", "smallest", "first", "last"]
Operator = OneWord["is", "is not", "<", "<=", ">", ">=", "contains", "starts with", "ends with"]


class NotLowered(Exception):
    """An expression with a fault was to be lowered: a check missed it."""


def condition(node: terms.Expression, scope: Scope) -> graph.Condition:
    """The graph's form of a condition."""
    match node:
        case terms.Logic(operator, parts):
            lowered = tuple(condition(part, scope) for part in parts)
            return graph.And(lowered) if operator == "and" else graph.Or(lowered)
        case terms.Not(part):
            return graph.Not(condition(part, scope))
        case terms.Comparison(
            operator, terms.Since("time", since), terms.Literal(value=Duration() as duration)
        ):
            sign = cast(OneWord["<", "<=", ">", ">="], operator)
            return graph.TimeSince(value(since, scope), sign, duration)
        case terms.Comparison(operator, left, right):
            return graph.Compare(cast(Operator, operator), value(left, scope), value(right, scope))
        case terms.Between(middle, low, high):
            return graph.Between(value(middle, scope), value(low, scope), value(high, scope))
        case terms.OneOf(one, among, negated):
            return graph.OneOf(value(one, scope), tuple(value(each, scope) for each in among), negated)
        case terms.Known(one, words):
            return graph.Known(value(one, scope), words == "is unknown")
        case terms.History("any" | "no"):
            return _history(node, scope)
        case terms.InSegment(segment):
            return graph.InSegment(segment.text)
        case terms.AgreedTo(topic):
            return graph.AgreedTo(topic.text)
        case terms.Tagged(tag):
            return graph.Tagged(tag)
        case terms.MailTest(kind, step, link):
            return graph.MailTest(cast(OneWord["opened", "clicked", "sent"], kind), step.text, link)
    raise NotLowered(node)


def value(node: terms.Expression, scope: Scope) -> graph.Value:
    """The graph's form of a value."""
    match node:
        case terms.Literal(kind, literal):
            return _literal(kind, literal)
        case terms.Path():
            return _path(node, scope)
        case terms.Arithmetic(operator, left, right):
            sign = cast(OneWord["+", "-", "*", "/"], operator)
            return graph.Arithmetic(sign, value(left, scope), value(right, scope))
        case terms.Negative(inner):
            return graph.Negative(value(inner, scope))
        case terms.Since("years", since):
            return graph.YearsSince(value(since, scope))
        case terms.History():
            return _history(node, scope)
        case terms.CouponCode(coupon):
            return graph.CouponCode(coupon.text)
    raise NotLowered(node)


def fitted(node: terms.Expression, wanted: FieldType | None, scope: Scope) -> graph.Value:
    """The graph's form of a value that is given to a field of a declared type (None: to none): 0, which needs
    no currency, becomes an amount in the project's."""
    if wanted is not None and wanted.kind == "money" and is_zero(node):
        return graph.Amount(Money(Decimal(0), scope.currency))
    return value(node, scope)


def _literal(kind: str, literal: terms.LiteralValue) -> graph.Value:
    match literal:
        case bool():
            return graph.Flag(literal)
        case str():
            return graph.Moment(literal) if kind == "moment" else graph.Text(literal)
        case Decimal():
            return graph.Number(literal)
        case Money():
            return graph.Amount(literal)
        case date():
            return graph.Day(literal)
    raise NotLowered(literal)


def _path(node: terms.Path, scope: Scope) -> graph.Value:
    meaning = resolve(node, scope, [])
    if meaning is None:
        raise NotLowered(node)
    match meaning.kind:
        case "now":
            return graph.Now()
        case "today":
            return graph.Today()
        case "attribute":
            return graph.Attribute(meaning.path[0], meaning.path[1:])
        case "predicted":
            return graph.Predicted(cast(OneWord["churn_risk", "lifetime_value"], meaning.path[0]))
        case "trigger":
            return graph.Trigger(meaning.path[0], meaning.path[1:])
        case "received":
            return graph.Received(scope.received_step, meaning.path[0], meaning.path[1:])
    return graph.Field(meaning.path)


def _history(node: terms.History, scope: Scope) -> graph.History:
    event = scope.names.events[node.path.parts[0].text]
    return graph.History(
        cast(HistoryKind, node.kind),
        event.name,
        tuple(part.text for part in node.path.parts[1:]),
        condition(node.where, scope.under(event)) if node.where is not None else None,
        _window(node.window, scope) if node.window else None,
    )


def _window(window: terms.Window, scope: Scope) -> graph.Span:
    if window.duration is not None:
        return graph.LastSpan(window.duration)
    if window.start is not None:
        return graph.SinceDate(value(window.start, scope))
    return graph.SinceEntry()
