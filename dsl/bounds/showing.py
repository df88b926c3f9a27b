"""What the clock shows when a journey comes to a step, where all ways lead there at one time of day."""

from collections.abc import Iterable

from dsl.bounds.moves import (
    DAY,
    WEEK,
    WEEKDAYS,
    Clock,
    Move,
    moves,
    seconds_of_day,
    shown_before,
    until_shown,
)
from dsl.graph import END, Graph, Repeat, Start, StartAt, StartEvery, StartOnDate


def showing(graph: Graph) -> dict[int, Clock | None]:
    """By the index of each step that can be reached: the time of day, or of the week, at which journeys come
    there if nothing holds them up; None: any."""
    found: dict[int, Clock | None] = {0: entry_clock(graph.starts)}
    waiting = [0]
    while waiting:
        index = waiting.pop()
        node = graph.nodes[index]
        ways = list(moves(node))
        if isinstance(node, Repeat):
            ways.append((node.next, Move()))
        for target, move in ways:
            if target == END:
                continue
            shown = _after(found[index], move)
            if target not in found:
                found[target] = shown
            elif found[target] == shown or found[target] is None:
                continue
            else:
                found[target] = _common(found[target], shown)
            waiting.append(target)
    return found


def entry_clock(starts: Iterable[Start]) -> Clock | None:
    """What the clock shows whenever one of these starts brings a journey; None: any time."""
    shown = [_start_clock(start) for start in starts]
    common = shown[0] if shown else None
    for each in shown[1:]:
        common = _common(common, each)
    return common


def _start_clock(start: Start) -> Clock | None:
    match start:
        case StartEvery(at=at, weekday=weekday) if weekday is not None:
            return Clock(WEEKDAYS.index(weekday) * DAY + seconds_of_day(at), WEEK)
        case StartEvery(at=at):
            return Clock(seconds_of_day(at), DAY)
        case StartAt(local=local):
            return Clock(seconds_of_day(local[-5:]), DAY)
        case StartOnDate(at=at, offset=offset) if at and (offset is None or not offset.seconds):
            return Clock(seconds_of_day(at), DAY)
    return None


def _common(one: Clock | None, other: Clock | None) -> Clock | None:
    """What two clocks show alike."""
    if one is None or other is None or one.shows % DAY != other.shows % DAY:
        return None
    return one if one == other else Clock(one.shows % DAY, DAY)


def _after(clock: Clock | None, move: Move) -> Clock | None:
    """What a clock shows behind a move that began when it showed `clock`."""
    exact = move.most == move.least and not move.least.seconds
    if not exact:
        return None
    passed = move.least.days * DAY
    if move.least.months and clock is not None:
        clock = Clock(clock.shows % DAY, DAY)
    passed += until_shown(move, clock, passed, latest=False)
    began = shown_before(move, clock, passed)
    return began and Clock((began.shows + passed) % began.period, began.period)
