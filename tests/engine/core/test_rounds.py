"""`repeat`: the only loop, and each mail of it a mail of its own (language reference, §4 Steps)."""

from flows import loaded
from person import DAY, Person

from engine.core.mailkey import mail_key

ROUNDS = """
coupon thanks "Thanks"
    10% off
    valid 7 days
    code "THX-{random 8}"
flow alpha "Alpha"
    topic news
    start on cart_updated

    repeat up to 3 times
        send nudge with code coupon thanks
        wait 2 days
        until any order_placed since entry
    send over
"""


def test_a_round_is_gone_at_most_so_often() -> None:
    """Three nudges, two days apart, then on behind."""
    anna = Person(loaded(ROUNDS)).agrees("news").happens("cart_updated").pass_(9 * DAY)
    assert anna.mails == ["nudge", "nudge", "nudge", "over"]
    rounds = [line for line in anna.story("alpha") if line.startswith("round")]
    assert [line.split()[-1] for line in rounds] == ["1", "2", "3", "over"]


def test_until_is_asked_behind_each_round() -> None:
    """Not before the first, not within one."""
    anna = Person(loaded(ROUNDS)).agrees("news").happens("cart_updated").pass_(DAY).happens("order_placed")
    assert anna.mails == ["nudge"]
    assert anna.pass_(DAY).mails == ["nudge", "over"]


def test_each_visit_of_a_step_has_a_key_of_its_own() -> None:
    """The same trace, the same keys; the third is that of the third visit."""
    people = [Person(loaded(ROUNDS)).agrees("news").happens("cart_updated").pass_(9 * DAY) for _ in range(2)]
    keys = [effect.key for effect in people[0].effects if effect.kind == "mail"]
    assert len(set(keys)) == 4
    assert people[0].effects == people[1].effects
    mails = [effect for effect in people[0].effects if effect.kind == "mail"]
    assert mails[2].key == mail_key(b"a key for tests", mails[2].body.journey, "nudge", 3)


def test_repeats_of_a_step_share_its_code_which_is_valid_from_its_creation() -> None:
    """One code, written down once; its end does not move."""
    anna = Person(loaded(ROUNDS)).agrees("news").happens("cart_updated")
    start = anna.now
    anna.pass_(9 * DAY)
    nudges = [effect.body.values for effect in anna.effects if effect.kind == "mail"][:3]
    assert len({values["code"] for values in nudges}) == 1
    assert {values["code_until"] for values in nudges} == {start + 7 * DAY}
    assert [effect.body.code for effect in anna.effects if effect.kind == "coupon"] == [nudges[0]["code"]]


def test_a_skip_in_one_round_leaves_the_mail_of_another_sent() -> None:
    """`sent NAME` asks for any round."""
    text = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    repeat up to 2 times
        send nudge
        wait 2 days
    if sent nudge
        finish as mailed
    finish as unmailed
"""
    for outcomes, label in (
        (["", "withdrawn"], "mailed"),
        (["withdrawn", ""], "mailed"),
        (["withdrawn"] * 2, "unmailed"),
    ):
        anna = Person(loaded(text), mailer="held").agrees("news").happens("cart_updated")
        for reason in outcomes:
            anna.hand_over(next(iter(anna.open)), reason).pass_(2 * DAY)
        assert anna.story("alpha")[-1] == f"finished {label}"


def test_rounds_within_rounds_count_anew() -> None:
    """Two rounds of three are six."""
    text = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    repeat up to 2 times
        repeat up to 3 times
            send nudge
            wait 1 day
"""
    anna = Person(loaded(text)).agrees("news").happens("cart_updated").pass_(30 * DAY)
    assert anna.mails == ["nudge"] * 6
    assert len({effect.key for effect in anna.effects}) == 6
