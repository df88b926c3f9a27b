"""What a flow changes: who went its way beside who was held out (language reference, "Goals")."""

from collections.abc import Callable, Iterable
from zoneinfo import ZoneInfo

from msgspec import Struct

from dsl.graph import Goal, Graph
from engine.core import calendar
from engine.core.bundle import Entry
from engine.core.record import What
from engine.store.store import Received


class Comparison(Struct, frozen=True):
    """People who entered a flow, and those of them who reached its goal at most D after they entered,
    whichever mails they got; on both sides alike."""

    treated: int = 0
    treated_reached: int = 0
    held_out: int = 0
    held_out_reached: int = 0


def compared(
    graph: Graph,
    goal: Goal,
    journal: Iterable[Entry],
    history: Iterable[Received],
    reached: Callable[[Received], bool],
    clock: ZoneInfo,
) -> Comparison | None:
    """The two sides of a flow, by each person's first entry since its holdout began; None where nobody was
    held out yet. `journal` and `history` come in order of time, `reached` says which events are the goal."""
    first: dict[str, tuple[int, str]] = {}
    held: set[str] = set()
    since: int | None = None
    for entry in journal:
        if entry.flow != graph.flow:
            continue
        if entry.what == What.ENTERED:
            first.setdefault(entry.contact, (entry.at, entry.journey))
        elif entry.what == What.HELD_OUT:
            held.add(entry.journey)
            since = entry.at if since is None else since
    if since is None:
        return None
    arms = {contact: entry for contact, entry in first.items() if entry[0] >= since}
    came = set()
    for happened in history:
        entered = arms.get(happened.contact)
        if entered is None or happened.contact in came or not entered[0] < happened.at:
            continue
        if happened.at <= calendar.add(entered[0], goal.within, clock) and reached(happened):
            came.add(happened.contact)
    out = {contact for contact, (_, journey) in arms.items() if journey in held}
    return Comparison(len(arms) - len(out), len(came - out), len(out), len(came & out))
