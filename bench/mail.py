"""Where the CPU of a whole mail goes, stage by stage, in the run that `virta bench --only mail_cpu_us` does.

python bench/mail.py [MAILS]
"""

import logging
import sys
import tempfile
from pathlib import Path

from stages import Stages, lines

from consent.service import Service
from engine.delivery.mailer import Mailer
from engine.delivery.smtp import Connection
from engine.delivery.writing import Writing
from engine.run import stock
from engine.store.database import Database
from virta.bench import mail
from virta.bench.result import Run
from virta.bench.ten_steps import Told
from virta.logs import set_up_logs
from virta.wiring import System


def watch_all() -> Stages:
    """What is done for each mail, by what it is for."""
    stages = Stages()
    stages.watch(Service, "read", "decide, links included")
    stages.watch(Service, "write", "claim and settle")
    stages.watch(Writing, "_write", "template and MIME")
    stages.watch(Mailer, "send", "hand over")
    stages.watch(Connection, "data_received", "hand over")
    stages.watch(Database, "_transact", "engine store")
    stages.watch(Database, "_look", "engine store")
    stages.watch(stock, "advance", "engine core")
    return stages


def main() -> None:
    """Measure and print."""
    set_up_logs(logging.ERROR)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    stages = watch_all()

    kept: dict[str, float] = {}
    deliver = mail.deliver

    async def delivered(system: System, told: Told, count: int) -> tuple[float, float]:
        """As it is, with the stages of nothing else."""
        stages.seconds.clear()
        found = await deliver(system, told, count)
        kept.update(stages.seconds)
        return found

    mail.deliver = delivered
    with tempfile.TemporaryDirectory() as folder:
        run = mail.measure(Path(folder), count, lambda done, sent: None)
    report(run, kept)


def report(run: Run, seconds: dict[str, float]) -> None:
    """One line a stage."""
    cost = run.figures["mail"].value
    print(f"{run.size:,} mails of {run.also['bytes on the wire']:,.0f} bytes: {cost:,.0f} µs CPU a mail")
    print("\n".join(lines(cost, seconds, run.size, "loop, threads and the rest")))
    print(f"counted alike: {', '.join(run.counts)} ({run.size:,})")


if __name__ == "__main__":
    main()
