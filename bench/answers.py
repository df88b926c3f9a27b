"""How long the answer to a sign-up takes, by who it is for: whether its time tells what its bytes do not.

    python bench/answers.py [TIMES]          measure and print
    python bench/answers.py [TIMES] --write  write docs/attacks.json too, and the figures of docs/attacks.md

The form is sent to the pages of a project whose stores sync every commit, in rounds: one address of each
kind, in an order that is drawn anew. First each is answered as soon as the work is done, which shows what
there is to tell; then as `virta serve` answers: on a quiet machine, while thirty others a second sign up, and
while the store is held up for up to a second again and again, so that much of the work takes longer than the
shortest answer.

Beside the times stands how often somebody guesses right who sees one answer and is to say whether it was for
a new address or one of this kind. The bound by which they guess is learned on one half of the answers and
tried on the other half, and the other way round. Chance alone gives 46 to 54 % with 400 answers of each kind,
in nineteen cases of twenty. Figures are printed only if all answers were the same, byte for byte.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import httpx2

from consent.app.limits import Admission, Limits
from consent.app.pace import Pace
from consent.contract import Ask, MailClass, Outcome, Settlement, SignUp, Visit
from consent.keys import Keys
from engine.calls.recorder import Recorder
from virta.bench.shop import compiled, opened
from virta.keys import ProjectKeys
from virta.logs import set_up_logs
from virta.wiring import System, World, wall_clock

TIMES = 400
KINDS = ("new", "waiting", "agreed", "left", "complained", "not me", "erased", "too often")
FLOW = """
topic news "News"
    for marketing
    consent "I want news."

flow hello "Hello"
    topic news
    start on subscribed

    send hello
