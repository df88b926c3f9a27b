"""Splits: sticky, recomputable, and in the shares that are written (language reference, §4 Steps)."""

import hashlib
from decimal import Decimal

from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import Person

from dsl.graph import Arm, Split
from engine.core.choice import arm

FLOW = """
flow alpha "Alpha"
    start on cart_updated

    split incentive
        45% shipping
            send of_shipping
                topic news
        45% discount
            send of_discount
                topic news
        10% control
    finish as below
"""

contacts = st.binary(min_size=16, max_size=16).map(bytes.hex)


def split(*weights: str) -> Split:
    """A split with arms of these weights."""
    return Split("incentive", tuple(Arm(f"arm{n}", Decimal(w), n) for n, w in enumerate(weights)))


def weights() -> st.SearchStrategy[tuple[str, ...]]:
    """Positive weights in tenths of a percent that sum to 100."""
    cuts = st.lists(st.integers(1, 999), max_size=5, unique=True).map(sorted)
    return cuts.map(
        lambda found: tuple(
            str(Decimal(b - a) / 10) for a, b in zip([0, *found], [*found, 1000], strict=True)
        )
    )


@given(contacts, weights())
def test_the_arm_is_the_published_hash(contact: str, shares: tuple[str, ...]) -> None:
    """SHA-256 of flow, split and contact, its first 8 bytes laid on the arms in written order."""
    digest = hashlib.sha256(f"alpha\0incentive\0{contact}".encode()).digest()
    percent = Decimal(int.from_bytes(digest[:8], "big")) * 100 / 2**64
    reached, expected = Decimal(0), 0
    for number, share in enumerate(shares):
        expected = number
        reached += Decimal(share)
        if percent < reached:
            break
    assert arm("alpha", split(*shares), contact).label == f"arm{expected}"


FROZEN = [1, 0, 1, 1, 1, 0, 1, 0, 2, 0, 2, 1]


def test_the_known_arms_of_known_people() -> None:
    """Frozen: an upgrade that moved people between arms would spoil every running comparison."""
    found = [arm("cart", split("45", "45", "10"), f"{number:032x}").label for number in range(12)]
    assert found == [f"arm{number}" for number in FROZEN]


def test_weights_are_roughly_kept() -> None:
    """Over 10,000 people each share is met within five standard deviations."""
    total = 10_000
    counts = {"arm0": 0, "arm1": 0, "arm2": 0}
    for number in range(total):
        counts[arm("cart", split("45", "45", "10"), f"{number:032x}").label] += 1
    for label, share in (("arm0", 0.45), ("arm1", 0.45), ("arm2", 0.1)):
        deviation = (total * share * (1 - share)) ** 0.5
        assert abs(counts[label] - total * share) < 5 * deviation


def test_two_splits_and_two_flows_choose_apart() -> None:
    """Who is in the first arm of one is no more often in the first arm of another."""
    people = [f"{number:032x}" for number in range(4000)]
    half = split("50", "50")
    other = Split("other", half.arms)
    for one, two in (
        ([arm("a", half, p).label for p in people], [arm("b", half, p).label for p in people]),
        ([arm("a", half, p).label for p in people], [arm("a", other, p).label for p in people]),
    ):
        same = sum(a == b for a, b in zip(one, two, strict=True))
        assert abs(same - 2000) < 5 * 1000**0.5


def test_a_person_keeps_the_arm_and_a_control_goes_on_below() -> None:
    """Every journey of a person takes the same arm; the arm without a block sends nothing."""
    seen = set()
    for number in range(60):
        contact = f"{number:032x}"
        anna = Person(
            loaded(FLOW.replace("start on cart_updated", "start on cart_updated\n    enter every time")),
            contact,
        )
        anna.happens("cart_updated").happens("cart_updated")
        arms = {entry.reason for entry in anna.entries if entry.what == "arm"}
        assert len(arms) == 1
        chosen = arms.pop()
        seen.add(chosen)
        assert anna.mails == ([] if chosen == "control" else [f"of_{chosen}"] * 2)
        assert anna.story("alpha").count("finished below") == 2
    assert seen == {"shipping", "discount", "control"}
