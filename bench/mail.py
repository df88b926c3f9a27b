"""What a whole mail costs, from an event in the inbox to the reply of an SMTP server, every commit synced.

    python bench/mail.py [MAILS]

A flow of one marketing send, a template that gives 16 kB of HTML, one mail a person. CPU is that of this
process, all threads; the mail server is a process of its own and not counted. The figures are printed only if
inbox, claims, settlements, journal and mail server agree on how many mails there were.
"""

import asyncio
import logging
import os
import platform
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from claims import fill
from sqlalchemy import func, select

from consent.keys import Keys
from consent.service import Service
from consent.store import decisions
from dsl.compile import Compiled, Project, compile_project
from engine.calls.recorder import Recorder
from engine.core.record import What
from engine.delivery.mailer import Mailer
from engine.delivery.smtp import Connection
from engine.delivery.writing import Writing
from engine.run import stock
from engine.store.database import Database
from virta.keys import ProjectKeys
from virta.logs import set_up_logs
from virta.mailbox import mails, start
from virta.settings import Controller, Sender, Settings, Smtp
from virta.wiring import System, World, open_system, wall_clock
from web.api.inbox import NewEvent

T = TypeVar("T")
FLOW = """
use shop
contact
    first_name text
topic news "News"
    for marketing
    consent "I want news."
topic orders "Orders"
    for service
flow tips "Tips"
    topic orders
    start on order_placed
    one journey per trigger.order_id

    send tips
        topic news
    wait 2 days
    finish as served
"""
ROW = '<tr><td style="padding:8px 24px"><h2>Grind {{ trigger.order_id }}</h2><p>%s</p></td></tr>\n'
WORDS = "Weigh the coffee, rinse the paper, pour slowly and give the bed half a minute to bloom. "
TEMPLATE = (
    "---\nsubject: Tips for your coffee, {{ contact.first_name | default('friend') }}\n---\n"
    "<html><body><table>\n"
    + (ROW % (WORDS * 4)) * 36
    + '</table><p>{{ sender.imprint }} <a href="{{ links.unsubscribe }}">Unsubscribe</a></p></body></html>\n'
)
PROOF = (
    '---\nsubject: Confirm\n---\n<p>{{ wording }} <a href="{{ links.confirm }}">yes</a>'
    ' <a href="{{ links.refuse }}">no</a></p>\n'
)


class Stages:
    """CPU seconds by stage, taken in the thread that does the work."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def watch(self, owner: object, name: str, stage: str) -> None:
        """Count the time of a synchronous method, without what other stages within it take."""
        method = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            began, before = time.thread_time(), sum(self.seconds.values())
            try:
                return method(*arguments, **named)
            finally:
                within = sum(self.seconds.values()) - before
                spent = max(time.thread_time() - began - within, 0.0)
                self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

        setattr(owner, name, timed)


def watch_all() -> Stages:
    stages = Stages()
    stages.watch(Service, "read", "decide, links included")
    stages.watch(Service, "write", "claim and settle")
    stages.watch(Writing, "_write", "template and MIME")
    stages.watch(Mailer, "send", "hand over")
    stages.watch(Connection, "data_received", "hand over")
    stages.watch(Database, "_transact", "engine store")
    stages.watch(stock, "advance", "engine core")
    return stages


def compiled() -> Compiled:
    found = compile_project(
        Project(
            (("tips.flow", FLOW.encode()),),
            (("templates/tips.html", TEMPLATE.encode()), ("templates/confirm.html", PROOF.encode())),
            ("en",),
            "EUR",
            "UTC",
            date(2026, 1, 1),
        )
    )
    if found.program is None:
        raise SystemExit("\n".join(finding.message for finding in found.findings))
    return found


async def measure(folder: Path, count: int) -> None:
    stages = watch_all()
    with start(folder / "mailbox") as mailbox:
        settings = Settings(
            name="bench",
            sender=Sender(name="Bench", address="bench@shop.example", imprint="Example Street 1"),
            controller=Controller(name="Bench", address="Example Street 1", contact="bench@shop.example"),
            smtp=Smtp(url=mailbox.url),
        )
        keys = ProjectKeys(Keys.random(os.urandom), os.urandom(32))
        system = await open_system(folder, settings, compiled(), keys, World(Recorder()))
        people = system.service.write(lambda tx: fill(tx, count))
        await deliver(system, people, folder / "mailbox", stages)


async def deliver(system: System, people: list[str], mailbox: Path, stages: Stages) -> None:
    now = wall_clock()
    for first in range(0, len(people), 1000):
        batch = [
            NewEvent(f"order-{first + n}", "order_placed", None, person, now, {"order_id": f"{first + n}"})
            for n, person in enumerate(people[first : first + 1000])
        ]
        reasons = await system.inbox.accept_events(batch)
        assert reasons == [None] * len(batch), reasons[0]
    await system.start()
    stages.seconds.clear()
    wall, cpu = time.perf_counter(), time.process_time()
    tasks = [asyncio.create_task(system.runner.run()), asyncio.create_task(system.dispatch.run())]
    while not done(system):  # noqa: ASYNC110 - the bench looks on from outside
        await asyncio.sleep(0.05)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    sent = [entry for entry in await system.store.journal() if entry.what == What.SENT]
    claimed, settled = system.service.read(
        lambda reading: (
            reading.conn.scalar(select(func.count()).select_from(decisions)),
            reading.conn.scalar(
                select(func.count()).select_from(decisions).where(decisions.c.outcome == "accepted")
            ),
        )
    )
    ids = [mail.message_id for mail in mails(mailbox)]
    await system.close()
    counts = {len(people), len(sent), settled, claimed, len(ids), len(set(ids))}
    if len(counts) != 1:
        raise SystemExit(f"The counts do not agree: {counts}; no figures.")
    report(len(people), wall, cpu, stages, len(next(mails(mailbox)).content))


def done(system: System) -> bool:
    """Whether nothing waits any more."""
    return system.runner.idle and not system.runner.open_mails


def report(count: int, wall: float, cpu: float, stages: Stages, size: int) -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    speed, cost = count / wall, cpu / count * 1e6
    print(f"{count:,} mails of {size:,} bytes: {speed:,.0f} mails/s, {cost:,.0f} µs CPU a mail")
    rest = cpu - sum(stages.seconds.values())
    for stage, seconds in [*stages.seconds.items(), ("loop, threads and the rest", rest)]:
        print(f"  {seconds / count * 1e6:6.0f} µs  {stage}")


def main() -> None:
    set_up_logs(logging.ERROR)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), count))


if __name__ == "__main__":
    main()
