"""A misspelt name brings the one that is meant, and no silly guess."""

import re

import pytest
from golden_cases import GOLDEN

from dsl.meaning.names import CONTACT_ALWAYS, nearest
from dsl.meaning.shop import SHOP
from dsl.read.words import HEADS, STEPS

EVENTS = [event.name for event in SHOP]
ATTRIBUTES = [
    *CONTACT_ALWAYS,
    "first_name",
    "last_name",
    "birthday",
    "city",
    "plan",
    "visits",
    "budget",
    "vip",
]
ORDER = ["order_id", "total", "discount", "coupon", "items", "at"]


@pytest.mark.parametrize(
    ("typed", "known", "meant"),
    [
        ("order_plcaed", EVENTS, "order_placed"),
        ("order_shiped", EVENTS, "order_shipped"),
        ("ordr_plased", EVENTS, "order_placed"),
        ("Order_Placed", EVENTS, "order_placed"),
        ("refunded", EVENTS, "order_refunded"),
        ("order_placed_today", EVENTS, "order_placed"),
        ("frist_name", ATTRIBUTES, "first_name"),
        ("cty", ATTRIBUTES, "city"),
        ("brithday", ATTRIBUTES, "birthday"),
        ("timezone", ATTRIBUTES, "time_zone"),
        ("order", ORDER, "order_id"),
        ("totl", ORDER, "total"),
        ("cupon", ORDER, "coupon"),
        ("item", ORDER, "items"),
        ("sned", (*HEADS, *STEPS), "send"),
        ("repaet", (*HEADS, *STEPS), "repeat"),
        ("por", ("free", "pro"), "pro"),
        ("rīdzinieki", ("rīdzenieki",), "rīdzenieki"),
    ],
)
def test_a_slip_of_the_fingers_is_seen(typed: str, known: list[str], meant: str) -> None:
    """Letters left out, doubled, exchanged or mistaken; a name of which a part was left out."""
    assert nearest(typed, known) == meant


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("zip", ATTRIBUTES),
        ("last_order", ATTRIBUTES),
        ("name", ATTRIBUTES),
        ("gender", ["sender"]),
        ("shoe_size", ATTRIBUTES),
        ("member", ATTRIBUTES),
        ("lt", ["lv", "en"]),
        ("at", ["it"]),
        ("banana", (*HEADS, *STEPS)),
        ("gold", ("free", "pro")),
        ("order", EVENTS),
        ("", EVENTS),
        ("x", []),
        ("_", EVENTS),
    ],
)
def test_another_word_is_not_taken_for_a_slip(typed: str, known: list[str]) -> None:
    """Short words that differ in a letter, words that only share a part, and parts that several share."""
    assert nearest(typed, known) is None


UNKNOWN = re.compile(
    r"^error (\w\d{3}) .*\n  There is no (?!`if`|day|time|value).*\n(?:.*\n){2}  (.*)$", re.MULTILINE
)


def test_every_unknown_name_comes_with_a_proposal() -> None:
    """In the golden reports each says what to write, what is known, or how to declare it."""
    told = [
        found for path in (GOLDEN / "bad").glob("*.txt") for found in UNKNOWN.findall(path.read_text("utf-8"))
    ]
    assert len({code for code, _ in told}) >= 15
    assert [
        row
        for row in told
        if not re.match(
            r"(Write|Known are|Declare|Create|Choices|Add|It |Give|Tem|Dates|Fields|A date is no event)",
            row[1],
        )
    ] == []
