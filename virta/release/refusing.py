"""That a release cannot run where Virta runs: written down by the engine, for whoever applied it."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from engine.run.control import BY_ENGINE
from engine.store.control import Instruction
from engine.store.store import Store

_KIND = "release refused"


class _Refusal(Struct, frozen=True):
    release: int
    why: str


async def refuse(store: Store, release: int, why: str, now: int) -> None:
    """Write down that the release of this number cannot run here; `now` is ms UTC. Raises `StoreFault`."""
    await store.instruct(_KIND, msgspec.json.encode(_Refusal(release, why)), BY_ENGINE, now)


def refusals(rows: Iterable[Instruction]) -> dict[int, str]:
    """Why releases could not run, by number."""
    told = [row.body for row in rows if row.kind == _KIND and row.by == BY_ENGINE]
    return {each.release: each.why for each in (msgspec.json.decode(body, type=_Refusal) for body in told)}
