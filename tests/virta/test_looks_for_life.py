"""How often signs of life are looked for: silence takes months, and a store is written to each time."""

import pytest

from virta.operating.timekeeping import until_next_look


@pytest.mark.parametrize(("come", "seconds"), [(0, 600.0), (200, 600.0), (999, 600.0), (1_000, 0.05)])
def test_events_that_come_steadily_are_told_many_at_once(come: int, seconds: float) -> None:
    """Only where a look found as much as it reads is there more to be read at once."""
    assert until_next_look(come) == seconds
