"""`virta doctor --resolve`: what the doctor finds, put right; and what is said of who is set aside."""

import json
import re
import socket
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
from virta.mailbox.reader import mails
from virta.mailbox.running import Running, start
from virta.operating.resolving import Act, acts
from virta.settings import read_settings

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
        (
            ["everything"],
            "`everything` cannot be resolved. There are: set-aside, unknown, leftovers, log-behind, clock.",
        ),
        (["set-aside", "f" * 32], f"There is no `{'f' * 32}` to resolve under set-aside."),
        (["unknown", "f" * 32, "again"], f"There is no `{'f' * 32}` to resolve under unknown."),
        (["set-aside", "a", "b", "c"], "--resolve takes a kind, an id and a word"),
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


# ------------------------------------------------------------------ mails of which nobody knows


@pytest.fixture
def unsure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stall whose mail server, not there yet, has a second for its last answer."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return make_stall(tmp_path / "stall", f"smtp://127.0.0.1:{port}", "timeout = 5\nfinal_timeout = 1")


def port_of(folder: Path) -> int:
    return int((re.search(r"smtp://127.0.0.1:(\d+)", (folder / "virta.toml").read_text("utf-8")) or [""])[1])


def lines_of(folder: Path) -> list[tuple[str, str]]:
    with open_records(folder / "data" / "engine.db") as records:
        return [(line.what, line.reason) for line in records.lines() if line.flow == "thanks"]


def sent_events(folder: Path) -> int:
    with open_records(folder / "data" / "engine.db") as records:
        return len([mail for mail in records.lines() if mail.what in ("sent", "unknown")])


def make_unknown(folder: Path, served: Served, place: Path) -> str:
    """The mail server hangs after the final dot of a mail to her; the mail's key."""
    with start(place, port_of(folder), hang="*@example.com"):
        order(served, "1")
        (told,) = eventually(lambda: served.told("it is unknown whether a mail went out"))
        (act, _) = eventually(lambda: unknown_acts(folder))
    assert act.id == told["key"]
    return act.id


def unknown_acts(folder: Path) -> list[Act]:
    settings = read_settings(folder)
    return [one for one in acts(folder / "data" / "engine.db", folder / "data", settings) if one.word]


def test_a_mail_of_unknown_outcome_is_sent_again_by_the_operators_word(
    unsure: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Listed with whom it is for, step, moment, Message-ID and server; sent again under the same key as the
    next attempt, which the consent service allows by that word alone, and which its log tells. The journey
    has gone on, and hears of it no second time."""
    with Served(unsure) as served:
        key = make_unknown(unsure, served, tmp_path / "hangs")
        run(["doctor", str(unsure)])
        assert (
            "unknown-outcomes: Of 1 mail it is unknown whether it went out (thanks,"
            in capsys.readouterr().out
        )
        listed = resolved(capsys, unsure, "unknown")
        assert [(act["id"], act["word"]) for act in listed["acts"]] == [(key, "arrived"), (key, "again")]
        assert listed["given"] is None
        assert f"Message-ID {key}@stall.example" in listed["acts"][0]["says"]
        assert f"127.0.0.1:{port_of(unsure)}" in listed["acts"][0]["says"]
        assert run(["doctor", str(unsure), "--resolve", "unknown", key]) == 2
        assert f"`virta doctor --resolve unknown {key} arrived`, or `again`" in capsys.readouterr().err

        with start(tmp_path / "well", port_of(unsure)) as well:
            (given,) = resolved(capsys, unsure, "unknown", key, "again")["given"]
            assert (given["order"], given["seen"]) == ("found", True)
            (mail,) = eventually(lambda: list(mails(well.folder)))
            eventually(lambda: ("resent", "") in lines_of(unsure))
        assert mail.message_id.strip("<>").partition("@")[0] == key
        assert unknown_acts(unsure) == []
        assert served.stop() == 0
    assert [what for what, _ in lines_of(unsure)].count("unknown") == 1
    assert ("sent", "") not in lines_of(unsure)
    assert run(["consent", "show", ANNA, str(unsure)]) == 0
    shown = capsys.readouterr().out
    assert "mail.again" in shown
    assert "accepted" in shown


def test_a_mail_of_unknown_outcome_that_arrived_counts_as_sent(
    unsure: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the operator's word, given while nothing runs; nothing more is sent."""
    with Served(unsure) as served:
        key = make_unknown(unsure, served, tmp_path / "hangs")
        assert served.stop() == 0
    (given,) = resolved(capsys, unsure, "unknown", key, "arrived")["given"]
    assert given["seen"] is None
    with start(tmp_path / "well", port_of(unsure)) as well, Served(unsure) as served:
        eventually(lambda: ("arrived", "") in lines_of(unsure))
        assert served.stop() == 0
        assert list(mails(well.folder)) == []
    assert unknown_acts(unsure) == []
    assert run(["why", ANNA, str(unsure)]) == 0
    assert "Did get the mail order_thanks" in capsys.readouterr().out
