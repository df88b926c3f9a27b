"""Journeys whose journal loses its last row before anybody counts: of that no measure may be silent."""

import sqlite3
from pathlib import Path

from virta.bench import journeys
from virta.bench.result import Run
from virta.bench.ten_steps import Told, counted, store_of


def measure(folder: Path, people: int, told: Told) -> Run:
    """As a measure of `virta bench`; raises `CountsDiffer`."""
    run = journeys.measure(folder, people, told)
    with sqlite3.connect(store_of(folder)) as connection:
        connection.execute("DELETE FROM journal WHERE rowid = (SELECT max(rowid) FROM journal)")
    counted(folder, people)
    return run
