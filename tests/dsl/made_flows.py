"""Small flows made at random, as graphs, and all ways through them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from dsl.graph import (
    END,
    Compare,
    Duration,
    Entry,
    Graph,
    Hear,
    If,
    Leave,
    Needs,
    Node,
    Now,
    Repeat,
    Send,
    StartOnEvent,
    Wait,
    WaitFor,
    WaitUntilTime,
)

CONDITION = Compare("is", Now(), Now())
TIMES = ("00:00", "03:30", "09:00", "18:00", "23:00")
DAYS = ("monday", "thursday", "sunday")

Plan = tuple[Any, ...]
"""A step as a tuple: what it is, its numbers, its blocks."""


def size(plans: list[Plan]) -> int:
    """How many nodes a block becomes."""
    return sum(1 + sum(size(inner) for inner in _inner(plan)) for plan in plans)


def _inner(plan: Plan) -> tuple[list[Plan], ...]:
    return plan[-1] if plan[0] in ("if", "for", "repeat") else ()


def nodes_of(plans: list[Plan], begin: int, after: int) -> list[Node]:
    """The nodes of a block that begins at an index and goes on at another one, in written order."""
    found: list[Node] = []
    for number, plan in enumerate(plans):
        place = begin + len(found)
        behind = after if number == len(plans) - 1 else place + size([plan])
        inner = _inner(plan)
        firsts = [place + 1 + sum(size(each) for each in inner[:n]) for n in range(len(inner))]
        ends = place if plan[0] == "repeat" else behind
        entries = [first if block else ends for first, block in zip(firsts, inner, strict=True)]
        found.append(_node(plan, place, behind, entries))
        for first, block in zip(firsts, inner, strict=True):
            found += nodes_of(block, first, ends)
    return found


def _node(plan: Plan, place: int, behind: int, entries: list[int]) -> Node:
    match plan:
        case ("send",):
            return Send(f"mail{place}", f"mail{place}", "news", behind)
        case ("wait", duration, at):
            return Wait(f"wait_{place + 1}", duration, behind, at)
        case ("until", at, day):
            return WaitUntilTime(f"wait_{place + 1}", at, behind, day)
        case ("if", _):
            return If(f"if_{place + 1}", CONDITION, entries[0], entries[1])
        case ("for", up_to, _):
            hears = (Hear("order_placed", entries[0]),)
            return WaitFor(f"wait_{place + 1}", hears, up_to, entries[1])
        case ("repeat", times, free, _):
            return Repeat(f"repeat_{place + 1}", times, entries[0], behind, CONDITION if free else None)
    raise AssertionError(plan)


def graph_of(plans: list[Plan], **head: Any) -> Graph:
    """The flow of these plans."""
    nodes = tuple(nodes_of(plans, 0, END))
    return Graph(
        "made", "Made", "news", "marketing", (StartOnEvent("order_placed"),), nodes, Needs(), **head
    ).sealed()


def calendar_waits() -> st.SearchStrategy[Plan]:
    return st.builds(lambda days: ("wait", Duration(days=days), None), st.integers(1, 9))


def any_waits() -> st.SearchStrategy[Plan]:
    durations = st.one_of(
        st.builds(lambda hours: Duration(seconds=hours * 1800), st.integers(1, 60)),
        st.builds(lambda days: Duration(days=days), st.integers(1, 9)),
        st.builds(lambda days, hours: Duration(0, days, hours * 3600), st.integers(1, 3), st.integers(1, 30)),
        st.just(Duration(months=1)),
    )
    times = st.one_of(st.none(), st.sampled_from(TIMES))
    return st.one_of(
        st.builds(lambda duration, at: ("wait", duration, at), durations, times),
        st.builds(
            lambda at, day: ("until", at, day),
            st.sampled_from(TIMES),
            st.one_of(st.none(), st.sampled_from(DAYS)),
        ),
    )


def plans(waits: st.SearchStrategy[Plan], branching: bool = True) -> st.SearchStrategy[list[Plan]]:
    """Blocks of up to four steps, nested twice."""
    leaf = st.one_of(st.just(("send",)), waits)
    if not branching:
        return st.lists(leaf, min_size=1, max_size=7)
    full = st.lists(leaf, min_size=1, max_size=3)
    for _ in range(2):
        some: st.SearchStrategy[list[Plan]] = st.one_of(st.just([]), full)
        step = st.one_of(
            leaf,
            st.builds(lambda one, two: ("if", (one, two)), full, some),
            st.builds(
                lambda days, one, two: ("for", Duration(days=days), (one, two)), st.integers(1, 4), some, some
            ),
            st.builds(
                lambda times, free, body: ("repeat", times, free, (body,)),
                st.integers(1, 3),
                st.booleans(),
                full,
            ),
        )
        full = st.lists(step, min_size=1, max_size=4)
    return full


@dataclass(frozen=True)
class Head:
    """How people enter and leave."""

    entry: Entry
    again: Duration | None
    leaves: bool

    def of(self, plans: list[Plan]) -> Graph:
        leaves = (Leave("order_paid"),) if self.leaves else ()
        return graph_of(plans, entry=self.entry, again_after=self.again, leaves=leaves)


heads = st.one_of(
    st.builds(Head, st.just(Entry.ONCE), st.none(), st.booleans()),
    st.builds(Head, st.just(Entry.EVERY_TIME), st.none(), st.booleans()),
    st.builds(
        lambda days, leaves: Head(Entry.AGAIN, Duration(days=days), leaves), st.integers(1, 12), st.booleans()
    ),
)


def all_ways(graph: Graph, start: int, index: int = 0) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Every way through a flow of calendar waits whose clock never changes, from an hour of the week on (0 is
    Monday 00:00): the hour of its end, and those of its mails."""
    waiting: list[tuple[int, int, tuple[int, ...], tuple[tuple[int, int], ...]]] = [(index, start, (), ())]
    while waiting:
        place, hour, mails, rounds = waiting.pop()
        if place == END:
            yield hour, mails
            continue
        node = graph.nodes[place]
        match node:
            case Send():
                waiting.append((node.next, hour, (*mails, hour), rounds))
            case Wait():
                then = hour + 24 * node.duration.days + node.duration.seconds // 3600
                while node.at is not None and then % 24 != int(node.at[:2]):
                    then += 1
                waiting.append((node.next, then, mails, rounds))
            case WaitUntilTime():
                then = hour + 1
                days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
                while then % 24 != int(node.at[:2]) or node.day not in (None, days[then // 24 % 7]):
                    then += 1
                waiting.append((node.next, then, mails, rounds))
            case WaitFor():
                for after in (0, 24 * node.up_to.days):
                    waiting.append((node.hears[0].next, hour + after, mails, rounds))
                waiting.append((node.on_timeout, hour + 24 * node.up_to.days, mails, rounds))
            case If():
                waiting += [(node.then, hour, mails, rounds), (node.otherwise, hour, mails, rounds)]
            case Repeat():
                done = dict(rounds).get(place, 0)
                others = tuple((one, count) for one, count in rounds if one != place)
                if done < node.times:
                    waiting.append((node.body, hour, mails, (*others, (place, done + 1))))
                if done == node.times or (done and node.until is not None):
                    waiting.append((node.next, hour, mails, others))
