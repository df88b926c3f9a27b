"""From declarations to what the graph calls topics, segments, coupons, webhooks and limits.

Only for projects without errors.
"""

from collections.abc import Iterable
from typing import Literal

from dsl import graph
from dsl.draft import Draft
from dsl.lower.needs import needs_of
from dsl.lower.values import condition
from dsl.nodes.flows import Segment, Topic
from dsl.nodes.schema import (
    AmountOff,
    Cap,
    CodePattern,
    CodesFrom,
    Coupon,
    FreeShipping,
    PercentOff,
    Quiet,
    Webhook,
)


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
        cap_unit="month" if cap is None else "rolling" if cap.rolling else _unit(cap.unit.text),
        cap_rolling=cap.rolling if cap else None,
    )


def segment(node: Segment, draft: Draft) -> graph.Segment:
    """A group of people and its condition."""
    test = condition(node.test, draft.outside())
    return graph.Segment(node.name.text, node.title or node.name.text, test, needs_of([test]))


def coupon(node: Coupon) -> graph.Coupon:
    """What a code is worth, and how one is made."""
    worth, codes = node.worths[0], node.codes[0]
    return graph.Coupon(
        name=node.name.text,
        title=node.title or node.name.text,
        pattern=codes.text.value if isinstance(codes, CodePattern) else "",
        percent=worth.percent if isinstance(worth, PercentOff) else None,
        amount=worth.amount if isinstance(worth, AmountOff) else None,
        free_shipping=isinstance(worth, FreeShipping),
        valid=node.valids[0].duration if node.valids else None,
        codes_from=codes.file.value if isinstance(codes, CodesFrom) else "",
    )


def webhook(node: Webhook) -> graph.Webhook:
    """Where calls go, and by which key they are signed."""
    return graph.Webhook(
        node.name.text, node.urls[0].value, node.secrets[0].name.text if node.secrets else ""
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
