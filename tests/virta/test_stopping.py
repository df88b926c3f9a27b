"""How `virta serve` stops: in good order when it is told once, at once when it is told twice."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from serving import Served, eventually
from stall import make_stall

from virta.mailbox.reader import mails
from virta.mailbox.running import start

KEY = {"Authorization": "Bearer the stall's key"}


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def order(id_: str, email: str) -> dict[str, object]:
    return {"id": id_, "event": "order_placed", "contact": {"email": email}, "data": {"order_id": id_}}


@pytest.fixture
def hanging(tmp_path: Path, port: int) -> Iterator[tuple[Path, Path]]:
    """A project whose mail server takes mails and never says so: stopping waits for it. And its mailbox."""
    folder = make_stall(tmp_path / "stall", f"smtp://127.0.0.1:{port}", "connections = 1")
    with start(tmp_path / "mailbox", port, hang="*@hangs.example"):
        yield folder, tmp_path / "mailbox"


def serve_a_mail_that_hangs(served: Served, box: Path) -> None:
    with httpx2.Client(base_url=served.url, headers=KEY) as http:
        events = [order("o-1", "anna@hangs.example"), order("o-2", "bob@example.com")]
        assert http.post("/v1/events", json={"events": events}).json()["accepted"] == 2
    eventually(lambda: any(mail.recipients == ("anna@hangs.example",) for mail in mails(box)))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_second_signal_ends_it_at_once_and_nothing_is_lost(
    hanging: tuple[Path, Path], number: signal.Signals
) -> None:
    """With an exit code that tells of the signal. The mail whose answer was awaited is unknown and goes no
    second time; the other goes in the next life."""
    folder, box = hanging
    with Served(folder) as served:
        serve_a_mail_that_hangs(served, box)
        served.process.send_signal(number)
        eventually(lambda: served.told("stopping"))
        served.process.send_signal(number)
        assert served.ended() == 128 + number
        [line] = served.told("stopped at once")
        assert line["why"] == "told twice"
        assert served.plain() == []
    with Served(folder, "--mailbox") as served:
        assert served.told("it is unknown whether a mail went out")
        inside = folder / "data" / "mailbox"
        eventually(lambda: [mail.recipients for mail in mails(inside)] == [("bob@example.com",)])
        assert served.stop() == 0


def test_stopping_takes_no_longer_than_it_may(hanging: tuple[Path, Path]) -> None:
    """The time is a setting; when it is over the process ends, and says why."""
    folder, box = hanging
    text = (folder / "virta.toml").read_text("utf-8")
    (folder / "virta.toml").write_text(f"{text}\n[serving]\nstop_seconds = 0.2\n", "utf-8")
    with Served(folder) as served:
        serve_a_mail_that_hangs(served, box)
        assert served.stop() == 3
        [line] = served.told("stopped at once")
        assert line["why"] == "stopping took more than 0.2 seconds"
