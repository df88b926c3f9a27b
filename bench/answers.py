"""How long the answer to a sign-up takes, by who it is for: whether its time tells what its bytes do not.

    python bench/answers.py [TIMES]          measure and print
    python bench/answers.py [TIMES] --write  write docs/attacks.json too, and the figures of docs/attacks.md

The form is sent to the pages of a project whose stores sync every commit, in rounds: one address of each
kind, in an order that is drawn anew. Beside the times stands how often somebody guesses right who sees one
answer and is to say whether it was for a new address or one of this kind, by the best bound there is: 50 % is
chance (with few answers a little more, since the bound is found by the answers themselves).
Figures are printed only if all answers were the same, byte for byte.
"""

import asyncio
import hashlib
import json
import logging
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2

from consent.contract import SignUp, Visit
from virta.bench.shop import compiled, opened
from virta.logs import set_up_logs
from virta.wiring import System

TIMES = 200
KINDS = ("new", "waiting", "agreed", "left", "erased", "entered again")
FLOW = """
topic news "News"
    for marketing
    consent "I want news."

flow hello "Hello"
    topic news
    start on subscribed

    finish
"""
DOCS = Path(__file__).parents[1] / "docs"
PLACE = re.compile(r"(?<=<!-- answers -->\n).*?(?=<!-- /answers -->)", re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def address(kind: str, number: int) -> str:
    """One of a kind; nothing about its letters tells which."""
    return f"{hashlib.sha256(f'{kind}/{number}'.encode()).hexdigest()[:16]}@example.com"


async def join(system: System, email: str) -> str:
    """Sign up and confirm; the person's id."""
    await system.consent.sign_up(SignUp(email, ("news",), "en", "bench", visit=Visit()))
    [proof] = await system.consent.proofs()
    [decision] = await system.consent.decide([proof.ask])
    return (await system.consent.confirm(decision.links.confirm.rpartition("/")[2], Visit())).subject


async def prepared(system: System, times: int) -> None:
    """As many people of each kind as are asked for."""
    for number in range(times):
        for kind in ("agreed", "left", "erased"):
            subject = await join(system, address(kind, number))
            if kind == "left":
                token = system.service.parts.tokens.unsubscribe(subject, "").rpartition("/")[2]
                await system.consent.withdraw(token, "page", True, Visit())
            if kind == "erased":
                await system.consent.erase(subject, "operator:bench")
                await system.consent.forgotten([subject])
    for number in range(times):
        for kind in ("waiting", "entered again"):
            wish = SignUp(address(kind, number), ("news",), "en", "bench", visit=Visit())
            await system.consent.sign_up(wish)


async def measured(times: int) -> dict[str, list[float]]:
    """Milliseconds of each answer, by kind."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    answers: set[tuple[int, bytes]] = set()
    dice = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        system = await opened(Path(name), compiled(FLOW, {}))
        await prepared(system, times)
        transport = httpx2.ASGITransport(system.pages, client=("192.0.2.7", 50123))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as http:
            fields = dict(HIDDEN.findall((await http.get("/signup")).text))
            for number in range(times):
                for kind in dice.sample(KINDS, len(KINDS)):
                    form = {**fields, "email": address(kind, number), "topic": "news"}
                    began = time.perf_counter()
                    answer = await http.post("/signup", data=form)
                    found[kind].append((time.perf_counter() - began) * 1000)
                    answers.add((answer.status_code, answer.content))
        await system.close()
    if len(answers) != 1 or next(iter(answers))[0] != 200:
        raise SystemExit(f"The answers differ: {sorted(status for status, _ in answers)}")
    return found


def guessed(one: Sequence[float], other: Sequence[float]) -> float:
    """The share of right guesses by the best bound between two kinds, per cent."""
    best = 0.5
    for bound in (*one, *other):
        below = sum(each <= bound for each in one) / len(one)
        above = sum(each > bound for each in other) / len(other)
        best = max(best, (below + above) / 2, 1 - (below + above) / 2)
    return best * 100


def figures(found: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    """Median, nineteen in twenty, and how well a kind is told from a new address."""
    return {
        kind: {
            "median": round(statistics.median(taken), 1),
            "p95": round(sorted(taken)[int(len(taken) * 0.95)], 1),
            "guessed": round(guessed(found["new"], taken), 0),
        }
        for kind, taken in found.items()
    }


def table(told: Mapping[str, Mapping[str, float]], times: int) -> str:
    """The figures as the page shows them."""
    rows = [
        f"| {kind} | {row['median']:.1f} ms | {row['p95']:.1f} ms | {row['guessed']:.0f} % |"
        for kind, row in told.items()
    ]
    title = f"| address, {times} answers each | median | 19 of 20 within | told from a new one |"
    return "\n".join((title, "|---|---|---|---|", *rows, ""))


def main() -> None:
    """Measure, print, and write if asked to."""
    set_up_logs(logging.CRITICAL)
    words = [word for word in sys.argv[1:] if word != "--write"]
    times = int(words[0]) if words else TIMES
    told = figures(asyncio.run(measured(times)))
    print(table(told, times))
    if "--write" in sys.argv:
        (DOCS / "attacks.json").write_text(json.dumps({"times": times, "answers": told}, indent=1) + "\n")
        page = DOCS / "attacks.md"
        page.write_text(PLACE.sub(lambda _: table(told, times), page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
