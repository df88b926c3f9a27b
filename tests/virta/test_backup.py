"""`virta backup` and `virta restore`: nothing is lost, nobody's consent comes back, no mail goes twice."""

import asyncio
import json
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
import pytest
from serving import Served, eventually
from sqlalchemy import select
from stall import make_stall

from consent.client import InProcess
from consent.contract import Ask, MailClass, Outcome, Policy, Reason, Settlement, SignUp, Visit
from consent.service import Service, open_service
from consent.stops import read_stops
from consent.store import policies
from virta.command import run
from virta.keeping.manifest import CONSENT, ENGINE, STOPS, digest, read_manifest, write_manifest
from virta.keys import read_keys
from virta.mailbox.reader import mails
from virta.settings import read_settings
from virta.wiring import wall_clock

T = TypeVar("T")

KEY = {"Authorization": "Bearer the stall's key"}


def order(id_: str) -> dict[str, object]:
    who = {"email": "anna@example.com"}
    return {"id": id_, "event": "order_placed", "contact": who, "data": {"order_id": id_}}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that has run: an order is known whose mail could not go, for no mail server was there; its
    backup was taken meanwhile."""
    folder = make_stall(tmp_path_factory.mktemp("model") / "stall", "smtp://127.0.0.1:9")
    with Served(folder) as served, httpx2.Client(base_url=served.url, headers=KEY) as http:
        assert http.post("/v1/events", json={"events": [order("o-1")]}).json()["accepted"] == 1
        eventually(lambda: served.told("mails wait"))
        assert run(["backup", str(folder), "--to", str(folder / "kept")]) == 0
        assert served.stop() == 0
    return folder


@pytest.fixture
def stall(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "stall"))


@pytest.fixture
def backup(stall: Path) -> Path:
    return stall / "kept"


def told(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


def serve_until(stall: Path, done: Callable[[], object]) -> None:
    with Served(stall, "--mailbox") as served:
        eventually(done)
        assert served.stop() == 0


def subjects(stall: Path) -> list[str]:
    return sorted(mail.subject for mail in mails(stall / "data" / "mailbox"))


# ------------------------------------------------------------------ the backup


def test_a_backup_holds_what_it_says_and_nobody_else_may_read_it(model: Path) -> None:
    """Both stores, stops and attempts, each with its digest; the log's head and a receipt."""
    manifest = read_manifest(model / "kept")
    assert sorted(manifest.files) == ["attempts", "consent.db", "consent.db.stops", "engine.db"]
    assert manifest.log.size >= 3
    assert manifest.receipt.startswith(f"{manifest.log.origin}\n")
    assert {path.stat().st_mode & 0o777 for path in (model / "kept").iterdir()} == {0o600}
    assert (model / "kept").stat().st_mode & 0o777 == 0o700
    assert not (model / "kept.part").exists()


