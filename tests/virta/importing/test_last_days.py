"""Until when people whom an import brought are to be told: a day, and the whole of it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from consent.contract.imports import Untold
from virta.importing.telling import about_notices

RIGA = ZoneInfo("Europe/Riga")


def test_the_last_day_is_the_one_that_ends_the_month() -> None:
    """A time that is over with the end of 23 December is told as 23 December, as with answers to rights."""
    over = int(datetime(2026, 12, 24, tzinfo=RIGA).timestamp()) * 1000
    [line, _] = about_notices(Untold(1, over, 0), "origin", False, RIGA)
    assert line == "1 person is still to be told where their data is from, the first by 2026-12-23."
