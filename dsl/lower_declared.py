"""From declarations to what the graph calls topics, segments, coupons and limits. Only for projects without
errors."""

from collections.abc import Iterable
from typing import Literal

from dsl import graph
from dsl.draft import Draft
from dsl.lower_values import condition
from dsl.needs import needs_of
from dsl.nodes import Segment, Topic
from dsl.schema_nodes import AmountOff, Cap, Coupon, FreeShipping, PercentOff, Quiet


def topic(node: Topic) -> graph.TopicType:
    """What a person agrees to, or gets for what they did."""
    purpose = node.purposes[0]
    cap = node.caps[0] if node.caps else None
    return graph.TopicType(
        name=node.name.text,
        title=node.title or node.name.text,
        purpose="service" if purpose.purpose == "service" else "marketing",
        basis="consent"
        if purpose.purpose == "marketing"
        else "legal_obligation"
        if purpose.by_law
        else "contract",
        wording=node.consents[0].value if node.consents else "",
        cap_count=int(cap.count) if cap else 0,
        cap_unit=_unit(cap.unit.text) if cap else "month",
    )


def segment(node: Segment, draft: Draft) -> graph.Segment:
    """A group of people and its condition."""
    test = condition(node.test, draft.outside())
    return graph.Segment(node.name.text, node.title or node.name.text, test, needs_of([test]))


def coupon(node: Coupon) -> graph.Coupon:
    """What a code is worth, and how one is made."""
    worth = node.worths[0]
    return graph.Coupon(
        name=node.name.text,
        title=node.title or node.name.text,
        pattern=node.codes[0].text.value,
        percent=worth.percent if isinstance(worth, PercentOff) else None,
        amount=worth.amount if isinstance(worth, AmountOff) else None,
        free_shipping=isinstance(worth, FreeShipping),
        valid=node.valids[0].duration if node.valids else None,
    )


def limits(caps: Iterable[Cap], quiets: Iterable[Quiet]) -> graph.Limits:
    """How much mail one person gets, and when none."""
    return graph.Limits(
        tuple(
            graph.Cap(
                int(each.count),
                "rolling" if each.rolling else _unit(each.unit.text),
                each.rolling,
                each.wait,
            )
            for each in caps
        ),
        tuple(graph.Quiet(each.start, each.end) for each in quiets if each.start and each.end),
    )


def _unit(word: str) -> Literal["day", "week", "month"]:
    return "day" if word == "day" else "week" if word == "week" else "month"
