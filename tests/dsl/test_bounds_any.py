"""Bounds of flows made at random, beside what really happens on all ways through them."""

from datetime import date, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from made_flows import Head, Plan, all_ways, any_waits, calendar_waits, graph_of, heads, plans

from dsl.bounds.length import every_mail, fewest, longest, most, shortest
from dsl.bounds.peak import most_within
from dsl.graph import END, Entry, Graph, If, Repeat, Send, Wait, WaitFor, WaitUntilTime
from engine.core import calendar

RIGA = ZoneInfo("Europe/Riga")
_WAYS = 150
slowly = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def fullest(mails: tuple[int, ...], days: int) -> int:
    """The most mails in a window of `days` days, the first of which is a Monday where they are 7."""
    dates = [mail // 24 for mail in mails]
    begins = {day - day % 7 if days == 7 else day for day in dates}
    return max((sum(begin <= day < begin + days for day in dates) for begin in begins), default=0)


def ways_of(graph: Graph, starts: range) -> list[tuple[int, int, tuple[int, ...]]]:
    return [(start, end, mails) for start in starts for end, mails in all_ways(graph, start)]


@slowly
@given(plans(calendar_waits()))
def test_of_days_alone_the_bounds_are_what_the_worst_way_brings(found: list[Plan]) -> None:
    """Fewest, most, shortest, longest, and the fullest day, week and 30 days: no more and no less."""
    graph = graph_of(found)
    assume(len(list(islice(all_ways(graph, 0), _WAYS + 1))) <= _WAYS)
    ways = ways_of(graph, range(0, 24 * 7, 24))
    counts = [len(mails) for _, _, mails in ways]
    times = [(end - start) * 3_600 for start, end, _ in ways]
    assert (fewest(graph), most(graph)) == (min(counts), max(counts))
    assert (shortest(graph).seconds, longest(graph).seconds) == (min(times), max(times))
    for days in (1, 7, 30):
        expected = max(fullest(mails, days) for _, _, mails in ways)
        assert most_within(graph, days, every_mail).mails == expected


waits_at = st.one_of(
    st.builds(
        lambda plan, at: (*plan[:2], at), calendar_waits(), st.sampled_from(("00:00", "09:00", "18:00"))
    ),
    st.builds(
        lambda at, day: ("until", at, day),
        st.sampled_from(("00:00", "09:00", "18:00")),
        st.sampled_from((None, "monday", "thursday")),
    ),
    calendar_waits(),
)


@slowly
@given(plans(waits_at, branching=False))
def test_times_of_day_are_known_to_the_hour(found: list[Plan]) -> None:
    """On a straight way the fullest window is met by some hour of entry, and the longest and shortest way are
    those of the worst and best hour, but for the moment in which a time of day has just gone by."""
    graph = graph_of(found)
    ways = ways_of(graph, range(24 * 7))
    for days in (1, 7, 30):
        expected = max(fullest(mails, days) for _, _, mails in ways)
        assert most_within(graph, days, every_mail).mails == expected
    times = [(end - start) * 3_600 for start, end, _ in ways]
    long, short = longest(graph).seconds, shortest(graph).seconds
    assert long is not None
    assert short is not None
    assert max(times) <= long <= max(times) + 3_600
    assert min(times) - 3_600 <= short <= min(times)


class Life:
    """One person in one flow, on a real clock; what the flow does not say is drawn."""

    def __init__(self, graph: Graph, head: Head, data: st.DataObject) -> None:
        self.graph, self.head, self.data = graph, head, data
        self.mails: list[int] = []
        self.lengths: list[tuple[int, int, int, bool]] = []

    def live(self, now: int, journeys: int) -> None:
        for _ in range(journeys):
            entered, before = now, len(self.mails)
            now, waits, whole = self.journey(now)
            self.lengths.append((entered, now, waits, whole))
            assert len(self.mails) >= before
            if self.head.entry is Entry.ONCE:
                return
            if self.head.again is not None:
                now = max(now, calendar.add(entered, self.head.again, RIGA))
            now += self.data.draw(st.sampled_from((0, 0, 0, 3_600_000, 40 * 3_600_000)))

    def journey(self, now: int) -> tuple[int, int, bool]:
        """To its end or until it is left: when, behind how many waits, and whether it went all its way."""
        index, waits = 0, 0
        rounds: dict[int, int] = {}
        while index != END:
            node = self.graph.nodes[index]
            match node:
                case Send():
                    self.mails.append(now)
                    index = node.next
                    if self.head.leaves and self.data.draw(st.booleans()):
                        return now, waits, False
                case Wait():
                    waits += 1
                    now = calendar.add(now, node.duration, RIGA)
                    now = calendar.next_at(now, node.at, RIGA) if node.at else now
                    index = node.next
                case WaitUntilTime():
                    waits += 1
                    now = calendar.next_at(now + 1, node.at, RIGA, node.day)
                    index = node.next
                case WaitFor():
                    waits += 1
                    until = calendar.add(now, node.up_to, RIGA)
                    if self.data.draw(st.booleans()):
                        now += self.data.draw(st.sampled_from((0, (until - now) // 2)))
                        index = node.hears[0].next
                    else:
                        now, index = until, node.on_timeout
                case If():
                    index = node.then if self.data.draw(st.booleans()) else node.otherwise
                case Repeat():
                    done = rounds.pop(index, 0)
                    over = done == node.times or (
                        done and node.until is not None and self.data.draw(st.booleans())
                    )
                    if not over:
                        rounds[index] = done + 1
                    index = node.next if over else node.body
        return now, waits, True


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans(any_waits()), heads, st.data())
def test_nobody_ever_gets_more_than_the_bounds_say(
    found: list[Plan], head: Head, data: st.DataObject
) -> None:
    """On a real clock, in the weeks in which it changes, whatever people do and however often they come."""
    graph = head.of(found)
    start = data.draw(
        st.sampled_from((date(2026, 3, 20), date(2026, 3, 29), date(2026, 10, 17), date(2026, 10, 25)))
    )
    minute = data.draw(st.integers(0, 24 * 60 * 9))
    life = Life(graph, head, data)
    life.live(calendar.midnight(start, RIGA) + minute * 60_000, 6)
    walls = [calendar.wall(mail, RIGA).date() for mail in life.mails]
    for days in (1, 7, 30):
        bound = most_within(graph, days, every_mail).mails
        for day in walls:
            begin = day - timedelta(days=day.weekday()) if days == 7 else day
            in_window = sum(begin <= each < begin + timedelta(days=days) for each in walls)
            assert bound is None or in_window <= bound
    long, short = longest(graph).seconds, shortest(graph).seconds
    for entered, left, waits, whole in life.lengths:
        passed = (left - entered) / 1_000
        assert long is None or passed <= long + waits * 3_600
        if whole and short is not None:
            assert passed >= short - waits * 3_600
    few, many = fewest(graph), most(graph)
    assert few is not None
    assert many is not None
    if head.entry is Entry.ONCE:
        assert len(life.mails) <= many
        assert life.lengths[0][3] is False or few <= len(life.mails)