"""
HELLO = (
    '---\nsubject: Hello\n---\n<p><a href="{{ links.unsubscribe }}">no more</a> {{ sender.imprint }}</p>\n'
)
PROJECT = compiled(FLOW, {"hello": HELLO})
KEYS = ProjectKeys(Keys.random(os.urandom), os.urandom(32))
FREELY = Limits(per_domain=10**6, in_all=10**6, per_visitor=10**6)
ROUND = 0.5  # seconds from one round to the next, where answers are waited for side by side
APART = 0.02  # seconds from one wish of a round to the next
OTHERS = 1 / 30  # seconds from one wish of somebody else to the next, where it is busy
DOCS = Path(__file__).parents[1] / "docs"
PLACE = re.compile(r"(?<=<!-- answers -->\n).*?(?=<!-- /answers -->)", re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Way(NamedTuple):
    """One way to answer, and what goes on meanwhile."""

    name: str
    even: bool = True
    busy: bool = False
    stalled: bool = False


WAYS = (Way("at once", even=False), Way("quiet"), Way("busy", busy=True), Way("stalled", stalled=True))
Times = dict[str, list[float]]


def address(way: Way, kind: str, number: int) -> str:
    """One of a kind; nothing about its letters tells which."""
    name = f"{way.name}/{kind}/{number}"
    return f"{hashlib.sha256(name.encode()).hexdigest()[:16]}@example.com"


async def ask(system: System, email: str) -> tuple[str, str]:
    """Sign up; the tokens to confirm and to refuse."""
    await system.consent.sign_up(SignUp(email, ("news",), "en", "bench", visit=Visit()))
    [proof] = await system.consent.proofs()
    [decision] = await system.consent.decide([proof.ask])
    claimed = await system.consent.claim("bench", [proof.ask], [])
    given = [Settlement(permit.key, 1, Outcome.ACCEPTED) for permit in claimed.permits]
    await system.consent.settle("bench", given)
    return decision.links.confirm.rpartition("/")[2], decision.links.refuse.rpartition("/")[2]


async def complain(system: System, subject: str) -> None:
    """A mail goes there, and is called spam."""
    key = os.urandom(16).hex()
    [template] = [one for one in PROJECT.templates if one.name == "hello"]
    mail = Ask(key, 1, subject, MailClass.MARKETING, "news", template.digest)
    claimed = await system.consent.claim("bench", [mail], [])
    assert len(claimed.permits) == 1, claimed.denied
    await system.consent.settle("bench", [Settlement(key, 1, Outcome.ACCEPTED)])
    assert await system.consent.complained(key) == "new"


async def prepare(system: System, times: int) -> None:
    """As many people of each kind as are asked for, for each way to answer."""
    erased = []
    for way in WAYS:
        for number in range(times):
            for kind in ("agreed", "left", "complained", "erased"):
                token, _ = await ask(system, address(way, kind, number))
                subject = (await system.consent.confirm(token, Visit())).subject
                if kind == "left":
                    link = system.service.parts.tokens.unsubscribe(subject, "").rpartition("/")[2]
                    await system.consent.withdraw(link, "page", True, Visit())
                if kind == "complained":
                    await complain(system, subject)
                if kind == "erased":
                    await system.consent.erase(subject, "operator:bench")
                    erased.append(subject)
            _, token = await ask(system, address(way, "not me", number))
            await system.consent.refuse(token, Visit())
    await system.consent.forgotten(erased)
    for way in WAYS:
        for number in range(times):
            for kind in ("waiting", "too often"):
                wish = SignUp(address(way, kind, number), ("news",), "en", "bench", visit=Visit())
                await system.consent.sign_up(wish)


class Visitor:
    """Sends the form and looks at the clock."""

    def __init__(self, system: System) -> None:
        transport = httpx2.ASGITransport(system.pages, client=("192.0.2.7", 50123))
        self._http = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025", timeout=60)
        self._fields: dict[str, str] = {}
        self.answers: set[tuple[int, bytes, str]] = set()

    async def send(self, email: str) -> float:
        """Milliseconds until the answer is there."""
        self._fields = self._fields or dict(HIDDEN.findall((await self._http.get("/signup")).text))
        form = {**self._fields, "email": email, "topic": "news"}
        began = time.perf_counter()
        answer = await self._http.post("/signup", data=form)
        took = (time.perf_counter() - began) * 1000
        self.answers.add((answer.status_code, answer.content, str(answer.headers)))
        return took


@contextlib.asynccontextmanager
async def going_on(system: System, way: Way, visitor: Visitor) -> AsyncIterator[None]:
    """What else happens while it is measured."""
    tasks: set[asyncio.Task[object]] = set()
    over = asyncio.Event()

    async def others() -> None:
        while not over.is_set():
            one: asyncio.Task[object] = asyncio.create_task(
                visitor.send(f"{os.urandom(8).hex()}@example.com")
            )
            tasks.add(one)
            await asyncio.sleep(OTHERS)

    async def stalls() -> None:
        loop, dice = asyncio.get_running_loop(), random.Random(2)
        while not over.is_set():
            await loop.run_in_executor(system.service.writer, time.sleep, dice.uniform(0.2, 1))
            await asyncio.sleep(0.2)

    if way.busy:
        tasks.add(asyncio.create_task(others()))
    if way.stalled:
        tasks.add(asyncio.create_task(stalls()))
    yield
    over.set()
    await asyncio.gather(*tasks)


async def measured(folder: Path, way: Way, times: int) -> Times:
    """Milliseconds of each answer, by kind."""
    found: Times = {kind: [] for kind in KINDS}
    dice = random.Random(1)
    admission = Admission(FREELY, wall_clock)
    world = World(Recorder(), wall_clock, admission=admission, pace=Pace(os.urandom) if way.even else None)
    system = await opened(folder, PROJECT, world=world, keys=KEYS)
    visitor = Visitor(system)
    await visitor.send("first@example.com")  # which loads what is loaded once

    async def one(kind: str, number: int, later: float) -> None:
        await asyncio.sleep(later)
        found[kind].append(await visitor.send(address(way, kind, number)))

    async def round_(number: int) -> None:
        order = dice.sample(KINDS, len(KINDS))
        for _ in range(FREELY.per_address):
            admission.admit(address(way, "too often", number))
        if way.even:
            await asyncio.gather(*(one(kind, number, place * APART) for place, kind in enumerate(order)))
        else:
            for kind in order:
                await one(kind, number, 0)

    async with going_on(system, way, visitor):
        rounds = []
        for number in range(times):
            if way.even:
                rounds.append(asyncio.create_task(round_(number)))
                await asyncio.sleep(ROUND)
            else:
                await round_(number)
        await asyncio.gather(*rounds)
    await system.close()
    if len(visitor.answers) != 1 or next(iter(visitor.answers))[0] != 200:
        raise SystemExit(f"The answers differ: {sorted(status for status, *_ in visitor.answers)}")
    return found


async def all_measured(times: int) -> dict[str, Times]:
    """Each way in turn, on one store."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        quick = World(Recorder(), wall_clock, durable=False)
        system = await opened(folder, PROJECT, world=quick, keys=KEYS)
        await prepare(system, times)
        await system.close()
        return {way.name: await measured(folder, way, times) for way in WAYS}


