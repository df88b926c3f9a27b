"""Backups where the consent service is a process of its own: each folder has its part, put back alone."""

import json
import secrets
import shutil
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from consent_process import ServedConsent, make_two
from kept_stall import KEY, consenting, order
from serving import Served, eventually
from test_consent_put_back import asked, in_time, joined, told

from consent.app.access import make_key
from consent.calls import Scope
from consent.client import InProcess
from consent.contract import Visit
from virta.command import run
from virta.consent_door import ACCESS
from virta.keeping.manifest import read_manifest
from virta.mailbox.reader import mails
from virta.mailbox.running import start

OLDER = "the consent store is older than what was heard of it; changes count from its end"
ANNA, BELA, CORA = "anna@example.com", "bela@example.com", "cora@example.com"


class Two:
    """The folders of an engine and of its consent service, whose store knows people."""

    def __init__(self, folder: Path) -> None:
        with start(folder / "mailbox") as mailbox:
            self.mailbox, self.mail_port = mailbox.folder, mailbox.port
            self.engine, self.consent, self.port, self.key = make_two(folder, mailbox.url)

    def beside(self) -> ServedConsent:
        return ServedConsent(self.consent, self.port)

    def served(self) -> Served:
        return Served(self.engine, STALL_CONSENT_KEY=self.key)

    def backup(self, which: Path, to: Path) -> Path:
        """A backup of the part that this folder has."""
        assert run(["backup", str(which), "--to", str(to)]) == 0
        return to

    def lose(self, which: Path) -> None:
        """Its disk is gone; who may ask was kept elsewhere."""
        kept = which / "data" / ACCESS
        text = kept.read_bytes() if kept.exists() else None
        shutil.rmtree(which / "data")
        if text is not None:
            (which / "data").mkdir()
            kept.write_bytes(text)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Two:
    """Both have run, so that the rules are known."""
    found = Two(tmp_path)
    monkeypatch.setenv("STALL_CONSENT_KEY", found.key)
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    with found.beside() as beside, found.served() as served:
        assert (served.stop(), beside.stop()) == (0, 0)
    return found


def test_each_folder_has_its_own_part(two: Two, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, with no key of the other; and is put back into no folder of the other."""
    engine, consent = two.backup(two.engine, tmp_path / "e"), two.backup(two.consent, tmp_path / "c")
    said = told(capsys)
    assert "It is the part of the engine alone" in said
    assert "It is the part of the consent service alone" in said
    assert sorted(read_manifest(engine).files) == ["attempts", "engine.db"]
    assert sorted(read_manifest(consent).files) == [
        "consent.attempts",
        "consent.db",
        "consent.db.marks",
        "consent.db.stops",
    ]
    assert (read_manifest(engine).log, read_manifest(consent).heard) == (None, 0)
    for part, folder, other in ((engine, two.engine, two.consent), (consent, two.consent, two.engine)):
        assert run(["restore", str(part), str(folder), "--check"]) == 0
        assert run(["restore", str(part), str(other)]) == 2
        assert "name the other" in told(capsys)
        assert run(["restore", str(part), str(folder)]) == 0


def test_an_older_consent_mails_nobody_who_left_and_nothing_until_it_is_as_long(
    two: Two, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the stops that are there each stop counts again; where the disk is gone with them, the engine
    knows how long the log was, and no marketing goes to anybody."""
    with consenting(two.consent) as service:
        anna, bela, cora = (in_time(joined(service, one)) for one in (ANNA, BELA, CORA))
    old = two.backup(two.consent, tmp_path / "old")
    with consenting(two.consent) as service:
        token = service.parts.tokens.unsubscribe(anna, "news").rpartition("/")[2]
        in_time(InProcess(service).withdraw(token, "one_click", False, Visit()))
        in_time(InProcess(service).erase(cora, "operator"))
    with two.beside(), two.served():
        leaves = read_manifest(old).log.size
        eventually(lambda: read_manifest(two.backup(two.engine, _fresh(tmp_path))).heard > leaves)
    newest = two.backup(two.engine, tmp_path / "newest")
    assert (
        run(["restore", str(old), str(two.consent), "--check", "--beside", str(newest), "--format", "json"])
        == 0
    )
    assert "marketing will stay shut" in json.loads(told(capsys).splitlines()[-1])["together"]

    stops = (two.consent / "data" / "consent.db.stops").read_bytes()
    two.lose(two.consent)
    assert run(["restore", str(old), str(two.consent)]) == 0
    with consenting(two.consent) as service:
        assert service.parts.reach == 0
    with two.beside(), two.served() as served:
        eventually(lambda: served.told(OLDER))
    with consenting(two.consent) as service:
        assert service.parts.reach == read_manifest(newest).heard
        assert in_time(asked(service, bela, "d")) == "log_behind"

    (two.consent / "data" / "consent.db.stops").write_bytes(stops)
    with consenting(two.consent) as service:
        assert in_time(asked(service, anna, "e")) == "withdrawn"
        assert in_time(asked(service, cora, "f")) == "erased"


def _fresh(folder: Path) -> Path:
    return folder / f"kept-{len(list(folder.glob('kept-*')))}"


def test_an_older_engine_mails_nothing_twice(two: Two, tmp_path: Path) -> None:
    """What it asks for again the consent service knows to have gone; what it never heard of it hears."""
    with two.beside():
        with two.served() as served:
            post(served, "o-1")
            eventually(lambda: served.told("mails wait"))
            old = two.backup(two.engine, tmp_path / "old")
            with start(two.mailbox, two.mail_port):
                eventually(lambda: subjects(two)["Order o-1"])
                post(served, "o-2")
                eventually(lambda: subjects(two)["Order o-2"])
                assert served.stop() == 0
        assert run(["restore", str(old), str(two.engine), "--over-newer"]) == 0
        with start(two.mailbox, two.mail_port), two.served() as served:
            post(served, "o-3")
            eventually(lambda: subjects(two)["Order o-3"])
            assert served.stop() == 0
    assert subjects(two) == {"Order o-1": 1, "Order o-2": 1, "Order o-3": 1}


def post(served: Served, id_: str) -> None:
    with closing(httpx2.Client(base_url=served.url, headers=KEY)) as http:
        assert http.post("/v1/events", json={"events": [order(id_)]}).json()["accepted"] == 1


def subjects(two: Two) -> Counter[str]:
    return Counter(mail.subject for mail in mails(two.mailbox))


def test_a_backup_of_both_gives_each_folder_its_part(filed: Path, tmp_path: Path) -> None:
    """So a project whose consent was within the engine moves apart."""
    engine, consent = filed, shutil.copytree(filed, tmp_path / "consent")
    with (engine / "virta.toml").open("a", encoding="utf-8") as file:
        file.write('\n[consent]\nurl = "http://127.0.0.1:8026"\nkey = "env:STALL_CONSENT_KEY"\n')
    for folder in (engine, consent):
        shutil.rmtree(folder / "data")
    make_key(consent / "data" / ACCESS, "engine", [Scope.ENGINE], secrets.token_bytes, 0)
    for folder, names in ((engine, {"engine.db", "attempts"}), (consent, {"consent.db", "consent.db.stops"})):
        assert run(["restore", str(filed / "kept"), str(folder)]) == 0
        there = {path.name for path in (folder / "data").iterdir() if path.suffix not in (".lock", ".access")}
        assert names <= there
        assert not there & ({"engine.db", "consent.db"} - names)
