"""`virta serve` with both stores on a PostgreSQL server: the same way of a subscriber, and what only a server
can do to it."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from postgres_server import Running as Database
from serving import Served, eventually
from stall import make_stall

from virta.command import run
from virta.mailbox.reader import Mail, mails
from virta.mailbox.running import Running, start

ANNA = "anna@example.com"
KEY = {"Authorization": "Bearer the stall's key"}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def stall(
    tmp_path: Path,
    mailbox: Running,
    postgres: Database,
    schema: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A project whose stores are on the server, in schemas of its own."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = make_stall(tmp_path / "stall", mailbox.url)
    name = schema()
    settings = folder / "virta.toml"
    url = postgres.url.replace("postgres:@", "postgres@")
    with settings.open("a") as file:
        file.write(f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{name}"\n')
    yield folder
    for part in ("engine", "consent"):
        postgres.drop(f"{name}_{part}")


def arrives(mailbox: Running, subject: str) -> Mail:
    return eventually(lambda: next((m for m in mails(mailbox.folder) if m.subject == subject), None))


def call(http: httpx2.Client, id_: str, name: str, data: dict[str, object]) -> None:
    event = {"id": id_, "event": name, "contact": {"email": ANNA}, "data": data}
    answer = http.post("/v1/events", json={"events": [event]}, headers=KEY, timeout=60)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})


def sign_up(http: httpx2.Client, mailbox: Running) -> None:
    """Ask on the page, and confirm by the mail."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', http.get("/signup").text))
    assert http.post("/signup", data=hidden | {"email": ANNA, "topic": "news"}).status_code == 200
    proof = eventually(lambda: next(mails(mailbox.folder), None))
    text = proof.parsed().get_body(("plain",)).get_content()
    link = urlsplit(unescape(re.search(r"\S+/c/\S+", text)[0])).path
    assert eventually(lambda: http.post(link).status_code == 200)


def test_the_whole_way_of_a_subscriber_with_a_server_that_is_killed(
    stall: Path, mailbox: Running, postgres: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the form to silence. Amidst it the server is killed: what comes in then waits and is done once,
    each mail goes once, and the proof of it all holds."""
    with Served(stall) as served, httpx2.Client(base_url=served.url) as http:
        sign_up(http, mailbox)
        welcome = arrives(mailbox, "Welcome")
        call(http, "o-1", "order_placed", {"order_id": "1"})
        arrives(mailbox, "Order 1")

        postgres.kill()
        postgres.start()
        call(http, "o-2", "order_placed", {"order_id": "2"})
        call(http, "o-1", "order_placed", {"order_id": "1"})
        arrives(mailbox, "Order 2")

        click = urlsplit(re.fullmatch(r"<(\S+)>", welcome.header("List-Unsubscribe"))[1]).path
        assert eventually(lambda: http.post(click, data={"List-Unsubscribe": "One-Click"}).status_code == 200)
        call(http, "c-1", "cart_updated", {"cart_id": "c-1"})
        call(http, "o-3", "order_placed", {"order_id": "3"})
        arrives(mailbox, "Order 3")
        assert served.stop() == 0
    subjects = [mail.subject for mail in mails(mailbox.folder)]
    assert subjects[1:] == ["Welcome", "Order 1", "Order 2", "Order 3"]
    assert not list((stall / "data").glob("*.db"))

    assert run(["why", ANNA, str(stall)]) == 0
    assert "News: taken back since" in capsys.readouterr().out
    assert run(["consent", "keys", str(stall)]) == 0
    key = capsys.readouterr().out.strip()
    proof = tmp_path / "proof.zip"
    assert run(["consent", "export", str(stall), "--out", str(proof)]) == 0
    assert run(["consent", "verify", str(proof), "--key", key]) == 0


def test_a_second_engine_is_refused_in_one_line(
    stall: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever it is started: the lock is on the server. The first goes on."""
    with Served(stall) as served, httpx2.Client(base_url=served.url) as http:
        assert run(["serve", str(stall), "--port", "0"]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"virta: Another process (virta consent, process {served.process.pid} at ")
        assert told.count("\n") == 1
        assert http.get("/signup").status_code == 200
