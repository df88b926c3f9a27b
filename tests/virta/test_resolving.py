"""`virta doctor --resolve`: what the doctor finds, put right; and what is said of who is set aside."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest
from serving import Served, eventually
from stall import make_stall

from engine.insight.apart import apart
from engine.insight.records import open_records
from virta.command import run
from virta.mailbox.running import Running, start

ANNA = "anna@example.com"


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    return make_stall(tmp_path / "stall", mailbox.url)


def order(served: Served, number: str) -> None:
    """She orders something."""
    body = {"id": number, "event": "order_placed", "contact": {"email": ANNA}, "data": {"order_id": number}}
    key = {"Authorization": "Bearer the stall's key"}
    sent = httpx2.post(f"{served.url}/v1/events", json={"events": [body]}, headers=key)
    assert sent.json() == {"accepted": 1, "rejected": []}


def damage(folder: Path) -> bytes:
    """Nobody can read what is known of her any more; what stood there."""
    with closing(sqlite3.connect(folder / "data" / "engine.db")) as engine, engine:
        ((body,),) = engine.execute("SELECT body FROM contact").fetchall()
        engine.execute("UPDATE contact SET body = x'c1'")
    return bytes(body)


def mend(folder: Path, body: bytes) -> None:
    with closing(sqlite3.connect(folder / "data" / "engine.db")) as engine, engine:
        engine.execute("UPDATE contact SET body = ?", [body])


def set_aside(folder: Path) -> list[str]:
    with open_records(folder / "data" / "engine.db") as records:
        return [one.contact for one in apart(records)]


def resolved(
    capsys: pytest.CaptureFixture[str], folder: Path, *words: str, code: int = 0
) -> dict[str, list[Any]]:
    capsys.readouterr()
    assert run(["doctor", str(folder), "--format", "json", "--resolve", *words]) == code
    found: dict[str, list[Any]] = json.loads(capsys.readouterr().out)
    return found


def test_somebody_is_tried_again_while_virta_serves(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`why` and the doctor say since when, why, and when she is tried again; mended and asked for, she goes
    on at once, and who asked for it stands in the store."""
    with Served(folder) as served:
        order(served, "1")
        eventually(lambda: served.told("a mail was handed over") or mails_of(folder))
        body = damage(folder)
        order(served, "2")
        eventually(lambda: set_aside(folder))
        (contact,) = set_aside(folder)

        assert run(["why", ANNA, str(folder)]) == 0
        told = capsys.readouterr().out
        assert "  Set aside since 20" in told
        assert "; is tried again 20" in told
        run(["doctor", str(folder)])
        told = capsys.readouterr().out
        assert "set-aside: 1 person is set aside" in told
        assert "virta doctor --resolve set-aside" in told

        listed = resolved(capsys, folder)
        assert [(act["kind"], act["id"]) for act in listed["acts"]] == [("set-aside", contact)]
        assert listed["given"] is None
        assert resolved(capsys, folder, "set-aside", contact, "--dry-run")["given"] is None
        assert set_aside(folder) == [contact]

        mend(folder, body)
        (given,) = resolved(capsys, folder, "set-aside", contact)["given"]
        assert (given["order"], given["seen"]) == ("retry", True)
        assert set_aside(folder) == []
        eventually(lambda: len(mails_of(folder)) == 2)
        with open_records(folder / "data" / "engine.db") as records:
            (row,) = records.instructions()
        assert (row.kind, json.loads(row.body)["contact"], row.by) == ("retry", contact, given["by"])
        assert served.stop() == 0


def mails_of(folder: Path) -> list[object]:
    """Lines of the journal that tell of mails that went."""
    with open_records(folder / "data" / "engine.db") as records:
        return [line for line in records.lines() if line.what == "sent"]


def test_what_cannot_be_meant_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is done by a word that is not understood."""
    with Served(folder) as served:
        served.stop()
    for words, said in (
        (["everything"], "`everything` cannot be resolved. There are: set-aside, leftovers."),
        (["set-aside", "f" * 32], f"There is no `{'f' * 32}` to resolve under set-aside."),
        (["set-aside", "a", "b"], "--resolve takes a kind and an id"),
    ):
        assert run(["doctor", str(folder), "--resolve", *words]) == 2
        assert said in capsys.readouterr().err
    assert run(["doctor", str(folder), "--resolve"]) == 0
    assert capsys.readouterr().out == "There is nothing to resolve.\n"


def test_what_was_cut_short_is_cleared_away(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Named by the doctor, removed when asked for, and not while somebody may be writing it."""
    with Served(folder) as served:
        served.stop()
    left = folder / "data" / "engine.db.part"
    left.write_bytes(b"half")
    left.chmod(0o600)
    run(["doctor", str(folder)])
    assert "leftovers: " in capsys.readouterr().out
    assert [act["id"] for act in resolved(capsys, folder, "leftovers", "--dry-run")["acts"]] == [left.name]
    with Served(folder) as served:
        assert run(["doctor", str(folder), "--resolve", "leftovers"]) == 2
        assert "An engine runs" in capsys.readouterr().err
        served.stop()
    assert left.exists()
    assert resolved(capsys, folder, "leftovers")["says"] == [f"Removed {left}."]
    assert not left.exists()
