"""Which PostgreSQL database the consent store is in."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Server:
    """`url` is like `postgresql://virta@db.kafija.example/virta` and holds no password. The tables stand in
    `schema`, which is this project's alone; what may not be undone is written to the file `stops` too.
    Without a `password` the client library looks for one where it always does."""

    url: str
    schema: str
    stops: Path
    password: str = field(default="", repr=False)
