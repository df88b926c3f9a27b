"""When a call is tried again (docs/webhooks.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calls.patience import FIRST_PAUSES, LONGEST, MOST_ATTEMPTS, next_attempt

KEYS = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(KEYS, st.integers(1, MOST_ATTEMPTS - 1))
def test_each_pause_is_about_as_long_as_is_written(key: str, attempts: int) -> None:
    """A quarter shorter or longer, and always the same for the same call."""
    at = next_attempt(key, attempts, 0, 0, 1000)
    assert at is not None
    pause = (at - 1000) / 1000
    assert 0.75 * FIRST_PAUSES[attempts - 1] <= pause <= 1.25 * FIRST_PAUSES[attempts - 1]
    assert next_attempt(key, attempts, 0, 0, 1000) == at


def test_calls_that_failed_together_do_not_come_back_together() -> None:
    """A thousand of them spread over half a minute."""
    moments = [next_attempt(f"{number:032x}", 1, 0, 0, 0) or 0 for number in range(1000)]
    assert max(moments) - min(moments) > 25_000
    assert len(set(moments)) > 900


def test_the_fifth_attempt_is_the_last() -> None:
    """Then it is given up."""
    assert next_attempt("0" * 32, 5, 0, 0, 0) is None


def test_a_receiver_that_wants_to_be_left_alone_is() -> None:
    """For longer than the pause, never for shorter."""
    assert next_attempt("0" * 32, 1, 7200, 0, 0) == 7_200_000
    assert (next_attempt("0" * 32, 4, 1, 0, 0) or 0) > 10_000_000


@pytest.mark.parametrize(("after", "now"), [(LONGEST // 1000 + 1, 0), (0, LONGEST), (10**9, 0)])
def test_after_three_days_it_is_given_up(after: int, now: int) -> None:
    """Whatever the receiver asks for."""
    assert next_attempt("0" * 32, 1, after, 0, now) is None
