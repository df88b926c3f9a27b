"""Which PostgreSQL database the engine's tables are in."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Server:
    """`url` is like `postgresql://virta@db.kafija.example/virta` and holds no password. The tables stand in
    `schema`, which is this project's alone. Without a `password` the client library looks for one where it
    always does."""

    url: str
    schema: str
    password: str = field(default="", repr=False)


Place: TypeAlias = Path | Server
"""Where an engine's tables are: a file of SQLite's, or a schema of a server's."""
