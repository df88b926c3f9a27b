"""How many events a second `virta serve` takes in and works on: batches of 100 over HTTP, by real sockets.

Nine of ten events tell that somebody known looked at a product; the tenth is an order, which starts a
journey. The clock runs from the first request until nothing waits in the inbox.
"""

import asyncio
import json
import random
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from engine.calls.recorder import Recorder
from virta.bench.permits import address_of, fill
from virta.bench.process import Process, cpu_of_all, started, virta
from virta.bench.result import Figure, Run, agreed
from virta.bench.shop import PROOF
from virta.bench.sink import Sink
from virta.bench.ten_steps import FLOW, Told, store_of
from virta.bench.wire import connected
from virta.keys import read_or_make_keys
from virta.project.folder import load_project
from virta.wiring import World, open_system

BATCH = 100
CONNECTIONS = 4
PEOPLE = 10_000
_ORDERS = 10
"""One of so many events is an order."""
_ACCEPTED = 202
_KEY = "the bench's own"
_LOOK = 0.05  # seconds between two looks at how far it is
_TOML = """
name = "Bench"
[sender]
name = "Bench"
address = "bench@shop.example"
imprint = "Example Street 1"
[controller]
name = "Bench"
address = "Example Street 1"
contact = "bench@shop.example"
[smtp]
url = "{mail_server}"
[keys]
file = "dev-keys.toml"
[serving]
most_waiting = 100000000
[[api]]
key = "{key}"
"""
_TOPIC = """
topic news "News"
    for marketing
    consent "I want news."
"""


def measure(folder: Path, events: int, told: Told) -> Run:
    """Send `events` events about people who are known."""
    events = max(events // BATCH, 1) * BATCH
    people = min(PEOPLE, events)
    with Sink(folder / "first.eml") as sink:
        _make(folder, sink.url)
        asyncio.run(_know(folder, people))
        requests = _requests(events, people)
        told(0.1, 0)
        with _served(folder) as (process, port):
            return _run(folder, process, port, requests, events, told)


def _run(folder: Path, process: Process, port: int, requests: list[bytes], events: int, told: Told) -> Run:
    taken = [0] * CONNECTIONS
    cpu, mine, began = cpu_of_all(process.pid), time.process_time(), time.perf_counter()
    senders = [
        threading.Thread(target=_send, args=(port, requests[each::CONNECTIONS], taken, each))
        for each in range(CONNECTIONS)
    ]
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        time.sleep(_LOOK)
        told(0.1 + 0.8 * sum(taken) / events, sum(taken))
    answered = time.perf_counter() - began
    worked = 0
    while worked < sum(taken):
        time.sleep(_LOOK)
        worked = _worked_on(port)
    wall = time.perf_counter() - began
    used, mine = cpu_of_all(process.pid) - cpu, time.process_time() - mine
    with sqlite3.connect(f"file:{store_of(folder)}?mode=ro", uri=True) as connection:
        (kept,) = connection.execute("SELECT count(*) FROM inbox").fetchone()
    counts = agreed(
        {"events sent": events, "accepted": sum(taken), "in the inbox": kept, "worked on": worked}
    )
    told(1.0, events)
    return Run(
        events,
        {"ingest": Figure(events / wall)},
        counts,
        {
            "events a second until the last answer": events / answered,
            "CPU an event of the server, µs": used / events * 1e6,
            "CPU an event of who sends them, µs": mine / events * 1e6,
        },
    )


def _make(folder: Path, mail_server: str) -> None:
    (folder / "templates").mkdir()
    (folder / "flows").mkdir()
    (folder / "virta.toml").write_text(_TOML.format(mail_server=mail_server, key=_KEY))
    (folder / "flows" / "ten.flow").write_text(FLOW + _TOPIC)
    (folder / "templates" / "confirm.html").write_text(PROOF)


async def _know(folder: Path, people: int) -> None:
    """So many people have agreed to news before the shop is served."""
    settings, compiled = load_project(folder)
    world = World(Recorder())
    system = await open_system(
        folder, settings, compiled, read_or_make_keys(settings, folder, world.entropy), world
    )
    system.service.write(lambda tx: fill(tx, people))
    await system.close()


def _requests(events: int, people: int) -> list[bytes]:
    """As they go over the wire."""
    dice = random.Random(events)
    found = []
    for first in range(0, events, BATCH):
        batch = [_event(n, address_of(dice.randrange(people))) for n in range(first, first + BATCH)]
        body = json.dumps({"events": batch}).encode()
        head = (
            f"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {_KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


def _event(number: int, email: str) -> dict[str, object]:
    item = {"sku": f"SKU-{number % 500}", "name": "Coffee", "price": {"amount": "12.50", "currency": "EUR"}}
    if number % _ORDERS:
        return {
            "id": f"look-{number}",
            "event": "product_viewed",
            "contact": {"email": email},
            "data": {**item, "category": "coffee"},
        }
    return {
        "id": f"order-{number}",
        "event": "order_placed",
        "contact": {"email": email},
        "data": {"order_id": str(number), "total": item["price"], "items": [item | {"quantity": 1}]},
    }


@contextmanager
def _served(folder: Path) -> Iterator[tuple[Process, int]]:
    """`virta serve` in a process of its own, and its port."""
    process = started(virta("serve", folder, "--port", 0))
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found is not None, "virta serve did not say where it is"
        yield process, int(found[1])
    finally:
        process.terminate()
        process.communicate()


def _send(port: int, requests: list[bytes], taken: list[int], place: int) -> None:
    """One connection's requests, one behind the other."""
    with connected(port) as peer:
        answers = peer.makefile("rb")
        for request in requests:
            peer.sendall(request)
            status, body = _answer(answers)
            told = json.loads(body)
            if status != _ACCEPTED or told["rejected"]:
                return  # the counts will tell
            taken[place] += told["accepted"]


def _answer(answers: BufferedReader) -> tuple[int, bytes]:
    """The next one's status and body."""
    status, length = int(answers.readline().split()[1]), 0
    while (line := answers.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, answers.read(length)


def _worked_on(port: int) -> int:
    """How many events the engine has worked on, as the metrics tell."""
    with connected(port) as peer:
        peer.sendall(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        _, body = _answer(peer.makefile("rb"))
    found = re.search(r"^virta_events_total (\S+)$", body.decode(), re.MULTILINE)
    return int(float(found[1])) if found else 0
