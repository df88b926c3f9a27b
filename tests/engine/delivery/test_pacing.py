"""Pace and rate count mails against a steady clock."""

from engine.delivery.pacing import Pace, Rate


def test_without_a_pace_nothing_is_held_back() -> None:
    """0 per second means: as fast as the server takes them."""
    pace = Pace(0)
    pace.spend(10_000)
    assert pace.allows(0) >= 10_000


def test_no_second_gives_more_than_its_share() -> None:
    """Over a minute of greedy claims, what was allowed is the pace and one second's worth more."""
    pace, spent = Pace(25), 0
    for tenth in range(600):
        allowed = pace.allows(tenth / 10)
        pace.spend(allowed)
        spent += allowed
    assert 25 * 60 - 5 <= spent <= 25 * 61


def test_slow_pace_lets_one_mail_through_at_a_time() -> None:
    """Half a mail a second is a mail in two seconds."""
    pace = Pace(0.5)
    taken = []
    for second in range(9):
        if allowed := pace.allows(second):
            assert allowed == 1
            pace.spend(1)
            taken.append(second)
    assert taken == [0, 2, 4, 6, 8]


def test_rate_counts_time_at_work_only() -> None:
    """A server that was idle for an hour is not slow."""
    rate = Rate(100)
    rate.look(0, False, 0)
    rate.look(3600, False, 0)
    assert rate.per_second == 100
    rate.look(3601, True, 40)
    assert rate.per_second == 40


def test_rate_of_a_hanging_server_falls_to_nothing() -> None:
    """Nothing answered in a second of work is a rate of nothing; the next answers raise it again."""
    rate = Rate(100)
    rate.look(0, False, 0)
    rate.look(1, True, 0)
    assert rate.per_second == 0
    rate.look(2, True, 300)
    assert rate.per_second == 300
