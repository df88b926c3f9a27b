"""What a permit costs by way of HTTP, to a consent service in a process of its own, against one in process.

    python bench/consent_over_http.py [SUBJECTS]

Prints the CPU of all processes per mail, claim and settlement together, in batches of 256, 16 and 1: one and
the other in turns on two equal stores, with `synchronous=FULL`, five rounds, the least of each."""

import asyncio
import os
import pickle
import shutil
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import uvloop
from starlette.applications import Starlette
from starlette.routing import Mount

from consent.app.access import Access, make_key
from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.app.routes import Tally, build_app
from consent.calls import PREFIX, Scope
from consent.client import InProcess
from consent.client.remote import Remote
from consent.contract import Claimed, ConsentClient, Outcome, Settlement
from consent.keys import Keys
from virta.bench.permits import fill, opened, some_asks
from virta.bench.process import cpu_of_all, started
from virta.bench.result import agreed
from virta.listening import listen, pages_of, place_of
from virta.wiring import wall_clock

BATCHES = ((256, 5_120), (16, 1_600), (1, 200))
ROUNDS = 5
ACCESS = "consent.access"


async def serve(folder: Path) -> None:
    """Answer on a port of its own, which is told on standard output, until standard input ends."""
    keys: Keys = pickle.loads((folder / "keys").read_bytes())
    with closing(opened(folder, keys)) as service, closing(listen("127.0.0.1", 0)) as listener:
        front = Fronted(service, Admission(Limits(), wall_clock))
        calls = build_app(front, Access(folder / ACCESS), asyncio.Event(), Tally())
        pages = pages_of(Starlette(routes=[Mount(PREFIX.rstrip("/"), calls)]))
        serving = asyncio.create_task(pages.serve(sockets=[listener]))
        print(place_of(listener), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        pages.should_exit = True
        await serving


async def carry(client: ConsentClient, people: list[str], batch: int, mails: int) -> int:
    """Claim and settle so many mails; the permits that there were."""
    before: list[Settlement] = []
    given = 0
    for _ in range(mails // batch):
        claimed: Claimed = await client.claim("bench", some_asks(people, batch), before)
        before = [Settlement(one.key, one.attempt, Outcome.ACCEPTED, 250) for one in claimed.permits]
        given += len(before)
    await client.settle("bench", before)
    return given


async def cost(client: ConsentClient, people: list[str], batch: int, mails: int) -> float:
    """Microseconds of CPU of all processes for a mail."""
    began = cpu_of_all(os.getpid())
    agreed({"mails": mails, "permits": await carry(client, people, batch, mails)})
    return (cpu_of_all(os.getpid()) - began) / mails * 1e6


async def measure(here: Path, there: Path, people: list[str], keys: Keys, url: str) -> None:
    """Both ways in turns."""
    key = make_key(there / ACCESS, "bench", [Scope.ENGINE], os.urandom, 0)
    remote = Remote(url, key)
    with closing(opened(here, keys)) as service:
        near = InProcess(service)
        for batch, mails in BATCHES:
            costs: tuple[list[float], list[float]] = ([], [])
            for _ in range(ROUNDS):
                costs[0].append(await cost(near, people, batch, mails))
                costs[1].append(await cost(remote, people, batch, mails))
            least, far = min(costs[0]), min(costs[1])
            print(
                f"batches of {batch:3}: {least:7.1f} µs in process, {far:7.1f} over HTTP, "
                f"{far - least:6.1f} more",
                flush=True,
            )
    await remote.close()


def main() -> None:
    """Fill two stores alike, and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        here, there = Path(folder, "here"), Path(folder, "there")
        here.mkdir()
        keys = Keys.random(os.urandom)
        with closing(opened(here, keys)) as service:
            people = service.write(lambda tx: fill(tx, count))
        shutil.copytree(here, there)
        (there / "keys").write_bytes(pickle.dumps(keys))
        print(f"{count:,} subjects, synchronous=FULL")
        process = started([sys.executable, __file__, "serve", str(there)])
        assert process.stdin is not None
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(measure(here, there, people, keys, url))
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(Path(sys.argv[2])))
    else:
        main()
