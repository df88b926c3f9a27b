"""`holdout N%`: a share enters and takes no step (language reference, §4 Header lines)."""

from decimal import Decimal

from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import DAY, Person

from dsl.graph import Arm, Graph, Needs, Split
from engine.core.choice import arm, held_out

contacts = st.binary(min_size=16, max_size=16).map(bytes.hex)


def graph(share: str, name: str = "alpha") -> Graph:
    return Graph(name, "Alpha", None, "marketing", (), (), Needs(), holdout=Decimal(share))


def flow(share: str) -> str:
    return f"""
flow alpha "Alpha"
    topic news
    start on order_placed
    enter again after 7 days
    goal order_placed within 3 days
    holdout {share}

    send hello
"""


def among(contact: str, text: str) -> Person:
    return Person(loaded(text), contact).agrees("news").happens("order_placed")


def someone(held: bool, text: str, share: str) -> Person:
    """A person who is among the holdout of that share, or is not."""
    for number in range(1000):
        contact = f"{number:032x}"
        if held_out(graph(share), contact) is held:
            return among(contact, text)
    raise AssertionError("nobody of a thousand")


def test_who_is_held_out_enters_and_takes_no_step() -> None:
    """The journal says both; nothing is sent, and nothing waits."""
    anna = someone(True, flow("10%"), "10")
    assert anna.story("alpha") == ["entered", "held_out"]
    assert anna.effects == []
    assert anna.bundle.journeys == ()


def test_who_is_not_held_out_goes_the_way_of_the_flow() -> None:
    """All others."""
    anna = someone(False, flow("10%"), "10")
    assert anna.mails == ["hello"]
    assert "held_out" not in anna.story("alpha")


def test_the_rules_of_entering_hold_for_the_holdout() -> None:
    """So that both are asked the same number of times."""
    anna = someone(True, flow("10%"), "10").pass_(6 * DAY).happens("order_placed")
    assert anna.story("alpha")[-1] == "not_entered entered_before"
    anna.pass_(DAY).happens("order_placed")
    assert anna.story("alpha")[-2:] == ["entered", "held_out"]


@given(contacts)
def test_it_can_be_computed_again(contact: str) -> None:
    """From flow and contact alone, and a larger share has all of a smaller one."""
    assert held_out(graph("10"), contact) == held_out(graph("10"), contact)
    assert not held_out(graph("0"), contact)
    assert held_out(graph("100"), contact)
    assert not held_out(graph("10"), contact) or held_out(graph("30"), contact)


def test_the_share_is_as_large_as_it_says() -> None:
    """Of ten thousand people, and each flow holds out others."""
    people = [f"{number:032x}" for number in range(10_000)]
    one = {contact for contact in people if held_out(graph("10"), contact)}
    other = {contact for contact in people if held_out(graph("10", "beta"), contact)}
    assert 900 < len(one) < 1100
    assert 50 < len(one & other) < 150


def test_a_split_falls_as_it_would_without_the_holdout() -> None:
    """Also one that is called so: chance is not shared."""
    people = [f"{number:032x}" for number in range(10_000)]
    split = Split("holdout", (Arm("first", Decimal(50), 0), Arm("second", Decimal(50), 0)))
    treated = [contact for contact in people if not held_out(graph("50"), contact)]
    first = [contact for contact in treated if arm("alpha", split, contact).label == "first"]
    assert 0.45 < len(first) / len(treated) < 0.55
