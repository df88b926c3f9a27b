"""How much marketing mail one person gets: limits, quiet, and who goes first (language reference, §3)."""

import pytest
from flows import loaded
from person import DAY, HOUR, MINUTE, MONDAY, Person, at

FLOWS = """
flow alpha "Alpha"
    topic news
    {alpha}
    start on cart_updated
    enter every time

    send alpha_mail
flow beta "Beta"
    topic news
    {beta}
    start on checkout_started
    enter every time

    send beta_mail
flow gamma "Gamma"
    topic orders
    start on order_placed
    enter every time

    send gamma_mail
"""


def anna(project: str, alpha: str = "priority 5", beta: str = "priority 5", **more: str) -> Person:
    """Someone who agreed to news, below the project's limits."""
    text = f"limits\n{project}\n" if project else ""
    mailer = more.get("mailer", "at once")
    return Person(loaded(text + FLOWS.format(alpha=alpha, beta=beta)), mailer=mailer).agrees("news")


ONE_A_DAY = "    at most 1 email per day"
ONE_A_DAY_ELSE = "    at most 1 email per day, else wait up to 2 days"
QUIET = "    quiet 21:00 to 08:00"


def mailed(person: Person) -> Person:
    """The same person, with a mail of the day."""
    return person.happens("cart_updated")


def lines(person: Person, flow: str) -> list[str]:
    """What the journal says of a flow's mails."""
    return [line for line in person.story(flow) if line.split()[0] in ("sent", "held", "skipped")]


def test_a_full_limit_without_else_skips_at_once_and_the_flow_goes_on() -> None:
    """Over all flows; the day after there is room again."""
    person = anna(ONE_A_DAY).happens("cart_updated").happens("checkout_started")
    assert person.mails == ["alpha_mail"]
    assert person.story("beta")[1:] == ["skipped beta_mail limit", "finished"]
    person.until(at("2026-03-02T22:00")).happens("checkout_started")  # midnight in Riga
    assert person.mails == ["alpha_mail", "beta_mail"]


def test_a_full_limit_with_else_holds_the_mail_until_there_is_room() -> None:
    """To the millisecond: the first moment of the next day on the contact's own clock."""
    person = anna(ONE_A_DAY_ELSE).happens("cart_updated").happens("checkout_started")
    assert lines(person, "beta") == ["held beta_mail limit"]
    assert person.journey("beta").due == at("2026-03-02T22:00")
    person.until(at("2026-03-02T22:00") - 1)
    assert person.mails == ["alpha_mail"]
    person.until(at("2026-03-02T22:00"))
    assert lines(person, "beta") == ["held beta_mail limit", "sent beta_mail"]


def test_the_limit_is_on_the_contact_s_own_clock() -> None:
    """In Tashkent the day is over three hours earlier than in Riga."""
    person = anna(ONE_A_DAY_ELSE).learns(time_zone="Asia/Tashkent")
    person.happens("cart_updated").happens("checkout_started")
    assert person.journey("beta").due == at("2026-03-02T19:00")


def test_a_move_to_another_time_zone_is_looked_at_at_once() -> None:
    """A held mail goes by the clock that the person now has."""
    person = anna(ONE_A_DAY_ELSE).happens("cart_updated").happens("checkout_started")
    person.learns(time_zone="Asia/Tashkent")
    assert person.journey("beta").due == at("2026-03-02T19:00")


def test_quiet_holds_and_never_skips() -> None:
    """Marketing mail of the night goes at eight; also where a limit has no `else`."""
    person = anna(ONE_A_DAY + "\n" + QUIET).until(at("2026-03-02T19:00"))
    person.happens("cart_updated")
    assert lines(person, "alpha") == ["held alpha_mail quiet"]
    assert person.journey("alpha").due == at("2026-03-03T06:00")
    person.until(at("2026-03-03T06:00"))
    assert lines(person, "alpha")[-1] == "sent alpha_mail"


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        ("2026-03-02T18:59", False),
        ("2026-03-02T19:00", True),
        ("2026-03-03T05:59", True),
        ("2026-03-03T06:00", False),
    ],
)
def test_quiet_begins_and_ends_at_its_times(moment: str, held: bool) -> None:
    """21:00 in Riga is quiet, 08:00 is not."""
    person = anna(QUIET).until(at(moment)).happens("cart_updated")
    assert bool(person.bundle.journeys) is held


def test_service_mail_is_exempt() -> None:
    """In the middle of the night, with every limit full; and it takes no room."""
    person = anna(ONE_A_DAY + "\n" + QUIET).until(at("2026-03-02T22:30"))
    person.happens("order_placed", order_id="1")
    assert person.mails == ["gamma_mail"]
    person.until(at("2026-03-03T07:00")).happens("cart_updated")
    assert person.mails == ["gamma_mail", "alpha_mail"]


