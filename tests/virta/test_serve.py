"""`virta serve` as a process of its own, used over HTTP and SMTP as the world uses it."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from serving import Served, eventually
from stall import make_stall

from engine.store.store import Store
from virta.command import run
from virta.mailbox.reader import Mail, mails
from virta.mailbox.running import Running, start

ANNA = "anna@example.com"
MARKETING_AFTER_ALL = {"cart_id": "c-2", "cart_total": {"amount": "4.00", "currency": "EUR"}}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


def found(mailbox: Path, subject: str, to: str = ANNA) -> Mail | None:
    """The mail with that subject, if it has come."""
    return next((m for m in mails(mailbox) if m.subject == subject and to in m.recipients), None)


def arrives(mailbox: Path, subject: str, to: str = ANNA) -> Mail:
    return eventually(lambda: found(mailbox, subject, to))


def path_of(url: str) -> str:
    return urlsplit(unescape(url)).path


def dump(database: Path) -> list[str]:
    """Everything in a database, as SQL."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def event(id_: str, name: str, data: dict[str, object], email: str = ANNA) -> dict[str, object]:
    return {"events": [{"id": id_, "event": name, "contact": {"email": email}, "data": data}]}


def test_the_whole_way_of_a_subscriber(
    tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the form to the welcome, an order, one click, and silence; then a clean stop, and the proof."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = make_stall(tmp_path / "stall", mailbox.url)
    with Served(folder) as served, httpx2.Client(base_url=served.url) as http:
        assert served.first_line == (
            f"The pages are at {served.url}/signup, the API is at {served.url}/v1. "
            f"The studio is at {served.url}/studio/. "
            f"Links in mails lead to {served.url}, not to the `url` in virta.toml. Ctrl-C stops.\n"
        )

        def call(body: dict[str, object]) -> None:
            key = {"Authorization": "Bearer the stall's key"}
            answer = http.post("/v1/events", json=body, headers=key)
            assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})

        # sign-up, and the mail that asks
        page = http.get("/signup").text
        assert 'I want news from the coffee stall by <span class="unbroken">e-mail</span>.' in page
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
        assert http.post("/signup", data=hidden | {"email": ANNA, "topic": "news"}).status_code == 200
        proof = eventually(lambda: next(mails(mailbox.folder), None))
        text = proof.parsed().get_body(("plain",)).get_content()
        asked = re.search(r"\S+/c/\S+", text)[0]
        assert asked.startswith(f"{served.url}/c/")  # virta.toml names another port
        link = path_of(asked)

        # looking changes nothing, pressing does
        log = folder / "data" / "consent.db"
        eventually(lambda: [line for line in dump(log) if "proof_mail.accepted" in line])
        before = dump(log)
        for method in ("GET", "HEAD", "OPTIONS"):
            http.request(method, link)
        assert dump(log) == before
        assert http.post(link).status_code == 200
        welcome = arrives(mailbox.folder, "Welcome")

        # an order is thanked for
        call(event("o-1", "order_placed", {"order_id": "1"}))
        thanks = arrives(mailbox.folder, "Order 1")
        assert not thanks.header("List-Unsubscribe")

        # a mail that rests on consent comes, until one click stops it
        call(event("c-1", "cart_updated", {"cart_id": "c-1"}))
        arrives(mailbox.folder, "Your cart waits")
        click = path_of(re.fullmatch(r"<(\S+)>", welcome.header("List-Unsubscribe"))[1])
        assert welcome.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert http.post(click, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        call(event("c-2", "cart_updated", MARKETING_AFTER_ALL))
        call(event("o-2", "order_placed", {"order_id": "2"}))
        arrives(mailbox.folder, "Order 2")

        assert served.stop() == 0
    assert [line["event"] for line in served.log()][-2:] == ["stopping", "stopped"]
    assert not [line for line in served.log() if line["level"] in ("warning", "error")]
    assert served.plain() == []

    everything = list(mails(mailbox.folder))
    subjects = [mail.subject for mail in everything]
    assert subjects == [proof.subject, "Welcome", "Order 1", "Your cart waits", "Order 2"]
    assert len({mail.message_id for mail in everything}) == len(everything)
    assert ("cart", "not_entered", "not_subscribed") in journal(folder)
    the_proof_holds(folder, tmp_path, capsys)


def test_a_second_one_that_would_serve_the_same_project_is_refused(
    tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line; the first goes on."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = make_stall(tmp_path / "stall", mailbox.url)
    with Served(folder) as served, httpx2.Client(base_url=served.url) as http:
        assert run(["serve", str(folder), "--port", "0"]) == 2
        told = capsys.readouterr().err
        assert told.startswith("virta: Another process")
        assert told.count("\n") == 1
        assert http.get("/signup").status_code == 200


def journal(folder: Path) -> list[tuple[str, str, str]]:
    store = Store(folder / "data" / "engine.db")
    try:
        return [(entry.flow, entry.what, entry.reason) for entry in asyncio.run(store.journal())]
    finally:
        store.close()


def the_proof_holds(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The consent commands on what the process left behind."""
    assert run(["consent", "show", ANNA, str(folder), "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(one["topic"], one["state"]) for one in shown["standings"]] == [("news", "withdrawn")]
    outcomes = [one["outcome"] for one in shown["decisions"]]
    assert outcomes == ["accepted"] * 5

    proof = tmp_path / "proof.zip"
    assert run(["consent", "export", str(folder), "--out", str(proof)]) == 0
    assert run(["consent", "keys", str(folder)]) == 0
    (key,) = re.findall(r"\S+\+[0-9a-f]{8}\+\S+", capsys.readouterr().out)
    assert run(["consent", "verify", str(proof), "--key", key]) == 0
    assert "It holds" in capsys.readouterr().out