def test_nothing_is_written_over(stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A place where something is, is refused, and is as it was."""
    assert run(["backup", str(stall), "--to", str(backup)]) == 2
    assert "is there already" in told(capsys)
    assert run(["restore", str(backup), str(stall), "--check"]) == 0


def test_a_backup_that_cannot_be_written_leaves_nothing(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stores are garbage: it says so, and no half of a backup is there."""
    (stall / "data" / CONSENT).write_bytes(b"this is no database" * 500)
    assert run(["backup", str(stall), "--to", str(tmp_path / "b")]) == 2
    assert "cannot be written: file is not a database. Nothing is left of it." in told(capsys)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stall"]


def test_the_keys_are_in_it_by_choice(stall: Path, tmp_path: Path) -> None:
    """As the file of development keys that they came from."""
    assert run(["backup", str(stall), "--to", str(tmp_path / "b"), "--keys"]) == 0
    assert (tmp_path / "b" / "keys.toml").read_bytes() == (stall / "dev-keys.toml").read_bytes()
    assert "keys.toml" in read_manifest(tmp_path / "b").files


# ------------------------------------------------------------------ the check


def spoil_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def change_leaf(backup: Path) -> None:
    """Somebody who also mends the digest, so that only the tree tells."""
    with closing(sqlite3.connect(backup / CONSENT)) as store:
        store.execute("UPDATE leaves SET body = replace(body, 'log.opened', 'log.0pened') WHERE seq = 0")
        store.commit()
    mend_digest(backup, CONSENT)


def mend_digest(backup: Path, name: str) -> None:
    manifest = read_manifest(backup)
    files = manifest.files | {name: digest(backup / name)}
    write_manifest(backup, msgspec.structs.replace(manifest, files=files))


def garble(backup: Path) -> None:
    with (backup / ENGINE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    mend_digest(backup, ENGINE)


def newer_version(backup: Path) -> None:
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["schemas"]["engine.db"] = "9999"
    (backup / "manifest.json").write_text(json.dumps(manifest))


def other_head(backup: Path) -> None:
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["log"]["size"] += 1
    (backup / "manifest.json").write_text(json.dumps(manifest))


FAULTY: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a bit": (lambda b: spoil_byte(b / ENGINE), "engine.db is not what it was when the backup was written"),
    "stops": (lambda b: (b / STOPS).write_bytes(b"x"), "consent.db.stops is not what it was"),
    "missing": (lambda b: (b / STOPS).unlink(), "consent.db.stops cannot be read: No such file"),
    "a leaf": (change_leaf, "whose tree is not the one that the manifest names"),
    "a page": (garble, "engine.db is damaged: "),
    "newer": (newer_version, "engine.db was made by a newer version of Virta"),
    "head": (other_head, "whose tree is not the one that the manifest names"),
}


@pytest.mark.parametrize("case", FAULTY)
def test_a_faulty_backup_is_told_and_not_put_back(
    case: str, stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 1, with and without --check; the stores are as they were."""
    spoil, words = FAULTY[case]
    spoil(backup)
    before = (stall / "data" / ENGINE).read_bytes()
    for more in (["--check"], ["--over-newer"]):
        assert run(["restore", str(backup), str(stall), *more]) == 1
        assert words in told(capsys)
    assert (stall / "data" / ENGINE).read_bytes() == before


def everything(folder: Path) -> dict[Path, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_check_touches_nothing(stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the backup nor the stores."""
    before = everything(stall)
    assert run(["restore", str(backup), str(stall), "--check"]) == 0
    assert "is sound: 4 files" in told(capsys)
    assert everything(stall) == before


# ------------------------------------------------------------------ putting back


def test_it_is_refused_while_virta_runs(
    stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stop it first, it says."""
    with Served(stall, "--mailbox") as served:
        assert run(["restore", str(backup), str(stall), "--over-newer"]) == 2
        assert "Virta is running on" in told(capsys)
        assert served.stop() == 0


def test_what_was_accepted_before_the_backup_is_mailed_after_it(
    stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a new machine: nothing is there but the project and its backup."""
    shutil.rmtree(stall / "data")
    assert run(["restore", str(backup), str(stall)]) == 0
    assert "are back in" in told(capsys)
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])


def test_an_old_backup_of_the_engine_sends_no_claimed_key_again(
    stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The mail has gone since; the engine of before wants it to go, and consent says that it has."""
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])
    assert run(["restore", str(backup), str(stall), "--engine-only"]) == 2
    assert "is newer than the backup" in told(capsys)
    assert run(["restore", str(backup), str(stall), "--engine-only", "--over-newer"]) == 0
    with Served(stall, "--mailbox") as served, httpx2.Client(base_url=served.url, headers=KEY) as http:
        assert http.post("/v1/events", json={"events": [order("o-1"), order("o-2")]}).status_code == 202
        eventually(lambda: "Order o-2" in subjects(stall))
        assert served.stop() == 0
    assert subjects(stall) == ["Order o-1", "Order o-2"]


def test_newer_data_is_not_forgotten_without_a_word(
    stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the word, what was there stands aside, whole."""
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])
    before = (stall / "data" / CONSENT).read_bytes()
    assert run(["restore", str(backup), str(stall)]) == 2
    assert "its log of consent has" in told(capsys)
    assert (stall / "data" / CONSENT).read_bytes() == before
    assert run(["restore", str(backup), str(stall), "--over-newer"]) == 0
    (aside,) = (stall / "data").glob("before-restore-*")
    assert (aside / CONSENT).read_bytes() == before


