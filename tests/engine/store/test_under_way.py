"""How many stand where, and who: counted in one pass, and only those people are read who are asked for."""

import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from person import ANNA
from standing import journey

from engine.core.bundle import replace
from engine.insight.records import open_records
from engine.store.batch import Batch
from engine.store.server import Place
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BERT = "b" * 32


async def test_people_are_counted_and_found_by_their_places(kept: Store, place: Place) -> None:
    """Whoever stands at two of them is found once; a place that nobody ever stood at has nobody."""
    here = [journey(f"{number}" * 32, 10, ANNA if number < 3 else BERT) for number in range(1, 5)]
    await kept.commit(Batch(journeys_put=[*here[:3], replace(here[3], node=2)]))
    with open_records(place) as records:
        assert records.people() == Counter({("alpha", "digest", 0): 3, ("alpha", "digest", 2): 1})
        assert sorted(records.at([("alpha", "digest", 0), ("beta", "digest", 0)])) == [ANNA, BERT]
        assert list(records.at([("alpha", "digest", 2), ("alpha", "other", 2)])) == [BERT]
        assert list(records.at([("alpha", "other", 2)])) == []


async def test_a_count_of_many_looks_up_names_for_places_and_not_for_people(tmp_path: Path) -> None:
    """What a further journey costs is one row read and sorted in: so many steps of SQLite's machine, however
    many there are."""
    steps = [await _steps(tmp_path / f"{many}.db", many) for many in (1000, 5000)]
    assert (steps[1] - steps[0]) / 4000 < 16


async def _steps(path: Path, many: int) -> int:
    """How many steps it takes to count that many journeys."""
    store = Store(path, durable=False)
    await store.commit(Batch(journeys_put=[journey(f"{number:032x}", 10) for number in range(many)]))
    store.close()
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    with open_records(path) as records:
        connection = records._connection.connection.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        connection.set_progress_handler(count, 1)
        assert sum(records.people().values()) == many
    return steps