def test_a_mail_that_finds_no_room_within_the_shortest_wait_is_skipped_at_once() -> None:
    """The week is full until Monday, and half a day is all that it may wait."""
    week = "    at most 1 email per week, else wait up to 12 hours"
    person = anna(week).happens("cart_updated").happens("checkout_started")
    assert lines(person, "beta") == ["skipped beta_mail limit"]
    person = anna(week).until(at("2026-03-08T12:00")).happens("cart_updated").happens("checkout_started")
    assert person.journey("beta").due == at("2026-03-08T22:00")


def test_limits_and_quiet_add_up() -> None:
    """There is room from midnight on, but nobody is woken."""
    person = anna(ONE_A_DAY_ELSE + "\n" + QUIET).happens("cart_updated").happens("checkout_started")
    assert lines(person, "beta") == ["held beta_mail limit"]
    assert person.journey("beta").due == at("2026-03-03T06:00")


def test_a_flow_may_be_stricter() -> None:
    """Its own limit counts its own mails, its own quiet lasts longer."""
    person = anna("", alpha="at most 1 email per day", beta="quiet 06:00 to 12:00")
    person.happens("cart_updated").happens("cart_updated").happens("checkout_started")
    assert person.mails == ["alpha_mail"]
    assert lines(person, "alpha") == ["sent alpha_mail", "skipped alpha_mail limit"]
    assert person.journey("beta").due == at("2026-03-02T10:00")
    assert person.pass_(DAY).mails == ["alpha_mail", "beta_mail"]


def test_who_goes_first_is_a_matter_of_priority() -> None:
    """Where the limit leaves room for one mail, 1 goes before 5, though it came later; the other waits on."""
    text = ONE_A_DAY_ELSE
    person = anna(text, alpha="priority 5", beta="priority 1").until(at("2026-03-02T20:00"))
    mailed(person)
    person.happens("cart_updated").pass_(HOUR).happens("checkout_started")
    assert [lines(person, flow) for flow in ("alpha", "beta")] == [
        ["sent alpha_mail", "held alpha_mail limit"],
        ["held beta_mail limit"],
    ]
    person.until(at("2026-03-02T22:00"))
    assert person.mails[-1] == "beta_mail"
    person.until(at("2026-03-03T22:00"))
    assert person.mails[-1] == "alpha_mail"


def test_among_equals_who_has_waited_longer_goes_first() -> None:
    """Then the flow's name, when both came at one moment."""
    person = mailed(anna(ONE_A_DAY_ELSE))
    person.happens("checkout_started").pass_(MINUTE).happens("cart_updated")
    assert person.until(at("2026-03-02T22:00")).mails[-1] == "beta_mail"
    person = mailed(anna(ONE_A_DAY_ELSE)).happens("checkout_started").happens("cart_updated")
    assert person.until(at("2026-03-02T22:00")).mails[-1] == "alpha_mail"


def test_timers_of_one_moment_are_ranked_before_any_mail_goes() -> None:
    """Two waits end at ten o'clock, and there is room for one mail: the priority says whose."""
    text = "limits\n    at most 1 email per day\n" + "".join(
        f"""
flow {name} "{name}"
    topic news
    priority {priority}
    start on cart_updated

    wait 1 day at 10:00
    send {name}_mail
"""
        for name, priority in (("alpha", 9), ("beta", 1), ("gamma", 5))
    )
    for contact in ("a" * 32, "b" * 32, "c" * 32):  # whatever order the journeys' ids stand in
        person = Person(loaded(text), contact).agrees("news").happens("cart_updated").pass_(3 * DAY)
        assert person.mails == ["beta_mail"]
        assert lines(person, "alpha") == ["skipped alpha_mail limit"]


def test_a_mail_that_did_not_go_leaves_its_room() -> None:
    """The gate refuses the first one: the second, which was held for its sake, goes at once."""
    person = anna(ONE_A_DAY_ELSE, mailer="held").happens("cart_updated")
    person.happens("checkout_started")
    (first,) = person.open
    person.pass_(MINUTE).hand_over(first, "withdrawn")
    assert lines(person, "alpha") == ["skipped alpha_mail withdrawn"]
    assert person.mails == ["alpha_mail", "beta_mail"]
    person.happens("checkout_started")
    assert person.journey("beta").held == 0


def test_a_late_hand_over_counts_when_it_was() -> None:
    """Asked for before midnight, handed over behind it: that day is full."""
    person = anna(ONE_A_DAY, mailer="held").until(at("2026-03-02T21:00")).happens("cart_updated")
    (first,) = person.open
    person.pass_(2 * HOUR).hand_over(first)
    person.happens("checkout_started")
    assert lines(person, "beta") == ["skipped beta_mail limit"]


