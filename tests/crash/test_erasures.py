"""`kill -9` amid an erasure: after the next start, and what it does, nothing of the person is in any file."""

import asyncio
import os
import secrets
import signal
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from consent import forgetting
from consent.client import InProcess
from consent.keys import Keys
from consent.ledger.subjects import load
from consent.service import Service, open_service
from consent.store import anew, opened
from consent.store.anew import OF_PEOPLE
from consent.subscriber import erasure

pytestmark = pytest.mark.slow
PEOPLE, GONE = 600, 7
KEYS = Keys.random(secrets.token_bytes)
MOMENTS = ("in its file", "committed", "begun", "a table's copy", "a table", "all tables", "told")


def address(number: int) -> str:
    """One that is found nowhere else; short ones and long ones, so that pages split unevenly."""
    return f"person.{number}@{'street.' * (number * 7919 % 9)}crowd.example"


def opens(path: Path) -> Service:
    """The service of the store at `path`."""
    return open_service(
        path,
        KEYS,
        origin="kafija.example/consent",
        public_url="https://kafija.example",
        team=(),
        clock=lambda: time.time_ns() // 1_000_000,
        entropy=secrets.token_bytes,
    )


def erases(path: Path, gone: list[str], moment: str) -> None:
    """A process that erases, and is killed at a moment."""

    def kill(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    service = opens(path)
    if moment == "in its file":
        assert service._stops is not None
        service._stops.marks.add = kill  # type: ignore[method-assign, assignment]
    for one in gone:
        forgetting.erase(service, one, "operator")
    if moment == "committed":
        kill()
    if moment == "a table's copy":
        _at_the_copy(kill)
    parts = forgetting.rewriting(service)
    count = {"begun": 1, "a table": 4, "all tables": len(OF_PEOPLE) + 1}.get(moment, len(OF_PEOPLE) + 2)
    for part, _ in zip(parts, range(count), strict=False):
        assert part()
    if moment == "told":
        service.write(lambda tx: erasure.forgotten(tx, gone))
    kill()


def _at_the_copy(kill: Callable[[], None]) -> None:
    real = anew.write_anew

    class Killing:
        def __init__(self, driver: object) -> None:
            self._driver = driver

        def execute(self, sql: str, *given: object) -> object:
            if sql.startswith("DELETE FROM"):
                kill()
            return self._driver.execute(sql, *given)  # type: ignore[attr-defined]

        def __getattr__(self, name: str) -> object:
            return getattr(self._driver, name)

    opened.write_anew = lambda driver, table: real(Killing(driver), table)  # type: ignore[attr-defined, arg-type]


@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_left_after_a_kill_at_any_moment_of_an_erasure(tmp_path: Path, moment: str) -> None:
    """Addresses, sealed ones and their keys: whoever goes is gone, and the others stay."""
    path = tmp_path / "consent.db"
    service = opens(path)
    people = [
        one for one in asyncio.run(InProcess(service).subjects([address(n) for n in range(PEOPLE)])) if one
    ]
    gone, kept = people[::GONE], people[1::GONE]
    known = {
        one: (who.wrapped, who.sealed)
        for one, who in service.read(lambda reading: load(reading, people)).items()
    }
    service.close()
    process = get_context("fork").Process(target=erases, args=(path, gone, moment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    service = opens(path)
    client = InProcess(service)
    if (
        moment == "in its file"
    ):  # of the first alone a line stands there; that counts, and the rest was not asked
        gone = gone[:1]
    assert asyncio.run(client.addresses(gone)) == [None] * len(gone)
    asyncio.run(client.forgotten(gone))
    service.close()
    files = b"".join(file.read_bytes() for file in sorted(tmp_path.iterdir()))
    assert [part for one in gone for part in known[one] if part in files] == []
    assert not any(address(people.index(one)).encode() in files for one in gone)
    assert all(part in files for one in kept for part in known[one])
