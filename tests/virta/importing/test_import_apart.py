"""What operators do with people where the consent service is a process of its own: from the engine's folder,
over its door, while both run."""

import asyncio
import json
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import exports
import httpx2
import pytest
from consent_process import ServedConsent, make_two
from serving import Served, eventually

from consent.app.access import make_key
from consent.calls import Scope
from consent.contract.imports import Stood
from engine.insight.records import open_records
from virta.command import run
from virta.consent_door import ACCESS
from virta.importing.order import Order, prepare
from virta.importing.stores import writing
from virta.importing.taking import take_all
from virta.mailbox.reader import mails
from virta.mailbox.running import Running, start
from virta.operating.ordering import now
from virta.project.folder import load_project

ROWS = 1_800
HEAD = "uuid,email,name,attributes,status,created_at,updated_at\n"


@dataclass
class Apart:
    """Both processes, the folders, and the mail server."""

    engine: Path
    beside: ServedConsent
    served: Served
    mailbox: Running


@pytest.fixture
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Apart]:
    with start(tmp_path / "mailbox") as mailbox:
        engine, consent, port, key = make_two(tmp_path, mailbox.url)
        path = consent / "data" / ACCESS
        operator = make_key(path, "anna", [Scope.OPERATOR], secrets.token_bytes, 0)
        with (engine / "virta.toml").open("a", encoding="utf-8") as file:
            file.write('operator_key = "env:STALL_OPERATOR_KEY"\n')
        monkeypatch.setenv("STALL_OPERATOR_KEY", operator)
        monkeypatch.setenv("STALL_CONSENT_KEY", key)
        monkeypatch.setenv("STALL_API_KEY", "the stall's key")
        with ServedConsent(consent, port) as beside, Served(engine) as served:
            yield Apart(engine, beside, served, mailbox)


def listmonk(path: Path, rows: int = ROWS) -> Path:
    """All subscribers, every ninth of whom is blocklisted."""
    lines = [
        f"6f9b0b3c-0000-4000-8000-{number:012},person-{number}@example.com,Person {number},"
        f'"{{""first_name"": ""P{number}""}}",{"enabled" if number % 9 else "blocklisted"},'
        "2024-03-01 09:00:00 +0000 UTC,2024-03-01 09:05:00 +0000 UTC\n"
        for number in range(rows)
    ]
    return exports.written(path, HEAD + "".join(lines))


def imported(*words: object) -> int:
    """The exit code of `virta import`."""
    return run(["import", *map(str, words)])


