"""A coffee stall whose stores are in files or on a server, and all that stands in them."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from virta.command import run

KINDS = ("files", "server")

Rows = dict[str, list[tuple[Any, ...]]]


def name_server(stall: Path, url: str, schema: str) -> None:
    """From here on the project's stores are in this database."""
    file = stall / "virta.toml"
    text = file.read_text("utf-8").partition("\n[stores]")[0]
    more = f'\n[stores]\nurl = "{url}"\nconsent_url = "{url}"\nschema = "{schema}"\n'
    file.write_text(text + more, "utf-8")


def name_files(stall: Path) -> None:
    """From here on they are in files again."""
    file = stall / "virta.toml"
    file.write_text(file.read_text("utf-8").partition("\n[stores]")[0], "utf-8")


def rows_in(backup: Path) -> dict[str, Rows]:
    """Every row of every table of a backup, and the numbers that were given out."""
    return {path.name: dict(_tables(path)) for path in sorted(backup.glob("*.db"))}


def kept(stall: Path, to: Path) -> dict[str, Rows]:
    """What the stores hold, by way of a backup."""
    assert run(["backup", str(stall), "--to", str(to)]) == 0
    return rows_in(to)


def _tables(path: Path) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    with closing(sqlite3.connect(path)) as file:
        names = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (name,) in names:
            if name not in ("sqlite_stat1", "sqlite_stat4"):
                yield name, sorted(file.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
