"""Effects that wait: what they cost those that come, and in which order calls of one moment stay."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from engine.core.bundle import CallBody, Effect
from engine.store import effects
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.database import Database
from engine.store.statement import Driver, driver_of

pytestmark = pytest.mark.anyio
MONDAY = 1_772_434_800_000
_INSTRUCTIONS = 100  # of the database's machine, for each tick


def calls(*numbers: int, at: int = MONDAY) -> list[Effect]:
    body = CallBody("alpha", "0" * 32, "call_1", at, "crm", {"text": "x" * 200})
    # by their keys alone they would come in the opposite order
    return [Effect(f"{2**64 - number:032x}", "a" * 32, "call", body) for number in numbers]


def numbers(waiting: list[Effect]) -> list[int]:
    return [2**64 - int(effect.key, 16) for effect in waiting]


@pytest.fixture
def database() -> Iterator[Database]:
    opened = Database(None, t.metadata, durable=False)
    yield opened
    opened.close()


async def commit(database: Database, places: effects.Places, *batches: list[Effect]) -> None:
    def write(connection: Connection) -> None:
        for each in batches:
            effects.write(driver_of(connection), Batch(effects=each), places)

    await database.run(write)


async def waiting(database: Database) -> list[int]:
    return numbers(await database.read(effects.waiting))


async def test_calls_of_one_moment_keep_their_order(database: Database) -> None:
    """Within a batch, from batch to batch, and in the next life of the engine."""
    places = effects.Places()
    await commit(database, places, calls(1, 2, 3), calls(4), calls(5, at=MONDAY - 1000))
    await commit(database, effects.Places(), calls(6), calls(7))
    assert await waiting(database) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_batch_that_did_not_come_about_leaves_the_order_as_it_was(database: Database) -> None:
    """What comes instead of it stands behind what was there."""
    places = effects.Places()
    await commit(database, places, calls(1, 2))

    def lost(connection: Connection) -> None:
        effects.write(driver_of(connection), Batch(effects=calls(3)), places)
        raise KeyError

    with pytest.raises(KeyError):
        await database.run(lost)
    await commit(database, places, calls(4, 5))
    assert await waiting(database) == [1, 2, 4, 5]


async def test_a_call_costs_no_more_where_many_wait(database: Database) -> None:
    """A receiver that is down makes the table grow, and must not slow the batches of all others."""
    places = effects.Places()
    spent: list[int] = []

    def one_more(driver: Driver, number: int) -> None:
        ticks = 0

        def tick() -> int:
            nonlocal ticks
            ticks += 1
            return 0

        driver.set_progress_handler(tick, _INSTRUCTIONS)
        effects.write(driver, Batch(effects=calls(number)), places)
        driver.set_progress_handler(None, 0)
        spent.append(ticks)

    for first, many in ((0, 5), (10, 3000)):
        await commit(database, places, calls(*range(first, first + many)))
        await database.run(lambda connection: one_more(driver_of(connection), 5000 + len(spent)))
    assert spent[1] <= spent[0] + 5
