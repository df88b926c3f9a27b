"""How long a start works through the file of stops, and how long it takes to leave out what no backup wants.

    .venv/bin/python bench/stops.py LINES

The lines are of stops that the log holds; of the log nothing is there but the hashes of its leaves."""

import json
import secrets
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from consent import forgetting
from consent.keys import Keys
from consent.service import Service, open_service
from consent.store.statement import driver_of
from consent.store.stops import read_stops
from consent.subscriber.replay import replay

_NOW, _DAYS = 1_772_442_000_000, 30
_LATER = _NOW + 100 * 86_400_000
_FIRST = 10  # the position of the first of them


def main(lines: int) -> None:
    """Write them, start, leave them out, start again, and tell."""
    with TemporaryDirectory() as folder:
        service = open_service(
            Path(folder) / "consent.db",
            Keys.random(secrets.token_bytes),
            origin="kafija.example/consent",
            public_url="https://kafija.example",
            team=(),
            clock=lambda: _LATER,
            entropy=secrets.token_bytes,
        )
        _fill(service, lines)
        _start(service)
        began = time.process_time()
        gone = forgetting.let_stops_go(service, _DAYS)
        print(f"{gone:,} lines left out: {time.process_time() - began:.1f} s of work")
        _start(service)
        service.close()


def _fill(service: Service, lines: int) -> None:
    assert service.store.writer is not None
    assert service.store.stops is not None
    driver: Any = driver_of(service.store.writer)
    hashes = [secrets.token_bytes(32) for _ in range(lines)]
    driver.execute("BEGIN IMMEDIATE")
    driver.executemany("INSERT INTO nodes VALUES (0, ?, ?)", list(enumerate(hashes, _FIRST)))
    driver.commit()
    with service.store.stops.open("a") as file:
        for seq, digest in enumerate(hashes, _FIRST):
            line = {"subject": secrets.token_hex(16), "topic": "newsletter", "type": "withdrawn", "at": _NOW}
            file.write(f"\n{json.dumps({**line, 'seq': seq, 'leaf': digest.hex()})}\n")


def _start(service: Service) -> None:
    assert service.store.stops is not None
    began = time.process_time()
    lines = read_stops(service.store.stops)
    service.write(lambda tx: replay(tx, lines))
    took, size = time.process_time() - began, service.store.stops.stat().st_size
    print(f"a start with {len(lines):,} lines ({size / 1e6:,.1f} MB): {took:.1f} s of work")


if __name__ == "__main__":
    main(int(sys.argv[1]))