def test_a_journey_that_is_left_takes_its_held_mail_along() -> None:
    """Nothing goes at eight for somebody who bought at seven."""
    text = f"limits\n{QUIET}\n" + FLOWS.format(alpha="leave on order_placed", beta="")
    person = Person(loaded(text)).agrees("news").until(at("2026-03-02T22:00")).happens("cart_updated")
    person.pass_(HOUR).happens("order_placed", order_id="1").pass_(DAY)
    assert person.mails == ["gamma_mail"]
    assert person.recalled == []


def test_a_wait_behind_a_held_mail_counts_from_when_it_went() -> None:
    """Not from when it wanted to go."""
    text = f"""
limits
{QUIET}
flow alpha "Alpha"
    topic news
    start on cart_updated

    send first_mail
    wait 1 day
    send second_mail
"""
    person = Person(loaded(text)).agrees("news").until(at("2026-03-02T22:00")).happens("cart_updated")
    assert person.pass_(8 * HOUR).journey("alpha").due == at("2026-03-04T06:00")


def test_a_skip_is_no_mail_sent() -> None:
    """`sent NAME` knows the difference."""
    text = """
limits
    at most 1 email per day
flow alpha "Alpha"
    topic news
    start on cart_updated

    send first_mail
    send second_mail
    if sent first_mail and not sent second_mail
        finish as right
"""
    assert Person(loaded(text)).agrees("news").happens("cart_updated").story("alpha")[-1] == "finished right"


def test_without_limits_nothing_is_counted() -> None:
    """What nobody asks for is not kept."""
    assert anna("").happens("cart_updated").bundle.mails == ()
    assert len(anna(ONE_A_DAY).happens("cart_updated").bundle.mails) == 1


def test_a_mail_that_is_still_on_its_way_counts_for_the_day_on_which_it_goes() -> None:
    """Asked for before midnight and slow: the next one does not go beside it on the new day."""
    person = anna(ONE_A_DAY_ELSE, mailer="held")
    person.until(at("2026-03-02T21:59"))
    mailed(person).happens("checkout_started")
    (slow,) = person.open
    assert lines(person, "beta") == ["held beta_mail limit"]
    person.until(at("2026-03-02T22:05"))
    assert list(person.open) == [slow]
    person.hand_over(slow).until(at("2026-03-03T21:59"))
    assert not person.open
    assert len(person.until(at("2026-03-03T22:00")).open) == 1


def test_a_mail_on_its_way_that_is_refused_makes_room_at_once() -> None:
    """Also on the day after it was asked for."""
    person = anna(ONE_A_DAY_ELSE, mailer="held")
    person.until(at("2026-03-02T21:59"))
    mailed(person).happens("checkout_started")
    (slow,) = person.open
    person.until(at("2026-03-02T22:05")).hand_over(slow, "server_refused")
    assert [effect.body.template for effect in person.open.values()] == ["beta_mail"]


@pytest.mark.parametrize("quiet", ["", QUIET])
def test_a_limit_may_be_longer_than_a_year(quiet: str) -> None:
    """What waits for it is held, not skipped, and goes when it is free."""
    person = anna(f"    at most 1 email per 500 days, else wait up to 700 days\n{quiet}")
    mailed(person).pass_(DAY).happens("checkout_started")
    assert lines(person, "beta") == ["held beta_mail limit"]
    person.until(MONDAY + 500 * DAY + HOUR)
    assert lines(person, "beta")[1:] == ["sent beta_mail"]


@pytest.mark.parametrize(
    ("mail", "beside", "what"),
    [
        ("2026-03-03T08:00:59", "2026-03-10T08:00:00", "sent"),  # some seconds are none
        ("2026-03-03T08:01:00", "2026-03-10T08:00:59", "skipped"),
        ("2026-03-24T08:00:00", "2026-03-31T06:59:59", "skipped"),  # 167 hours: clocks go forward
        ("2026-03-24T08:00:00", "2026-03-31T07:00:00", "sent"),
        ("2026-10-20T07:00:00", "2026-10-27T07:59:59", "skipped"),  # 169 hours
        ("2026-10-20T07:00:00", "2026-10-27T08:00:00", "sent"),
    ],
)
def test_a_rolling_window_ends_at_the_same_time_on_the_contact_s_clock(
    mail: str, beside: str, what: str
) -> None:
    """Seven days later in Riga, to the minute."""
    person = anna("    at most 1 email per 7 days\n").until(at(mail))
    mailed(person).until(at(beside)).happens("checkout_started")
    assert [line.split()[0] for line in lines(person, "beta")] == [what]
