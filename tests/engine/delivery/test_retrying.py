"""Pauses before a mail goes once more."""

from engine.delivery.retrying import DEFERRALS, MOST_RELEASES, after_deferral, after_release, spread


def test_mails_refused_together_do_not_come_back_together() -> None:
    """Each pause is its own, and none is more than a tenth shorter than the one that is promised."""
    pauses = [after_deferral(f"{number:032x}", 2) for number in range(200)]
    assert len(set(pauses)) > 190
    assert all(pause is not None and 0.9 * 900_000 <= pause <= 900_000 for pause in pauses)


def test_a_repeat_of_history_gives_the_same_pauses() -> None:
    """Nothing is drawn."""
    assert spread(60.0, "a", 1) == spread(60.0, "a", 1) != spread(60.0, "a", 2)


def test_there_is_a_last_attempt() -> None:
    """After so many refusals, and after so many permits that ran out."""
    assert after_deferral("a", len(DEFERRALS)) is None
    assert after_release(MOST_RELEASES) is None
    assert [after_release(count) for count in (0, 1, 2, 59)] == [0, 2000, 4000, 60_000]
