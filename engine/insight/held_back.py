"""What the operator holds back now, and how many people and mails wait behind it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from engine.core.bundle import MailBody
from engine.delivery.brakes import TOO_LATE, stood_still
from engine.delivery.orders import Cancel, InForce, Order, Said, in_force, kind_of, order_of
from engine.insight.records import Records
from engine.store.control import CURSOR, Instruction


class Waiting(Struct, frozen=True):
    """Of one flow: the journeys under way (`people`), its mails that were asked for and have not gone, and
    how many of the marketing mails among them are more than twelve hours late."""

    people: int = 0
    marketing: int = 0
    service: int = 0
    late: int = 0


class HeldBack(Struct, frozen=True):
    """`acted_on` is the number of the last row that the engine has acted on, `flows` has what waits by flow,
    `known` all flows that ever ran."""

    orders: InForce
    acted_on: int
    flows: dict[str, Waiting]
    known: tuple[str, ...]

    def of(self, flow: str) -> Waiting:
        """What waits of a flow; of all, if it is empty."""
        if flow:
            return self.flows.get(flow, Waiting())
        every = self.flows.values()
        return Waiting(
            sum(one.people for one in every),
            sum(one.marketing for one in every),
            sum(one.service for one in every),
            sum(one.late for one in every),
        )


def held_back(records: Records, now: int, then: Order | None = None) -> HeldBack:
    """What stands now (ms UTC), or would if `then` were ordered."""
    rows = records.instructions()
    orders = in_force(rows if then is None else [*rows, _as_row(then, rows, now)])
    people: Counter[str] = Counter()
    for (flow, _, _), count in records.people().items():
        people[flow] += count
    marketing: Counter[str] = Counter()
    service: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for effect in records.effects():
        body = effect.body
        if not isinstance(body, MailBody):
            continue
        if body.service:
            service[body.flow] += 1
            continue
        marketing[body.flow] += 1
        if body.late + stood_still(orders, body.flow, body.at, now) > TOO_LATE:
            late[body.flow] += 1
    flows = {
        flow: Waiting(people[flow], marketing[flow], service[flow], late[flow])
        for flow in {*people, *marketing, *service}
    }
    known = {graph.flow for graph in records.graphs().values()}
    return HeldBack(orders, records.notes().get(CURSOR, 0), flows, tuple(sorted(known)))


def _as_row(order: Order, rows: Sequence[Instruction], now: int) -> Instruction:
    return Instruction(len(rows) + 1, now, kind_of(order), msgspec.json.encode(order), "")


def sentences(orders: InForce, clock: ZoneInfo) -> list[str]:
    """What is in force, one sentence each, with who ordered it, when, and how it ends."""
    told = []
    if orders.halted is not None:
        told.append(
            f"Everything is halted {_since(orders.halted, clock)}. `virta resume` lets mails go again."
        )
    for flow, pause in sorted(orders.paused.items()):
        what = f"`{flow}` is paused" if flow else "All marketing is paused"
        if pause.all:
            what += ", its service mails too," if flow else ", service mails too,"
        told.append(
            f"{what} {_since(pause.said, clock)}. `virta resume{f' {flow}' if flow else ''}` ends it."
        )
    for flow, pace in sorted(orders.throttled.items()):
        told.append(
            f"`{flow}` sends at most {pace.per_hour:g} mails an hour {_since(pace.said, clock)}. "
            f"`virta throttle {flow} off` ends it."
        )
    return told


def cancels(rows: Iterable[Instruction], flow: str, clock: ZoneInfo) -> list[str]:
    """How often a flow was cancelled, a sentence each, oldest first."""
    told = []
    for row in rows:
        order = order_of(row)
        if isinstance(order, Cancel) and order.flow == flow:
            who = "everybody under way" if order.mailed == "end" else "whoever had not been mailed"
            issue = f" of {order.issue}" if order.issue else ""
            said = Said(row.at, row.by)
            told.append(f"Cancelled{issue} {_since(said, clock).removeprefix('since ')}: {who} leaves.")
    return told


def _since(said: Said, clock: ZoneInfo) -> str:
    at = datetime.fromtimestamp(said.at // 1000, clock)
    return f"since {at:%Y-%m-%d %H:%M}, by {said.by}"
