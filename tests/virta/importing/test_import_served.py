"""People who were imported, in a project that is served: who is mailed, and who is told where their data is
from."""

import json
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import exports
import httpx2
import pytest
from attesting import attested
from serving import Served, eventually
from stall import make_stall

from virta.command import run
from virta.keys import make_development_keys
from virta.mailbox.reader import mails
from virta.mailbox.running import Running, start
from virta.operators_door import is_there

ATTESTATION = """
controller = "Coffee stall"
by = "Anna Example, who runs the stall"
on = "2026-03-01"
topics = ["news"]
form = "https://old.example/form"
wording = "I want news from the coffee stall by e-mail."
"""
NOTICES = """
topic notices "Notices"
    for service required by law

event moved_in
"""
FLOW = """
flow where_from
    topic notices
    start on moved_in

    send where_from
"""
MAIL = """---
subject: Where we have your address from
---
<p>From our list at Mailchimp. {{ sender.name }}, {{ sender.imprint }}</p>
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def stall(tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that tells imported people where their data is from."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = make_stall(tmp_path / "stall", mailbox.url)
    settings, schema = folder / "virta.toml", folder / "schema.flow"
    settings.write_text(f'origin_notice = "where_from"\n{settings.read_text("utf-8")}', "utf-8")
    schema.write_text(schema.read_text("utf-8") + NOTICES, "utf-8")
    (folder / "flows" / "where_from.flow").write_text(FLOW, "utf-8")
    (folder / "templates" / "where_from.html").write_text(MAIL, "utf-8")
    make_development_keys(folder / "dev-keys.toml", lambda count: bytes(range(count)))
    return folder


def imported(*words: object) -> int:
    """The exit code of `virta import`."""
    return run(["import", *map(str, words)])


def doctored(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the doctor says of people who are to be told."""
    capsys.readouterr()
    run(["doctor", str(folder), "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    return [one["says"] for one in report["findings"] if one["what"] == "origin"]


def sent(mailbox: Running) -> list[tuple[str, str]]:
    """To whom which mail went."""
    return sorted((mail.header("To"), mail.subject) for mail in mails(mailbox.folder))


def test_attested_people_are_mailed_unproven_ones_are_not_and_all_are_told(
    stall: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """No flow starts by the import itself; a cart brings news to whom it was attested of alone."""
    file = exports.mailchimp(stall / "audience.zip")
    said = attested(stall, ATTESTATION, file)
    assert imported("mailchimp", file, "--folder", stall, "--attestation", said, "--yes") == 0
    [says] = doctored(stall, capsys)
    assert says.startswith(
        "3 people came by an import and have not been told. The law gives a month: the first"
    )
    assert imported("--folder", stall, "--tell", "moved_in") == 0
    assert "3 people are still to be told where their data is from" in capsys.readouterr().out
    assert imported("--folder", stall, "--tell", "moved_in", "--yes") == 0
    assert imported("--folder", stall, "--tell", "moved_in", "--yes") == 0
    with Served(stall) as served, httpx2.Client(base_url=served.url) as http:
        people = ("anna", "cora", "dora")
        events = [
            {
                "id": f"cart-{name}",
                "event": "cart_updated",
                "contact": {"email": f"{name}@example.com"},
                "data": {"cart_id": name},
            }
            for name in people
        ]
        answer = http.post(
            "/v1/events", json={"events": events}, headers={"Authorization": "Bearer the stall's key"}
        )
        assert answer.status_code == 202
        eventually(lambda: len(sent(mailbox)) >= 4)
        served.stop()
    told = "Where we have your address from"
    assert sent(mailbox) == [
        ("anna@example.com", told),
        ("anna@example.com", "Your cart waits"),
        ("bela@example.com", told),
        ("cora@example.com", told),
    ]
    assert doctored(stall, capsys) == []
    assert imported("--folder", stall, "--tell", "moved_in") == 0
    assert "Everybody whom an import brought knows where their data is from." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "event", "says"),
    [
        ('origin_notice = "where_from"', "moved", "`moved` is no event without fields that the project"),
        ('origin_notice = "elsewhere"', "where_from", "it names `elsewhere`, which is no template."),
        ("", "where_from", "it names none."),
    ],
)
def test_an_event_that_cannot_tell_is_refused(
    stall: Path, capsys: pytest.CaptureFixture[str], settings: str, event: str, says: str
) -> None:
    """Before anybody is asked for."""
    path = stall / "virta.toml"
    path.write_text(path.read_text("utf-8").replace('origin_notice = "where_from"', settings), "utf-8")
    assert imported("--folder", stall, "--tell", event) == 2
    assert says in capsys.readouterr().err


def carts(served: Served, *people: str) -> None:
    """Somebody leaves a cart behind, each of these."""
    events = [
        {
            "id": f"cart-{name}",
            "event": "cart_updated",
            "contact": {"email": f"{name}@example.com"},
            "data": {"cart_id": name},
        }
        for name in people
    ]
    key = {"Authorization": "Bearer the stall's key"}
    assert httpx2.post(f"{served.url}/v1/events", json={"events": events}, headers=key).status_code == 202


def test_people_are_imported_told_and_taken_back_while_virta_serves(
    stall: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever was attested of is mailed at once, whoever left is not, everybody hears where their data is
    from; nothing is stopped for it. What the files know of people is known to the engine."""
    file = exports.mailchimp(stall / "audience.zip")
    said = attested(stall, ATTESTATION, file)
    words = ("mailchimp", file, "--folder", stall, "--attestation", said, "--yes")
    with Served(stall) as served:
        assert imported(*words) == 0
        assert "What happened to" in capsys.readouterr().out
        assert imported(*words) == 0
        assert "This was imported already" in capsys.readouterr().out
        carts(served, "anna", "dora")
        eventually(lambda: ("anna@example.com", "Your cart waits") in sent(mailbox))
        assert imported("--folder", stall, "--tell", "moved_in", "--yes") == 0
        eventually(lambda: len(sent(mailbox)) >= 4)
        assert imported("list", "--folder", stall) == 0
        number = capsys.readouterr().out.splitlines()[-2].split()[0]
        assert imported("--folder", stall, "--undo", number, "--yes") == 0
        undone = capsys.readouterr().out
        assert "2 people forgotten" in undone
        assert "1 person put back where they stood" in undone
        assert served.stop() == 0
        assert not [line for line in served.log() if line["level"] in ("warning", "error")]
    assert not (stall / "data" / "operator.sock").exists()
    assert [to for to, subject in sent(mailbox) if subject == "Your cart waits"] == ["anna@example.com"]


def test_a_socket_that_a_kill_has_left_is_no_door(stall: Path) -> None:
    """The next command opens the store itself, and the next life takes the socket away."""
    with Served(stall) as served:
        door = stall / "data" / "operator.sock"
        eventually(lambda: is_there(stall / "data"))
        served.stop(signal.SIGKILL)
    assert door.is_socket()
    assert not is_there(stall / "data")
    file = exports.mailchimp(stall / "audience.zip")
    assert imported("mailchimp", file, "--folder", stall, "--yes") == 0
    with Served(stall):
        eventually(lambda: is_there(stall / "data"))
        assert imported("list", "--folder", stall) == 0


def test_the_socket_is_for_whoever_serves_alone(stall: Path) -> None:
    """No other user of the machine reaches it, however open the folder is."""
    with Served(stall):
        door = stall / "data" / "operator.sock"
        eventually(door.exists)
        assert stat.S_IMODE(door.stat().st_mode) == 0o600
