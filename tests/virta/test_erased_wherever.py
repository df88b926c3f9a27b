"""A table of people, each of whom has left traces in a way of their own; all are erased, and then every byte
is searched for each of them: stores, logs, backups of afterwards, temporary files, a server's own files."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from erased_life import KEY, arrives, found_in, kept_of, leave_traces, make_traced_stall
from postgres_server import Running as Database
from serving import Served, eventually

from virta.command import run
from virta.keys import make_development_keys
from virta.mailbox.reader import mails
from virta.mailbox.running import Running, start

pytestmark = pytest.mark.slow
WAYS = (
    "imported",
    "bought",
    "refused",
    "deferred",
    "complained",
    "bounced",
    "held",
    "faulty",
    "asked",
    "known",
)
"""How each came to leave traces; it is also their name, and stands in their address."""
ENDING = re.findall(
    r"^ *(\w.*);$",
    (Path(__file__).parents[2] / "docs" / "erasure.md")
    .read_text("utf-8")
    .partition("```sql")[2]
    .partition("```")[0],
    re.MULTILINE,
)


def address(way: str) -> str:
    return f"zeb.{way}@{way}-person.example"


def name(way: str) -> str:
    return f"Zebedee Of-The-{way.title()}"


def traces(way: str) -> tuple[str, ...]:
    """What tells of somebody, wherever it stands."""
    return (address(way), name(way), f"order-of-{way}", f"cart-of-{way}", f"agent-of-{way}")


class Place:
    """A project in files or on a server, and all the files in which anything of it may be."""

    def __init__(self, stall: Path, folder: Path, database: Database | None) -> None:
        self.stall = stall
        self.folder = folder
        self.database = database

    def files(self) -> list[Path]:
        """Those of afterwards: stores, log, temporary files, the server's own, but for its log of writes."""
        found = [*(self.stall / "data").rglob("*"), self.stall.parent / "stall.log"]
        found += (self.folder / "tmp").rglob("*")
        if self.database is not None:
            self.database.ask("CHECKPOINT")
            found += (path for path in self.data_of_server() if "pg_wal" not in path.parts)
        return found

    def data_of_server(self) -> list[Path]:
        """Every file of the server."""
        assert self.database is not None
        [(data,)] = self.database.ask("SHOW data_directory")
        return [path for path in Path(data).rglob("*") if path.is_file()]

    def analyze(self) -> None:
        """As a server does by itself now and then: it looks at samples of all columns."""
        if self.database is not None:
            self.database.ask("ANALYZE")


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(
        tmp_path / "mailbox", refuse="*@refused-person.example", defer="*@deferred-person.example"
    ) as running:
        yield running


def removed_segments(database: Database) -> None:
    """What docs/erasure.md tells the server's administrator to do."""
    assert len(ENDING) == 6
    for statement in ENDING:
        database.ask(statement)


