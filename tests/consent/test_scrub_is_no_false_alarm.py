"""In a store that nobody touched the scrub finds nothing, whatever people and time did."""

from hypothesis import settings
from hypothesis.stateful import invariant
from test_no_way_back import NoWayBack

from consent.timed.scrub import look_through


class Honest(NoWayBack):
    """All that can happen to people, and nothing done to the store behind the service's back."""

    @invariant()
    def the_store_says_what_the_log_says(self):
        """After each step: sign-ups, sales, lists and their undoing, merges, changed addresses, erasures,
        restored stores, years that pass."""
        assert self.service.read(look_through) == []

    def whoever_left_is_left_alone(self):
        """A promise that has a test of its own."""


TestHonest = Honest.TestCase
TestHonest.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)
