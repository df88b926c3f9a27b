"""Scenarios are played as the language reference says: one clock, nothing left over, the same every time."""

from pathlib import Path

from scenes import WELCOME, played, the, why


def test_what_was_agreed_to_beforehand_starts_nothing(tmp_path: Path) -> None:
    """The welcome flow starts on `subscribed`; a contact who had agreed already is not welcomed."""
    outcome = the(
        played(
            tmp_path,
            """
scenario "known already"
    flow welcome
    contact
        agreed to news
    at 2026-03-02 10:00 expect agreed to news
    after 4 days expect 0 emails
""",
        )
    )
    assert outcome.failure is None, outcome.failure


def test_only_the_flows_named_run(tmp_path: Path) -> None:
    """An order thanks nobody while `thanks` stands still."""
    both = """
scenario "{}"
    {}
    at 2026-03-02 10:00 order_placed with order_id "7", total 4.50 EUR
    expect {} email{}
"""
    alone = both.format("alone", "flow cart", 0, "s")
    named = both.format("named", "flow cart\n    flow thanks", 1, "")
    assert [why(outcome) for outcome in played(tmp_path, alone, named)] == ["", ""]


def test_nothing_of_a_scenario_reaches_the_next(tmp_path: Path) -> None:
    """The same scenario ten times, with an order that would end the second journey if it were known."""
    text = """
scenario "{}"
    flow welcome
    at 2026-03-02 10:00 subscribed with topic "news"
    expect send hello
    after 1 day order_placed with order_id "7"
    expect 1 email
    expect count of order_placed is 1
"""
    outcomes = played(tmp_path, *(text.format(number) for number in range(10)))
    assert [why(outcome) for outcome in outcomes] == [""] * 10


def test_the_span_begins_with_the_last_line_that_has_a_time(tmp_path: Path) -> None:
    """What happened at that line's moment belongs to it, and what was before does not."""
    belongs = WELCOME + "    after 1 hour expect send hello\n"
    before = WELCOME.replace('"welcome"', '"before"') + (
        "    after 1 hour expect in wait_1\n    after 1 hour expect send hello\n"
    )
    outcomes = played(tmp_path, belongs, before)
    assert why(outcomes[0]) == ""
    assert "It went out earlier: 2026-03-02 10:00." in why(outcomes[1])


def test_the_clock_is_the_contacts_own(tmp_path: Path) -> None:
    """`at` is a moment of the contact's zone, and so are the times of a failure."""
    outcome = the(
        played(
            tmp_path,
            """
scenario "far away"
    flow welcome
    contact
        time_zone "Pacific/Auckland"
    at 2026-03-02 10:00 subscribed with topic "news"
    expect 0 emails
""",
        )
    )
    assert why(outcome) == "1 mail went out: `hello` (2026-03-02 10:00)."
    assert outcome.failure is not None
    assert outcome.failure.clock == "Pacific/Auckland"
    assert [told.hour for told in outcome.failure.story] == ["10:00"] * len(outcome.failure.story)


def test_what_is_due_at_a_moment_is_done_before_it_is_judged_and_after_what_happens(tmp_path: Path) -> None:
    """Event, then timer: an order at the end of the wait is heard, and a mail due at the moment has gone."""
    heard = WELCOME + "    after 3 days order_placed\n    expect finished as bought\n"
    gone = WELCOME.replace('"welcome"', '"gone"') + "    after 3 days expect send come_again\n"
    assert [why(outcome) for outcome in played(tmp_path, heard, gone)] == ["", ""]


def test_a_split_takes_its_first_arm_unless_another_is_chosen(tmp_path: Path) -> None:
    """Whatever the weights are, and nobody is held out."""
    flow = """
flow lots
    topic news
    start on order_placed
    holdout 50%

    split lot
        1% rare
            finish as rare
        99% usual
            finish as usual
"""
    text = """
scenario "{0}"
    flow lots
    {1}
    contact
        agreed to news
    at 2026-03-02 10:00 order_placed
    expect arm {0} of lot
    expect finished as {0}
"""
    outcomes = played(
        tmp_path,
        text.format("rare", ""),
        text.format("usual", "choose usual of lot"),
        flows=flow,
    )
    assert [why(outcome) for outcome in outcomes] == ["", ""]
    arms = [[each.arm for each in outcome.reached if each.arm] for outcome in outcomes]
    assert arms == [["rare"], ["usual"]]


def test_the_same_scenario_gives_the_same_outcome(tmp_path: Path) -> None:
    """Codes, keys and stories are the same in every run."""
    text = WELCOME + "    expect 0 emails\n"
    first = the(played(tmp_path / "a", text))
    second = the(played(tmp_path / "b", text))
    assert first.failure is not None
    assert first.failure == second.failure


def test_a_webhook_is_called_nowhere(tmp_path: Path) -> None:
    """The step is taken, without a secret and without an address that answers."""
    flow = """
webhook till
    url "https://till.invalid/hook"
    secret env NOBODY_HAS_SET_THIS

flow ringing
    topic news
    start on order_placed

    call till with total trigger.total
    finish as rung
"""
    text = """
scenario "rung"
    flow ringing
    contact
        agreed to news
    at 2026-03-02 10:00 order_placed with total 4.50 EUR
    expect finished as rung
"""
    outcome = the(played(tmp_path, text, flows=flow))
    assert why(outcome) == ""
    assert "call_1" in [each.step for each in outcome.reached]


def test_lines_out_of_order_are_a_failure_in_words(tmp_path: Path) -> None:
    """Where a contact's zone changes on the way, a moment may lie before the one above it."""
    outcome = the(
        played(
            tmp_path,
            """
scenario "travels"
    flow welcome
    contact
        time_zone "America/New_York"
    at 2026-03-02 10:00 set contact.time_zone to "Pacific/Auckland"
    at 2026-03-02 11:00 expect no send
""",
        )
    )
    assert why(outcome).startswith("This line lies before the one above it.")