def guessed(one: Sequence[float], other: Sequence[float]) -> float:
    """The share of right guesses between two kinds, per cent, by a bound that was learned on other answers
    than it is tried on."""
    right = 0
    for half in (0, 1):
        bound, is_one = learned(one[half::2], other[half::2])
        right += sum((each <= bound) == is_one for each in one[1 - half :: 2])
        right += sum((each <= bound) != is_one for each in other[1 - half :: 2])
    return right / (len(one) + len(other)) * 100


def learned(one: Sequence[float], other: Sequence[float]) -> tuple[float, bool]:
    """The best bound between two kinds, and whether it is the first that lies below."""
    best, found = 0.0, (0.0, True)
    for bound in (*one, *other):
        below = sum(each <= bound for each in one) / len(one)
        above = sum(each > bound for each in other) / len(other)
        share = (below + above) / 2
        if max(share, 1 - share) > best:
            best, found = max(share, 1 - share), (bound, share >= 0.5)
    return found


def figures(ways: Mapping[str, Times]) -> dict[str, dict[str, dict[str, float]]]:
    """By way and kind: median, nineteen in twenty, and how well a kind is told from a new address."""
    return {
        way: {
            kind: {
                "median": round(statistics.median(taken), 1),
                "p95": round(sorted(taken)[int(len(taken) * 0.95)], 1),
                "guessed": round(guessed(found["new"], taken), 1),
            }
            for kind, taken in found.items()
        }
        for way, found in ways.items()
    }


def table(told: Mapping[str, Mapping[str, Mapping[str, float]]], times: int) -> str:
    """The figures as the page shows them."""
    rows = []
    for kind in KINDS:
        cells = [kind]
        for way in WAYS:
            row = told[way.name][kind]
            guess = "" if kind == "new" else f", {row['guessed']:.0f} %"
            cells.append(f"{row['median']:.0f} ms{guess}")
        rows.append(f"| {' | '.join(cells)} |")
    title = f"| address, {times} answers each | once it is done | at the pace | busy | the store stalls |"
    return "\n".join((title, "|---|---|---|---|---|", *rows, ""))


def main() -> None:
    """Measure, print, and write if asked to."""
    set_up_logs(logging.CRITICAL)
    words = [word for word in sys.argv[1:] if word != "--write"]
    times = int(words[0]) if words else TIMES
    told = figures(asyncio.run(all_measured(times)))
    print(table(told, times))
    if "--write" in sys.argv:
        (DOCS / "attacks.json").write_text(json.dumps({"times": times, "answers": told}, indent=1) + "\n")
        page = DOCS / "attacks.md"
        page.write_text(PLACE.sub(lambda _: table(told, times), page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