def test_a_restore_that_was_cut_short_is_not_served(
    stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of the files are new: the start says what to do, and doing it again mends it."""
    (stall / "data" / "restore-unfinished").write_text(f"{backup}\n")
    (stall / "data" / CONSENT).unlink()
    assert run(["serve", str(stall), "--port", "0"]) == 2
    assert f"Do it again: virta restore {backup}" in told(capsys)
    assert run(["restore", str(backup), str(stall)]) == 0
    serve_until(stall, lambda: subjects(stall) == ["Order o-1"])


# ------------------------------------------------------------------ consent


@contextmanager
def consenting(stall: Path) -> Iterator[Service]:
    """The consent service of a project whose engine does not run."""
    settings = read_settings(stall)
    with closing(
        open_service(
            stall / "data" / CONSENT,
            read_keys(settings, stall).consent,
            origin="x",
            public_url=settings.url,
            team=(),
            clock=wall_clock,
            entropy=secrets.token_bytes,
        )
    ) as service:
        yield service


async def joined(service: Service, email: str) -> str:
    """The id of somebody who agreed to the topic `news`."""
    client = InProcess(service)
    await client.sign_up(SignUp(email, ("news",), "en", "test"))
    asks = [proof.ask for proof in await client.proofs()]
    links = [one.links.confirm for one in await client.decide(asks)]
    permits = (await client.claim("test", asks, [])).permits
    await client.settle("test", [Settlement(one.key, one.attempt, Outcome.ACCEPTED) for one in permits])
    return (await client.confirm(links[-1].rpartition("/")[2], Visit())).subject


async def asked(service: Service, subject: str, key: str) -> Reason | None:
    """Why the consent service lets no marketing mail go to them, None: it does."""
    with service.store.reader.begin():
        body = service.store.reader.scalar(select(policies.c.body))
    template = next(one for one in msgspec.json.decode(body, type=Policy).templates if one.unsubscribe)
    ask = Ask(key * 32, 1, subject, MailClass.MARKETING, "news", template.digest)
    claimed = await InProcess(service).claim("test", [ask], [])
    for permit in claimed.permits:
        await InProcess(service).settle("test", [Settlement(permit.key, 1, Outcome.ACCEPTED)])
    return claimed.denied[0].reason if claimed.denied else None


def in_time(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def test_who_withdrew_after_the_backup_stays_withdrawn(stall: Path, tmp_path: Path) -> None:
    """The stops file is not put back to what it was, and the consent service makes up for its lines."""
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
        assert in_time(asked(service, subject, "a")) is None
    old = tmp_path / "old"
    assert run(["backup", str(stall), "--to", str(old)]) == 0
    with consenting(stall) as service:
        token = service.parts.tokens.unsubscribe(subject, "news").rpartition("/")[2]
        in_time(InProcess(service).withdraw(token, "one_click", False, Visit()))
    assert run(["restore", str(old), str(stall), "--over-newer"]) == 0
    with consenting(stall) as service:
        assert in_time(asked(service, subject, "b")) is Reason.WITHDRAWN


def test_a_backup_brings_the_stops_that_the_disk_has_lost(stall: Path, tmp_path: Path) -> None:
    """An older store of consent beside a newer file of stops: nobody is mailed who said no."""
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
        token = service.parts.tokens.unsubscribe(subject, "news").rpartition("/")[2]
        in_time(InProcess(service).withdraw(token, "one_click", False, Visit()))
    assert run(["backup", str(stall), "--to", str(tmp_path / "new")]) == 0
    (stall / "data" / STOPS).write_bytes(b"")
    assert run(["restore", str(tmp_path / "new"), str(stall)]) == 0
    assert [stop.subject for stop in read_stops(stall / "data" / STOPS)] == [subject]


def test_marketing_stays_shut_until_the_log_is_as_long_as_it_was(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Agreements and mails of after the backup are lost with it; what the log was is told by what is moved
    aside, and remembered through another restore."""
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
    assert run(["backup", str(stall), "--to", str(tmp_path / "old")]) == 0
    with consenting(stall) as service:
        in_time(joined(service, "bob@example.com"))
        in_time(joined(service, "carl@example.com"))
    for _ in range(2):
        capsys.readouterr()
        assert run(["restore", str(tmp_path / "old"), str(stall), "--over-newer"]) == 0
        assert "Marketing stays shut: the log of consent has" in told(capsys)
    with consenting(stall) as service:
        assert in_time(asked(service, subject, "a")) is Reason.LOG_BEHIND
        in_time(joined(service, "dora@example.com"))
        in_time(joined(service, "egon@example.com"))
        assert in_time(asked(service, subject, "a")) is None


def test_a_checkpoint_that_somebody_kept_shuts_it_too(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is lost with all that was on it; a receipt of a subscriber tells how long the log was."""
    assert run(["backup", str(stall), "--to", str(tmp_path / "old")]) == 0
    with consenting(stall) as service:
        in_time(joined(service, "anna@example.com"))
        receipt = service.write(lambda tx: tx.sign()).note
    (tmp_path / "receipt").write_text(receipt, "utf-8")
    shutil.rmtree(stall / "data")
    put = ["restore", str(tmp_path / "old"), str(stall)]
    assert run([*put, "--checkpoint", str(tmp_path / "receipt")]) == 0
    assert "Marketing stays shut" in told(capsys)
