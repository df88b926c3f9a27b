"""An order to the engine of a project: who gives it, what it will mean, and whether it was seen."""

import fcntl
import getpass
import platform
import time
from difflib import get_close_matches
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.delivery.orders import Order, kind_of
from engine.insight.held_back import HeldBack, held_back
from engine.insight.records import open_records
from engine.run.control import ON_WAY
from engine.store.control import open_desk
from engine.store.database import StoreFault, is_held
from engine.store.server import Place, Server
from virta.settings import BrokenProject

_PATIENCE = 10.0
"""Seconds within which a running engine acts on an order, which it looks for each second."""


class Given(Struct, frozen=True):
    """An order that was given. `seen` says that the engine acts by it, null that none runs: then it
    holds from the next start. `on_way` are mails that were on their way when it came into force, null
    where no engine has said so."""

    order: str
    number: int
    by: str
    at: int
    seen: bool | None
    on_way: int | None


def folder_of(flow: str, folder: Path) -> tuple[str, Path]:
    """The flow and the project's folder; where one word was given, and that is a project's, it is the
    folder."""
    if flow and folder == Path() and (Path(flow) / "virta.toml").is_file():
        return "", Path(flow)
    return flow, folder


def look(store: Place, flow: str = "", then: Order | None = None) -> HeldBack:
    """What is held back now, or would be. Raises `BrokenProject`, also for a flow that never ran."""
    try:
        with open_records(store) as records:
            found = held_back(records, now(), then)
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    if flow and flow not in found.known:
        near = get_close_matches(flow, found.known, 1)
        hint = f" Did you mean `{near[0]}`?" if near else f" There are: {', '.join(found.known) or 'none'}."
        raise BrokenProject(f"No flow `{flow}` has run here.{hint}")
    return found


def give(store: Place, order: Order) -> Given:
    """Write the order down, and wait until a running engine acts by it. Raises `BrokenProject`."""
    by, at = author(), now()
    try:
        with open_desk(store) as desk:
            number = desk.instruct(kind_of(order), msgspec.json.encode(order), by, at)
            seen = desk.wait_for(number, _PATIENCE) if is_running(store) else None
            on_way = desk.note(ON_WAY) if seen else None
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    return Given(kind_of(order), number, by, at, seen, on_way)


def is_running(store: Place) -> bool:
    """Whether an engine works with this database now."""
    if isinstance(store, Server):
        return is_held(store)
    try:
        with store.with_suffix(".lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def author() -> str:
    """Who gives orders here, as in `anna at shop1`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may know no names
        user = "somebody"
    return f"{user} at {platform.node()}"


def now() -> int:
    """ms UTC by the wall's clock."""
    return time.time_ns() // 1_000_000
