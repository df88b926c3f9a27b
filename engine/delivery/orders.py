"""What the operator has ordered, and what is in force of it now: read off the rows of the control table.

All instants are ms UTC. Nothing is ever taken back but by a later row, so the same rows always give the same.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from engine.delivery.late import LatePolicy
from engine.store.control import Instruction


class Pause(Struct, frozen=True):
    """No marketing mail of `flow` (empty: of any flow) leaves; `all`: no service mail either."""

    flow: str = ""
    all: bool = False


class Resume(Struct, frozen=True):
    """A pause of that flow is over; with no flow, the pause of all flows, and a halt. `late` says for the
    mails that waited what else the settings say."""

    flow: str = ""
    late: LatePolicy | None = None


class Halt(Struct, frozen=True):
    """No mail leaves at all."""


class Throttle(Struct, frozen=True):
    """Of `flow` so many marketing mails leave in an hour; 0: as many as can."""

    flow: str
    per_hour: float = 0


class Cancel(Struct, frozen=True):
    """Whoever is under way in `flow` and has not been mailed leaves it; `mailed` says what those do who have
    been. `issue` is the day (`2026-12-01`) on which the journeys began that are meant, empty: all. `through`
    is the last day of a start by the calendar that nobody enters by any more, empty: there is none."""

    flow: str
    mailed: Literal["go on", "end"] = "go on"
    issue: str = ""
    through: str = ""


class StoodStill(Struct, frozen=True):
    """The engine's own word: between these instants it could hand no mail to anybody."""

    since: int
    until: int


class TryAgain(Struct, frozen=True):
    """People who are set aside are tried again now: `contact`, or all with that `cause`; both empty: all."""

    contact: str = ""
    cause: str = ""


class Found(Struct, frozen=True):
    """What became of the mail `key`, whose outcome was unknown: it `arrived`, or it is sent again."""

    key: str
    arrived: bool


Order: TypeAlias = Pause | Resume | Halt | Throttle | Cancel | StoodStill | TryAgain | Found

KINDS: dict[str, type[Order]] = {
    "pause": Pause,
    "resume": Resume,
    "halt": Halt,
    "throttle": Throttle,
    "cancel": Cancel,
    "stood still": StoodStill,
    "retry": TryAgain,
    "found": Found,
}


class Said(Struct, frozen=True):
    """Who gave an order, and when."""

    at: int
    by: str


class Paused(Struct, frozen=True):
    """A pause in force; `all`: of service mails too."""

    said: Said
    all: bool


class Throttled(Struct, frozen=True):
    """A pace in force."""

    said: Said
    per_hour: float


class Lifted(Struct, frozen=True):
    """Mails asked for before `at` go by `late`."""

    at: int
    late: LatePolicy


class InForce(Struct, frozen=True):
    """What is in force. Flows are named; an empty name stands for all. `still` has the times in which
    nothing of a flow could go, in the order in which they were over; `cancelled` the last day of a start that
    nobody enters by any more."""

    halted: Said | None = None
    paused: dict[str, Paused] = {}
    throttled: dict[str, Throttled] = {}
    cancelled: dict[str, str] = {}
    still: dict[str, tuple[tuple[int, int], ...]] = {}
    lifted: dict[str, Lifted] = {}


NOTHING = InForce()


def order_of(row: Instruction) -> Order | None:
    """The order in a row; None: it is of a kind that is not the delivery's, or of another version."""
    kind = KINDS.get(row.kind)
    if kind is None:
        return None
    try:
        return msgspec.json.decode(row.body, type=kind)
    except msgspec.DecodeError:
        return None


def kind_of(order: Order) -> str:
    """The word for an order in the table."""
    return next(name for name, kind in KINDS.items() if kind is type(order))


def in_force(rows: Iterable[Instruction], before: InForce = NOTHING) -> InForce:
    """What is in force behind these rows, in order."""
    for row in rows:
        order = order_of(row)
        if order is not None:
            before = _behind(before, order, Said(row.at, row.by))
    return before


def _behind(now: InForce, order: Order, said: Said) -> InForce:
    match order:
        case Pause(flow, all_):
            known = now.paused.get(flow)  # who pauses what is paused changes what it holds, not since when
            said = known.said if known is not None and known.all == all_ else said
            return replace(now, paused={**now.paused, flow: Paused(said, all_)})
        case Resume():
            return _resumed(now, order, said.at)
        case Halt():
            return replace(now, halted=now.halted or said)
        case Throttle(flow, per_hour):
            others = {name: pace for name, pace in now.throttled.items() if name != flow}
            return replace(
                now, throttled=others | ({flow: Throttled(said, per_hour)} if per_hour > 0 else {})
            )
        case Cancel(flow=flow, through=through) if through > now.cancelled.get(flow, ""):
            return replace(now, cancelled={**now.cancelled, flow: through})
        case StoodStill(since, until):
            return _stood_still(now, "", since, until)
    return now


def _resumed(now: InForce, order: Resume, at: int) -> InForce:
    paused = now.paused.get(order.flow)
    if paused is not None:
        now = _stood_still(now, order.flow, paused.said.at, at)
    if not order.flow and now.halted is not None:
        now = _stood_still(now, "", now.halted.at, at)
    if order.late is not None:
        now = replace(now, lifted={**now.lifted, order.flow: Lifted(at, order.late)})
    return replace(
        now,
        halted=now.halted if order.flow else None,
        paused={flow: pause for flow, pause in now.paused.items() if flow != order.flow},
    )


def _stood_still(now: InForce, flow: str, since: int, until: int) -> InForce:
    return replace(now, still={**now.still, flow: (*now.still.get(flow, ()), (since, until))})


replace = msgspec.structs.replace
