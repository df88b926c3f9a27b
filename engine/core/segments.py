"""Who is in which segment, and when time alone will change that."""

from engine.core import boundary
from engine.core.calendar import NEVER
from engine.core.record import What
from engine.core.turn import Turn


def reconsider(turn: Turn, quiet: bool = False) -> None:
    """Bring memberships up to date and arm the next look. The turn learns who joined and left, but not if
    `quiet`. Whoever asked that what is known of them is not used is in none."""
    if turn.bundle.restricted is not None:
        return
    if not turn.loaded.segments and not turn.bundle.segments and turn.bundle.segments_due == NEVER:
        return
    before = turn.bundle.segments
    now_in: frozenset[str] = frozenset()
    due = NEVER
    for watched in turn.loaded.segments:  # each behind those that it asks for
        scene = turn.scene()
        name = watched.segment.name
        if watched.test(scene):
            now_in |= {name}
        if (name in now_in) != (name in turn.bundle.segments):
            turn.change(segments=turn.bundle.segments ^ {name})
        due = min(due, boundary.next_turn(watched.test, watched.boundaries, scene))
    moved = [(name, True) for name in sorted(now_in - before)]
    moved += [(name, False) for name in sorted(before - now_in)]
    if moved:
        turn.change(segments=now_in)
        turn.learned = turn.learned or any(name in turn.loaded.dated_segments for name, _ in moved)
    if turn.loaded.segments and turn.bundle.judged_by != turn.loaded.judges:
        if not turn.new:  # what was edited happened to the project, not to the person
            known = turn.loaded.judged_before.get(turn.bundle.judged_by, {})
            now_known = turn.loaded.definitions
            moved = [
                each for each in moved if each[0] in now_known and known.get(each[0]) == now_known[each[0]]
            ]
        turn.change(judged_by=turn.loaded.judges)
    for name, joined in () if quiet else moved:
        turn.note("", "", name, What.JOINED if joined else What.PARTED)
    turn.moved += [] if quiet else moved
    if due != turn.bundle.segments_due:
        turn.change(segments_due=due)
