"""`[times]`: how long things hold and are kept, as a project sets it."""

import asyncio

import pytest

from consent.contract import Kept
from virta.consent_times import Times, times_faults
from virta.operating.timekeeping import watch_times


def test_what_is_not_set_is_what_the_service_does_anyway() -> None:
    """And `others` is every country that is not named."""
    assert Times().kept().link_hours == 72
    kept = Times(minimum_age={"LV": 13, "others": 16}).kept()
    assert (kept.least_age("lv"), kept.least_age("DE"), kept.least_age("")) == (13, 16, 16)
    assert Times().kept().least_age("DE") == 0


@pytest.mark.parametrize(
    ("times", "says"),
    [
        (Times(link_hours=0), "times.link_hours"),
        (Times(stale_months=121), "times.stale_months"),
        (Times(link_hours=72, pending_days=2), "a link needs its wish"),
        (Times(minimum_age={"Latvia": 13}), "two capital letters"),
        (Times(minimum_age={"LV": 99}), "from 0 to 21"),
    ],
)
def test_a_time_that_cannot_be_is_refused_in_plain_words(times: Times, says: str) -> None:
    """Each fault names its key."""
    [fault] = times_faults(times)
    assert says in fault


def test_parts_are_done_until_nothing_is_left() -> None:
    """The work goes on at once while there is more."""
    done: list[int] = []

    class Door:
        async def keep_times(self, most: int = 200) -> Kept:
            done.append(most)
            if len(done) == 3:
                raise asyncio.CancelledError
            return Kept(expired=1, more=True)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(watch_times(Door()))  # type: ignore[arg-type]
    assert len(done) == 3