def told(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """What a command ends with, and says."""
    capsys.readouterr()
    code = run([*map(str, words)])
    found = capsys.readouterr()
    return code, found.out + found.err


def count(capsys: pytest.CaptureFixture[str], engine: Path) -> dict[str, int]:
    """What the only import came to."""
    code, says = told(capsys, "import", "list", "--folder", engine, "--format", "json")
    assert code == 0
    [record] = json.loads(says)
    assert record["state"] == "done"
    counts: dict[str, int] = record["counts"]
    return counts


def known(engine: Path) -> int:
    """How many people the engine knows the name of."""
    place = engine / "data" / "engine.db"
    with closing(sqlite3.connect(place)) as file:
        people = [row[0].hex() for row in file.execute("SELECT DISTINCT contact FROM inbox WHERE kind = ''")]
    with open_records(place) as records:
        return sum("first_name" in records.bundle(contact).attributes for contact in people)


class Cut(Exception):
    """The import is killed."""


def test_an_import_outlives_the_end_of_either_side(
    apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed itself it goes on where it was; the consent service is killed under it and it waits for the next
    life. Each row counts once, and the engine, which runs all the while, knows everybody's name."""
    file = listmonk(tmp_path / "subscribers.csv")
    settings, compiled = load_project(apart.engine)
    assert compiled.program is not None
    none = (Stood.UNSUBSCRIBED, Stood.BOUNCED, Stood.COMPLAINED)
    order = Order("listmonk", (file,), {}, none, (), ("news",), None, "")
    prepared = prepare(order, compiled.program, settings.controller, "anna", lambda count: None, 0)
    parts = 0

    def cut(_count: int) -> None:
        nonlocal parts
        parts += 1
        if parts == 2:
            raise Cut

    def kill(_count: int) -> None:
        nonlocal parts
        parts += 1
        if parts == 4:
            apart.beside.kill()
            apart.beside.again()

    async def carry_out(behind: object) -> None:
        async with writing(apart.engine, settings, compiled) as consent:
            await take_all(apart.engine, settings, consent, prepared, now(), behind)  # type: ignore[arg-type]

    with pytest.raises(Cut):
        asyncio.run(carry_out(cut))
    asyncio.run(carry_out(kill))
    left = (ROWS + 8) // 9
    assert count(capsys, apart.engine) == {"left": left, "unproven": ROWS - left}
    eventually(lambda: known(apart.engine) == ROWS - left)
    assert (
        imported(
            "listmonk",
            file,
            "--folder",
            apart.engine,
            "--topic",
            "news",
            "--none",
            "unsubscribed",
            "--none",
            "bounced",
            "--none",
            "complained",
            "--yes",
        )
        == 0
    )


def test_everything_an_operator_does_goes_over_the_door(
    apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the engine's folder: a story, a person, the keys, a hold, an undone import. With no key for
    operators, or with one that does not open, the story is what the engine knows, and says so."""
    engine = apart.engine
    words = ("--topic", "news", "--none", "unsubscribed", "--none", "bounced", "--none", "complained")
    file = listmonk(tmp_path / "subscribers.csv", 20)
    assert imported("listmonk", file, "--folder", engine, *words, "--yes") == 0
    event = {
        "id": "o-1",
        "event": "order_placed",
        "data": {"order_id": "1"},
        "contact": {"email": "person-1@example.com"},
    }
    key = {"Authorization": "Bearer the stall's key"}
    assert (
        httpx2.post(f"{apart.served.url}/v1/events", json={"events": [event]}, headers=key).status_code == 202
    )
    eventually(lambda: any("person-1@example.com" in mail.recipients for mail in mails(apart.mailbox.folder)))
    code, says = told(capsys, "why", "person-1@example.com", engine)
    assert (code, "News: " in says, "not told here" in says) == (0, True, False), says
    code, says = told(
        capsys, "consent", "show", "person-1@example.com", engine, "--proofs", tmp_path / "hers"
    )
    assert (code, "news: unproven" in says) == (0, True)
    subject = re.search(r"[0-9a-f]{32}", says)[0]
    assert list((tmp_path / "hers").iterdir())
    assert told(capsys, "consent", "keys", engine)[0] == 0
    assert told(capsys, "consent", "hold", subject, engine, "--until", "2031-05-31", "--reason", "x")[0] == 0
    assert subject in told(capsys, "consent", "holds", engine)[1]
    code, says = told(capsys, "consent", "export", engine, "--out", tmp_path / "x.zip")
    assert (code, "Name the folder where its store is" in says) == (2, True)
    toml = engine / "virta.toml"
    text = toml.read_text("utf-8")
    for other, why in (
        ("", "`operator_key` under [consent] is not set"),
        ('operator_key = "env:STALL_CONSENT_KEY"\n', "does not open `history`"),
    ):
        toml.write_text(text.replace('operator_key = "env:STALL_OPERATOR_KEY"\n', other), "utf-8")
        code, says = told(capsys, "why", "person-1@example.com", engine)
        assert (code, why in says, "order_thanks" in says) == (0, True, True), says
        assert told(capsys, "consent", "show", "person-1@example.com", engine)[0] == 2
        assert imported("listmonk", file, "--folder", engine, *words) == 2
    toml.write_text(text, "utf-8")
    [number] = [
        json.loads(told(capsys, "import", "list", "--folder", engine, "--format", "json")[1])[0]["what"]["id"]
    ]
    assert imported("--folder", engine, "--undo", number, "--yes") == 0
    apart.beside.kill()
    assert told(capsys, "why", subject, engine)[0] == 0
    code, says = told(capsys, "why", "person-1@example.com", engine)
    assert (code, "cannot be reached" in says) == (2, True)
    apart.beside.again()


def test_in_the_folder_of_the_consent_service_people_are_not_imported(
    apart: Apart, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the files know beside consent is for the engine; a hold is placed there as well."""
    file = listmonk(tmp_path / "subscribers.csv", 3)
    folder = apart.beside.folder
    shutil.copytree(apart.engine / "flows", folder / "flows", dirs_exist_ok=True)
    words = ("--topic", "news", "--none", "unsubscribed", "--none", "bounced", "--none", "complained")
    code, says = told(capsys, "import", "listmonk", file, "--folder", folder, *words)
    assert (code, "name the folder of the engine" in says) == (2, True), says
    assert told(capsys, "consent", "holds", folder)[0] == 0
    code, says = told(
        capsys, "consent", "hold", "anna@example.com", folder, "--until", "2031-05-31", "--reason", "x"
    )
    assert (code, "Nobody is known here" in says) == (2, True), says
