"""`virta backup`, and `virta restore --check`: what is in it, and whether it is what it was."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kept_stall import SCHEMA, kept, url_of
from postgres_server import Running

from virta.command import run
from virta.keeping.manifest import CONSENT, ENGINE, STOPS, digest, read_manifest, write_manifest


def told(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


# ------------------------------------------------------------------ the backup


def test_a_backup_holds_what_it_says_and_nobody_else_may_read_it(backup: Path) -> None:
    """Both stores, stops and attempts, each with its digest; the log's head and a receipt."""
    manifest = read_manifest(backup)
    assert sorted(manifest.files) == [
        "attempts",
        "consent.db",
        "consent.db.marks",
        "consent.db.stops",
        "engine.db",
    ]
    assert manifest.log.size >= 3
    assert manifest.receipt.startswith(f"{manifest.log.origin}\n")
    assert {path.stat().st_mode & 0o777 for path in backup.iterdir()} == {0o600}
    assert backup.stat().st_mode & 0o777 == 0o700
    assert not backup.with_name("kept.part").exists()


def test_nothing_is_written_over(stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A place where something is, is refused, and is as it was."""
    assert run(["backup", str(stall), "--to", str(backup)]) == 2
    assert "is there already" in told(capsys)
    assert run(["restore", str(backup), str(stall), "--check"]) == 0


def test_a_backup_that_cannot_be_written_leaves_nothing(
    stall: Path, tmp_path: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stores are garbage: it says so, and no half of a backup is there."""
    url = url_of(stall)
    if url:
        postgres.ask_at(url, f"DROP TABLE {SCHEMA}_consent.leaves")
    else:
        (stall / "data" / CONSENT).write_bytes(b"this is no database" * 500)
    why = "does not exist" if url else "file is not a database"
    assert run(["backup", str(stall), "--to", str(tmp_path / "b")]) == 2
    said = told(capsys)
    assert "cannot be written: " in said
    assert f"{why}. Nothing is left of it." in said, said
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
    case: str, filed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 1, with and without --check; the stores are as they were. A backup is a pair of files,
    whatever it came from."""
    spoil, words = FAULTY[case]
    spoil(filed / "kept")
    before = (filed / "data" / ENGINE).read_bytes()
    for more in (["--check"], ["--over-newer"]):
        assert run(["restore", str(filed / "kept"), str(filed), *more]) == 1
        assert words in told(capsys)
    assert (filed / "data" / ENGINE).read_bytes() == before


def test_a_faulty_backup_of_a_server_is_told(
    stall: Path, backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same where the stores are on one."""
    before = kept(stall, tmp_path / "before")
    change_leaf(backup)
    assert run(["restore", str(backup), str(stall), "--over-newer"]) == 1
    assert "whose tree is not the one that the manifest names" in told(capsys)
    assert kept(stall, tmp_path / "after") == before


def everything(folder: Path) -> dict[Path, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_check_touches_nothing(stall: Path, backup: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the backup nor the stores."""
    before = everything(stall)
    assert run(["restore", str(backup), str(stall), "--check"]) == 0
    assert "is sound: 5 files" in told(capsys)
    assert everything(stall) == before