@pytest.fixture(params=["files", "server"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """Temporary files go to a folder of its own."""
    (tmp_path / "tmp").mkdir()
    for variable in ("TMPDIR", "SQLITE_TMPDIR"):
        monkeypatch.setenv(variable, str(tmp_path / "tmp"))
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    monkeypatch.setenv("CRM_SECRET", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    stall = make_traced_stall(tmp_path / "stall", mailbox.url)
    make_development_keys(stall / "dev-keys.toml", os.urandom)
    settings = stall / "virta.toml"
    key = 'key = "env:STALL_API_KEY"'
    scopes = 'scopes = ["events", "contacts", "signups", "returns"]'
    settings.write_text(settings.read_text("utf-8").replace(key, f"{key}\n{scopes}"), "utf-8")
    if request.param == "files":
        yield Place(stall, tmp_path, None)
        return
    database: Database = request.getfixturevalue("postgres")
    schema: Callable[[], str] = request.getfixturevalue("schema")
    project, url = schema(), database.url.replace("postgres:@", "postgres@")
    with settings.open("a") as file:
        file.write(f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{project}"\n')
    yield Place(stall, tmp_path, database)
    for part in ("engine", "consent"):
        database.drop(f"{project}_{part}")


def brought(place: Place) -> None:
    """Somebody comes from another system, with their name, and with a row beside that cannot be read."""
    table = place.folder / "list.csv"
    way = "imported"
    table.write_text(f"email,first_name\n{address(way)},{name(way)}\nno address at all,Nobody\n", "utf-8")
    words = ["import", "csv", str(table), "--folder", str(place.stall), "--topic", "news", "--skip-faulty"]
    nobody = [word for one in ("unsubscribed", "bounced", "complained") for word in ("--none", one)]
    assert run([*words, *nobody, "--yes"]) == 0


def buys(http: httpx2.Client, way: str) -> None:
    """The shop tells of somebody, and of what they bought."""
    person = {"email": address(way), "attributes": {"first_name": name(way), "time_zone": "Europe/Riga"}}
    assert http.post("/v1/contacts", json={"contacts": [person]}, headers=KEY).status_code == 202
    data = {"order_id": f"order-of-{way}"}
    told = {
        "id": f"id-order-of-{way}",
        "event": "order_placed",
        "contact": {"email": address(way)},
        "data": data,
    }
    assert http.post("/v1/events", json={"events": [told]}, headers=KEY).json()["accepted"] == 1


def is_reported(http: httpx2.Client, mailbox: Running, way: str, kind: str) -> None:
    """A mailbox provider tells something of a mail that went to them."""
    mail = arrives(mailbox, address(way), f"Seen order-of-{way}")
    report = {
        "kind": kind,
        "message_id": mail.header("Message-ID"),
        "code": "5.1.1" if kind == "bounce" else "",
    }
    taken = {"accepted": 1, "rejected": []}  # what cannot be taken just now is told of again, as providers do
    eventually(lambda: http.post("/v1/returns", json={"returns": [report]}, headers=KEY).json() == taken)


def live(place: Place, http: httpx2.Client, mailbox: Running) -> None:
    """Each leaves traces in their way."""
    stall = str(place.stall)
    leave_traces(http, mailbox, address("bought"), name("bought"), "bought")
    for way in ("refused", "deferred", "complained", "bounced", "held", "faulty"):
        buys(http, way)
    is_reported(http, mailbox, "complained", "complaint")
    is_reported(http, mailbox, "bounced", "bounce")
    arrives(mailbox, address("held"), "Seen order-of-held")
    assert run(["consent", "hold", address("held"), stall, "--until", "2031-12-31", "--reason", "x"]) == 0
    arrives(mailbox, address("held"), "We keep the proof of your consent")
    assert run(["consent", "hold", address("held"), stall, "--lift"]) == 0
    wrong = {
        "id": 7,
        "event": "no_such_event",
        "contact": {"email": address("faulty")},
        "data": name("faulty"),
    }
    http.post("/v1/events", json={"events": [wrong]}, headers=KEY)
    http.post("/v1/contacts", json={"contacts": [{"email": address("faulty"), "attributes": 1}]}, headers=KEY)
    http.get(f"/nowhere/{address('faulty')}?who={address('faulty')}")
    agent = {"User-Agent": "agent-of-asked"}
    sign_up = {"email": address("asked"), "topics": ["news"], "language": "en", "form": "f"}
    assert http.post("/v1/signups", json=sign_up, headers=KEY | agent).status_code == 202
    arrives(mailbox, address("asked"), "/c/")
    known = {"email": address("known"), "attributes": {"first_name": name("known")}}
    assert http.post("/v1/contacts", json={"contacts": [known]}, headers=KEY).status_code == 202


def test_nobody_is_found_in_any_file(
    place: Place, mailbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a backup of before they are all found, so that the search is one. On a server its log of writes is
    left out here: the next test is about that."""
    brought(place)
    with Served(place.stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        live(place, http, mailbox)
        who = {way: eventually(lambda way=way: kept_if_known(place.stall, address(way))) for way in WAYS}
        before, after = place.folder / "before", place.folder / "after"
        assert run(["backup", str(place.stall), "--to", str(before)]) == 0
        place.analyze()
        for way in WAYS:
            assert run(["consent", "erase", address(way), str(place.stall), "--yes"]) == 0, (
                capsys.readouterr()
            )
        assert run(["backup", str(place.stall), "--to", str(after)]) == 0
        assert served.stop() == 0
    files, backup = place.files(), list(after.rglob("*"))
    for way, (_, kept) in who.items():
        assert found_in(before.rglob("*"), kept[:1], [name(way), address(way)]), way
        assert found_in([*files, *backup], kept, traces(way)) == set(), way
    assert [mail for mail in mails(mailbox.folder) if address("bought") in mail.header("To")]


def kept_if_known(stall: Path, email: str) -> tuple[str, list[bytes]] | None:
    """What is kept of somebody, once the inbox has been read."""
    try:
        return kept_of(stall, email)
    except ValueError:
        return None


@pytest.mark.parametrize("place", ["server"], indirect=True)
def test_a_servers_log_of_writes_forgets_them_by_what_the_page_says(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """Until then it holds what was, and the command says so."""
    assert place.database is not None
    with Served(place.stall) as served, httpx2.Client(base_url=served.url, timeout=60) as http:
        known = {"email": address("known"), "attributes": {"first_name": name("known")}}
        assert http.post("/v1/contacts", json={"contacts": [known]}, headers=KEY).status_code == 202
        eventually(lambda: kept_if_known(place.stall, address("known")))
        assert run(["consent", "erase", address("known"), str(place.stall), "--yes"]) == 0
        assert "log of writes" in capsys.readouterr().out
        assert served.stop() == 0
    writes = [path for path in place.data_of_server() if "pg_wal" in path.parts]
    assert found_in(writes, [], [address("known")])
    removed_segments(place.database)
    assert found_in(place.data_of_server(), [], [address("known"), name("known")]) == set()
