"""What an edit of the project does to people: nothing by itself."""

from decimal import Decimal

from flows import loaded
from person import Person

from dsl.graph import Money
from engine.core.bundle import replace

FLOW = """
segment big "Big spenders"
    sum of order_placed.total >= {limit} EUR
flow thanks "Thanks"
    start on joining segment big
    enter every time

    send missed
        topic news
"""


def test_an_edited_segment_starts_nothing() -> None:
    """Lowering the limit makes members, but nobody joins; the next one who spends enough does."""
    anna = Person(loaded(FLOW.replace("{limit}", "1000")))
    anna.happens("order_placed", total=Money(Decimal(150), "EUR"))
    assert anna.mails == []
    anna.loaded = loaded(FLOW.replace("{limit}", "100"))
    anna.learns(city="Riga")
    assert anna.bundle.segments == {"big"}
    assert anna.mails == []
    maris = Person(loaded(FLOW.replace("{limit}", "100")))
    maris.happens("order_placed", total=Money(Decimal(150), "EUR"))
    assert maris.mails == ["missed"]


def test_a_new_segment_starts_nothing_for_those_who_are_known() -> None:
    """They were there before it was."""
    anna = Person(loaded("flow other\n    start on price_dropped\n\n    send missed\n        topic news\n"))
    anna.happens("order_placed", total=Money(Decimal(150), "EUR"))
    program = loaded(FLOW.replace("{limit}", "0"))
    anna.loaded = program
    anna.bundle = replace(anna.bundle, windows={})
    anna.learns(city="Riga")
    assert anna.bundle.segments == {"big"}
    assert anna.mails == []
