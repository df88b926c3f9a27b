"""`virta simulate`: a project's flows on a virtual clock, with the real gate and a real mail server."""

import asyncio
import contextlib
import logging
import random
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from consent.contract import Unavailable
from dsl.compile import Compiled
from engine.calls.recorder import Recorder
from engine.core.record import What
from engine.delivery.login import ServerFault
from engine.insight.figures import figures
from engine.returns.at_once import every_mail
from engine.run.simulate import Simulation, VirtualClock
from engine.store.database import StoreFault
from virta.disk_fault import disk_fault
from virta.keys import ProjectKeys, read_or_make_keys
from virta.logs import set_up_logs
from virta.mailbox.reader import mails
from virta.mailbox.running import MailboxFailed, Running, start
from virta.project.folder import load_sound_project
from virta.replay.acts import Replay, ReplayFault
from virta.replay.simulation_report import Report, row_of, show
from virta.settings import Api, ApiScope, BrokenProject, Settings
from virta.terminal.progress import Bar
from virta.visitors import Act, BrokenActs, SignsUp, read_acts
from virta.wiring import World, open_system

_DAY = 86_400_000
_KEY = "the replay's own"


def simulate(
    folder: Path = Path("."),
    *,
    visitors: Path,
    days_after: int = 120,
    keep: bool = False,
    seed: int = 1,
    format: Literal["text", "json"] = "text",
) -> int:
    """Replay what visitors do on a virtual clock: every mail passes the consent gate and reaches a mailbox.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    visitors
        A file of acts, one JSON object a line; docs/replay.md has the form.
    days_after
        How many days the clock runs on after the last act.
    keep
        Leave the stores and the mailbox in the project's own folder, which must have none yet.
    seed
        What the ids of people are drawn from: the same seed, acts and keys give the same journal.
    format
        text for people, json for programs.
    """
    set_up_logs(logging.ERROR)
    if days_after < 0:
        raise BrokenProject("--days-after must not be negative.")
    acts = _acts(visitors)
    settings, compiled = load_sound_project(folder)
    keys = read_or_make_keys(settings, folder, secrets.token_bytes)
    kept = folder / settings.stores.folder if keep else None
    try:
        with _stores(kept) as stores, start(stores / "mailbox") as mailbox:
            settings = _redirected(settings, mailbox, stores)
            report = asyncio.run(
                _play(folder, settings, compiled, keys, acts, days_after, seed, mailbox.folder)
            )
    except ReplayFault as fault:
        raise BrokenProject(f"The replay cannot go on: {fault}") from None
    except (MailboxFailed, ServerFault, StoreFault, Unavailable) as fault:
        raise BrokenProject(f"The simulation cannot go on: {fault}") from None
    except OSError as fault:
        raise disk_fault(fault, kept or Path(tempfile.gettempdir()), "used") from None
    if format == "json":
        print(msgspec.json.format(msgspec.json.encode(report)).decode())
    else:
        show(report)
    return 0


def _acts(visitors: Path) -> list[Act]:
    try:
        acts = list(read_acts(visitors))
    except BrokenActs as fault:
        raise BrokenProject(str(fault)) from None
    if not acts:
        raise BrokenProject(f"{visitors} holds no acts.")
    return acts


@contextlib.contextmanager
def _stores(kept: Path | None) -> Iterator[Path]:
    """A folder to play in. What is kept gets its name only when all of it is there."""
    if kept is None:
        with tempfile.TemporaryDirectory() as elsewhere:
            yield Path(elsewhere)
        return
    if kept.exists():
        raise BrokenProject(
            f"{kept} is there already, and a simulation never writes into real stores. "
            "Move it away, or leave out --keep."
        )
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".simulation-", dir=kept.parent) as nearby:
        stores = Path(nearby) / "stores"
        stores.mkdir()
        yield stores
        stores.rename(kept)


@dataclass(slots=True)
class _Count:
    """Mails in the mailbox, counted as it grows."""

    mailbox: Path
    mails: int = 0
    _read: int = 0

    def so_far(self) -> int:
        for mail in mails(self.mailbox, self._read):
            self._read = mail.end
            self.mails += 1
        return self.mails


async def _play(
    folder: Path,
    settings: Settings,
    compiled: Compiled,
    keys: ProjectKeys,
    acts: list[Act],
    days_after: int,
    seed: int,
    mailbox: Path,
) -> Report:
    began = time.monotonic()
    clock = VirtualClock(acts[0].at)
    world = World(Recorder(), clock, random.Random(seed).randbytes, durable=False, delivers=every_mail)
    system = await open_system(folder, settings, compiled, keys, world)
    replay = Replay(system.pages, settings.url, _KEY, mailbox, system.store.handed, system.measurement)
    simulation = Simulation(clock, system.queue, system.dispatch, system.proofs, system.runner, system.caller)
    first, until = acts[0].at, acts[-1].at + days_after * _DAY
    count = _Count(mailbox)
    try:
        await system.start()
        with Bar("Simulating", until - first, "mails") as bar:
            await simulation.play(
                replay.acts(iter(acts)), until, lambda moment: bar.at(moment - first, count.so_far())
            )
        assert compiled.program is not None
        journal = await system.store.journal()
        rows = figures(
            compiled.program.flows,
            journal,
            await system.store.history(),
            ZoneInfo(settings.time_zone),
        )
    finally:
        await system.close()
    sent = count.so_far()
    by_flows = sum(row.sent for row in rows)
    to_team = sum(entry.what == What.TOLD and not entry.reason for entry in journal)
    return Report(
        len({act.email for act in acts}),
        len({act.email for act in acts if isinstance(act, SignsUp)}),
        len(acts),
        dict(sorted(replay.undone.items())),
        sent,
        sent - by_flows - to_team,
        to_team,
        round(time.monotonic() - began, 1),
        tuple(row_of(row) for row in rows),
    )


def _redirected(settings: Settings, mailbox: Running, stores: Path) -> Settings:
    """The project with the mailbox as its mail server, its stores elsewhere, and a key for the replay. Over
    one connection mails arrive in the order in which they go: several would overtake each other."""
    smtp = msgspec.structs.replace(
        settings.smtp, url=mailbox.url, user="", password="", per_second=0, connections=1
    )
    return msgspec.structs.replace(
        settings,
        smtp=smtp,
        stores=msgspec.structs.replace(settings.stores, folder=str(stores.resolve())),
        api=(Api(key=_KEY, scopes=get_args(ApiScope)),),
    )
