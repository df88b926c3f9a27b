"""An engine that lost its server, and whose place another took meanwhile, sends nothing more and stops."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from postgres_server import Running as Database
from serving import Served, eventually
from stall import make_stall

from virta.mailbox.reader import mails
from virta.mailbox.running import Running, start

KEY = {"Authorization": "Bearer the stall's key"}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def stall(tmp_path: Path, mailbox: Running, postgres: Database, schema: Callable[[], str]) -> Iterator[Path]:
    """A project whose stores are on the server, in schemas of its own."""
    folder = make_stall(tmp_path / "stall", mailbox.url)
    name, url = schema(), postgres.url.replace("postgres:@", "postgres@")
    with (folder / "virta.toml").open("a") as file:
        file.write(f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{name}"\n')
    yield folder
    for part in ("engine", "consent"):
        postgres.drop(f"{name}_{part}")


def orders(http: httpx2.Client, id_: str) -> int:
    event = {"id": id_, "event": "order_placed", "contact": {"email": "anna@example.com"}}
    event["data"] = {"order_id": id_}  # type: ignore[assignment]
    return http.post("/v1/events", json={"events": [event]}, headers=KEY, timeout=90).status_code


def test_an_engine_whose_place_was_taken_while_the_server_was_away_stops(
    stall: Path, mailbox: Running, postgres: Database, tmp_path: Path
) -> None:
    """The server is killed while the first engine stands still; a second one, on another machine, is there
    when it comes back. The first goes on then, is told so in one line, and leaves; each mail goes once."""
    with Served(stall) as first, httpx2.Client(base_url=first.url) as to_first:
        assert orders(to_first, "o-1") == 202
        eventually(lambda: [mail.subject for mail in mails(mailbox.folder)] == ["Order o-1"])
        os.killpg(first.process.pid, signal.SIGSTOP)
        postgres.kill()
        postgres.start()
        other = Path(shutil.copytree(stall, tmp_path / "other", ignore=shutil.ignore_patterns("*.sock")))
        with Served(other) as second, httpx2.Client(base_url=second.url) as to_second:
            os.killpg(first.process.pid, signal.SIGCONT)
            assert first.ended() != 0
            told = [line for line in first.plain() if line.startswith("virta: ")]
            assert len(told) == 1, first.plain()
            assert "Another process" in told[0]
            assert f"process {second.process.pid} at " in told[0]
            assert orders(to_second, "o-1") == 202
            assert orders(to_second, "o-2") == 202
            eventually(lambda: "Order o-2" in [mail.subject for mail in mails(mailbox.folder)])
            assert second.stop() == 0
    assert sorted(mail.subject for mail in mails(mailbox.folder)) == ["Order o-1", "Order o-2"]
