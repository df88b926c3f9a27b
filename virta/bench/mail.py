"""What a whole mail costs, from an event in the inbox to the reply of a mail server, every commit synced.

A flow of one marketing send, a template that gives 16 kB of HTML, one mail a person, unsigned. CPU is that of
Virta's process, all its threads. The floor: the same bytes rendered by Jinja and pushed through a bare socket
to the same mail server, which is a process of its own in both.
"""

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop
from jinja2 import Environment

from dsl.compile import Compiled
from engine.core.record import What
from virta.bench.permits import counted, fill
from virta.bench.process import module, said_by
from virta.bench.result import Figure, Run, agreed
from virta.bench.shop import compiled, opened
from virta.bench.sink import Sink
from virta.bench.ten_steps import Told
from virta.bench.wire import connected
from virta.wiring import System, wall_clock
from web.api.inbox import NewEvent

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
_TOGETHER = 1_000
_LOOK = 0.05  # seconds between two looks at how far it is
_BEFORE, _AFTER = 0.2, 0.9


@dataclass(frozen=True, slots=True)
class _Sent:
    """Seconds of CPU and on the wall, and what was counted on our side."""

    cpu: float
    wall: float
    claimed: int
    settled: int
    lines: int


def project() -> Compiled:
    """The flow and its mail."""
    return compiled(FLOW, {"tips": TEMPLATE})


def order(number: int) -> str:
    """An order's id, of the same length for all: the floor puts others in its place."""
    return f"order-{number:08}"


def measure(folder: Path, count: int, told: Told) -> Run:
    """Send `count` mails, and then as many of the same by the floor."""
    with Sink(folder / "first.eml") as sink:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as `virta serve` does
            sent = runner.run(_sent(folder, sink.url, count, told))
        came = sink.came()
    counts = agreed(
        {
            "people": count,
            "claims": sent.claimed,
            "settlements": sent.settled,
            "mails at the mail server": came.mails,
            "different mails there": came.ids,
            "lines of the journal": sent.lines,
        }
    )
    told(_AFTER, count)
    floor = _floor(folder / "first.eml", count)
    told(1.0, count)
    cost = sent.cpu / count * 1e6
    return Run(
        count,
        {"mail": Figure(cost, floor), "mail_ratio": Figure(cost / floor, 1.0)},
        counts,
        {
            "bytes on the wire": round(came.bytes / count),
            "mails a second": count / sent.wall,
            "CPU of the mail server, µs": came.cpu / count * 1e6,
        },
    )


async def _sent(folder: Path, mail_server: str, count: int, told: Told) -> _Sent:
    system = await opened(folder, project(), mail_server=mail_server)
    people = system.service.write(lambda tx: fill(tx, count))
    await take_in(system, people)
    told(_BEFORE, 0)
    cpu, wall = await deliver(system, told, count)
    lines = sum(entry.what == What.SENT for entry in await system.store.journal())
    claimed, settled = counted(system.service)
    await system.close()
    return _Sent(cpu, wall, claimed, settled, lines)


async def take_in(system: System, people: list[str]) -> None:
    """An order of each, which starts their journey."""
    now = wall_clock()
    for first in range(0, len(people), _TOGETHER):
        batch = [
            NewEvent(order(n), "order_placed", None, person, now, {"order_id": order(n)})
            for n, person in enumerate(people[first : first + _TOGETHER], first)
        ]
        reasons = await system.inbox.accept_events(batch)
        assert not any(reasons), reasons


async def deliver(system: System, told: Told, count: int) -> tuple[float, float]:
    """Let all go out that waits in the inbox: seconds of CPU, and on the wall."""
    await system.start()
    wall, cpu = time.perf_counter(), time.process_time()
    tasks = [asyncio.create_task(system.runner.run()), asyncio.create_task(system.dispatch.run())]
    while not (system.runner.idle and not system.runner.open_mails):
        await asyncio.sleep(_LOOK)
        gone = system.consent.tallies.mails.total()
        told(_BEFORE + (_AFTER - _BEFORE) * gone / count, gone)
    spent, wall = time.process_time() - cpu, time.perf_counter() - wall
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return spent, wall


# ---------------------------------------------------------------- the floor


def _floor(first: Path, count: int) -> float:
    """Microseconds of CPU a mail, in a process of its own."""
    with Sink(first.with_name("first-of-the-floor.eml")) as sink:
        said = said_by(module("virta.bench.mail", first, sink.port, count))
        came = sink.came()
    agreed({"mails of the floor": count, "at the mail server": came.mails})
    one = len(first.read_bytes())
    agreed({"bytes of a mail": one * count, "of the floor's": came.bytes})
    return float(said) / count * 1e6


def push(first: Path, port: int, count: int) -> float:
    """Render and send a mail like that in the file `count` times: seconds of CPU."""
    text = first.read_bytes().decode()
    known = text[text.index("order-") :][: len(order(0))]
    template = Environment(autoescape=True, keep_trailing_newline=True, newline_sequence="\r\n").from_string(
        _marked(text, known)
    )
    group = b"MAIL FROM:<bench@shop.example>\r\nRCPT TO:<person@kafija.example>\r\nDATA\r\n"
    with connected(port) as peer:
        replies = peer.makefile("rb")
        replies.readline()
        peer.sendall(b"EHLO shop.example\r\n")
        while replies.readline()[3:4] == b"-":
            pass
        began = time.process_time()
        peer.sendall(group)
        for number in range(count):
            data = template.render(order_id=order(number)).encode()
            for _ in range(3):
                replies.readline()
            # the next mail's commands go with this one's end, as the engine's own connection does it
            peer.sendall(data + b".\r\n" + group)
            assert replies.readline().startswith(b"250")
        return time.process_time() - began


def _marked(text: str, known: str) -> str:
    """A template that gives the text with another order in the place of the known one."""
    assert "{{" not in text
    assert "{%" not in text
    return text.replace(known, "{{ order_id }}")


if __name__ == "__main__":
    print(push(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
