"""Somebody who left traces wherever one can is erased; then everything is searched for them, byte by byte."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from postgres_server import Running as Database
from serving import Served, eventually
from sqlalchemy import select
from stall import make_stall

from consent.service import open_reader
from consent.store.tables import evidence, subjects
from engine.insight.records import open_records
from virta.command import run
from virta.database_url import consent_place, engine_place
from virta.keys import read_keys
from virta.mailbox.reader import Mail, mails
from virta.mailbox.running import Running, start
from virta.settings import read_settings
from virta.wiring import wall_clock

ANNA, BELA = "zebulina.q@erased-person.example", "bela@example.com"
TRACES = (ANNA, "Zebulina Quagmire", "order-of-zebulina", "cart-of-zebulina", "agent-of-zebulina")
KEY = {"Authorization": "Bearer the stall's key"}
FLOW = """
webhook crm
    url "https://127.0.0.1:9/hook"
    secret env CRM_SECRET

flow traces "Traces"
    topic orders
    start on order_placed

    add tag "bought"
    call crm with name contact.first_name, order trigger.order_id, email contact.email
    tell "care@stall.example" "{contact.first_name or "Somebody"} bought {trigger.order_id}"
    send order_seen
    wait 30 days
    send order_seen as order_seen_again
"""
SEEN = """---
subject: Seen {{ trigger.order_id }}
---
<p>{{ contact.first_name | default("") }}, {{ trigger.order_id }}, {{ contact.email }}</p>
<p><a href="{{ links.browser }}">See this mail in the browser</a></p>
<p>{{ sender.name }}, {{ sender.imprint }}</p>
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def stall(tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    monkeypatch.setenv("CRM_SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    folder = make_stall(tmp_path / "stall", mailbox.url)
    settings = folder / "virta.toml"
    settings.write_text(f'team = ["care@stall.example"]\n{settings.read_text("utf-8")}', "utf-8")
    (folder / "flows" / "traces.flow").write_text(FLOW, "utf-8")
    (folder / "templates" / "order_seen.html").write_text(SEEN, "utf-8")
    return folder


@pytest.fixture
def on_server(stall: Path, postgres: Database, schema: Callable[[], str]) -> Iterator[Path]:
    """The same project with its stores on a server."""
    name, url = schema(), postgres.url.replace("postgres:@", "postgres@")
    with (stall / "virta.toml").open("a") as file:
        file.write(f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{name}"\n')
    yield stall
    for part in ("engine", "consent"):
        postgres.drop(f"{name}_{part}")


def leave_traces(http: httpx2.Client, mailbox: Running, email: str, name: str, word: str) -> None:
    """Sign up and confirm, be told of by the shop, buy, and be written to."""
    agent = {"User-Agent": f"agent-of-{word}"}
    page = http.get("/signup").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    form = hidden | {"email": email, "topic": "news"}
    assert http.post("/signup", data=form, headers=agent).status_code == 200
    proof = arrives(mailbox, email, "c/")
    link = urlsplit(unescape(re.search(r"\S+/c/\S+", text_of(proof))[0])).path
    assert http.post(link, headers=agent).status_code == 200
    contact = {"email": email, "attributes": {"first_name": name, "time_zone": "Europe/Riga"}}
    assert http.post("/v1/contacts", json={"contacts": [contact]}, headers=KEY).status_code == 202
    for id_, event, data in (
        (f"cart-of-{word}", "cart_updated", {"cart_id": f"cart-of-{word}"}),
        (f"event-order-of-{word}", "order_placed", {"order_id": f"order-of-{word}"}),
    ):
        told = {"id": id_, "event": event, "contact": {"email": email}, "data": data}
        answer = http.post("/v1/events", json={"events": [told]}, headers=KEY)
        assert answer.json() == {"accepted": 1, "rejected": []}
    arrives(mailbox, email, f"Seen order-of-{word}")


def arrives(mailbox: Running, email: str, what: str) -> Mail:
    """A mail to an address with something in its subject or its text."""

    def look() -> Mail | None:
        for mail in mails(mailbox.folder):
            if email in mail.header("To") and (what in mail.subject or what in text_of(mail)):
                return mail
        return None

    return eventually(look)


def text_of(mail: Mail) -> str:
    return str(mail.parsed().get_body(("plain",)).get_content())


def kept_of(stall: Path, email: str) -> tuple[str, list[bytes]]:
    """The id of an address, and all that is sealed of it."""
    settings = read_settings(stall)
    keys = read_keys(settings, stall).consent
    with closing(open_reader(consent_place(stall, settings), keys, clock=wall_clock)) as service:
        rows = service.read(lambda reading: reading.conn.execute(select(subjects)).all())
        vault = service.parts.vault
        (mine,) = [one for one in rows if vault.open_address(one.id, one.wrapped, one.address) == email]
        kept = select(evidence.c.sealed).where(evidence.c.subject == mine.id)
        sealed = service.read(lambda reading: [bytes(one) for one in reading.conn.scalars(kept)])
    assert sealed
    return mine.id, [bytes(mine.wrapped), bytes(mine.address), bytes(mine.lookup), *sealed]


def found_in(files: list[Path], kept: list[bytes], traces: tuple[str, ...]) -> set[str]:
    """The names of files in which something stands, and what."""
    wanted = {trace: trace.encode() for trace in traces} | {one.hex(): one for one in kept}
    return {
        f"{name} in {path.name}"
        for path in files
        if path.is_file()
        for name, needle in wanted.items()
        if needle in path.read_bytes()
    }


def rows_of(stall: Path, contact: str) -> tuple[int, int, int]:
    """Events, journeys and lines of the journal of somebody."""
    with open_records(engine_place(stall, read_settings(stall))) as records:
        journeys = [one for one in records.journeys() if one.contact == contact]
        return len(records.events_of(contact)), len(journeys), len(records.lines(contact))


def erased_while_it_serves(stall: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]) -> list[bytes]:
    """Two people leave traces, one is erased by the command, and Virta stops; what was sealed of them."""
    with Served(stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        leave_traces(http, mailbox, ANNA, "Zebulina Quagmire", "zebulina")
        leave_traces(http, mailbox, BELA, "Bela", "bela")
        (anna, kept), (bela, _) = kept_of(stall, ANNA), kept_of(stall, BELA)
        eventually(lambda: min(rows_of(stall, anna)) and min(rows_of(stall, bela)))
        others = rows_of(stall, bela)
        assert run(["consent", "erase", ANNA, str(stall), "--yes"]) == 0
        assert f"Subject {anna} was erased on" in capsys.readouterr().out
        assert rows_of(stall, anna) == (0, 0, 0)
        assert rows_of(stall, bela) >= others
        assert run(["consent", "erase", anna, str(stall)]) == 0
        assert "All stores had forgotten them on" in capsys.readouterr().out
        data = {"order_id": "order-of-zebulina"}
        late = {"id": "late", "event": "order_placed", "contact": {"id": anna}, "data": data}
        assert http.post("/v1/events", json={"events": [late]}, headers=KEY).status_code == 202
        arrived = [mail.subject for mail in mails(mailbox.folder)]
        told = {"id": "o-2", "event": "order_placed", "contact": {"email": BELA}, "data": {"order_id": "b-2"}}
        assert http.post("/v1/events", json={"events": [told]}, headers=KEY).status_code == 202
        arrives(mailbox, BELA, "Order b-2")
        assert rows_of(stall, anna) == (0, 0, 0)
        assert [s for s in arrived if "zebulina" in s] == [
            mail.subject for mail in mails(mailbox.folder) if "zebulina" in mail.subject
        ]
        assert served.stop() == 0
    return kept


def test_nothing_of_them_is_in_any_file(
    stall: Path, mailbox: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Databases, write-ahead logs, attempt file, stops, logs: neither address nor name nor what they did, nor
    a key or salt of theirs."""
    kept = erased_while_it_serves(stall, mailbox, capsys)
    files = [*(stall / "data").rglob("*"), stall.parent / "stall.log"]
    assert {"engine.db", "consent.db", "attempts", "consent.db.stops", "stall.log"} <= {f.name for f in files}
    assert found_in(files, kept, TRACES) == set()


def test_nothing_of_them_is_in_the_files_of_a_server(
    on_server: Path,
    mailbox: Running,
    postgres: Database,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The same of the files in which a server keeps its tables."""
    kept = erased_while_it_serves(on_server, mailbox, capsys)
    postgres.ask("CHECKPOINT")
    [(data,)] = postgres.ask("SHOW data_directory")
    files = [*(Path(data) / "base").rglob("*"), *(on_server / "data").rglob("*"), tmp_path / "stall.log"]
    assert len(files) > 100
    assert found_in(files, kept, TRACES) == set()


def test_it_is_done_at_once_where_nothing_runs(
    stall: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look before changes nothing, and neither does a command that nobody agrees to."""
    with Served(stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        leave_traces(http, mailbox, ANNA, "Zebulina Quagmire", "zebulina")
        assert served.stop() == 0
    anna, kept = kept_of(stall, ANNA)
    before = rows_of(stall, anna)
    assert run(["consent", "erase", ANNA, str(stall), "--dry-run"]) == 0
    assert "Nothing was changed." in capsys.readouterr().out
    assert run(["consent", "erase", ANNA, str(stall)]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert rows_of(stall, anna) == before
    assert run(["consent", "erase", ANNA, str(stall), "--yes"]) == 0
    assert "backups from before, which you delete by" in capsys.readouterr().out
    assert found_in(list((stall / "data").rglob("*")), kept, TRACES) == set()
    assert run(["consent", "erase", ANNA, str(stall), "--yes"]) == 1
    assert capsys.readouterr().out.startswith("Nobody is known here as")
    assert run(["consent", "erase", "nobody at all", str(stall), "--yes"]) == 2
    assert "neither an e-mail address nor the id" in capsys.readouterr().err


def test_the_answer_for_programs_is_all_that_is_on_standard_output(stall: Path, mailbox: Running) -> None:
    """Where nothing runs, the engine's code does its work in the command itself, and what it logs is no part
    of the answer."""
    with Served(stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        leave_traces(http, mailbox, ANNA, "Zebulina Quagmire", "zebulina")
        assert served.stop() == 0
    words = ["consent", "erase", ANNA, str(stall), "--yes", "--format", "json"]
    program = [sys.executable, "-c", "from virta.command import main; main()", *words]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (ended.returncode, json.loads(ended.stdout)["erasure"]["primary"] > 0) == (0, True), ended.stderr
