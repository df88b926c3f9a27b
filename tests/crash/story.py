"""A story: one shop, one foreign sink, and the lives that work on them until everything is done."""

import asyncio
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self

from nursery import Life, Nursery, now
from shop import CONNECTIONS, KEYS, PLACES, STEPS, address

from consent.contract import Outcome
from consent.export.archive import write_archive
from consent.service import open_reader
from consent.verify import verify
from engine.core.bundle import Entry
from engine.core.record import What
from engine.mail.message import message_id
from engine.store.store import Store

Mail = tuple[str, str]  # recipient, step


class Sink:
    """aiosmtpd in its own process; what it acknowledged is in `file`."""

    def __init__(self, file: Path, pipelining: bool) -> None:
        self.file = file
        command = [sys.executable, str(Path(__file__).with_name("sink.py")), str(file)]
        self._process = subprocess.Popen(
            command + ["--pipelining"] * pipelining, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def lines(self) -> list[tuple[int, str, str, str]]:
        """When each mail came (ms UTC), its Message-ID, recipient and subject, in order."""
        found = []
        for line in self.file.read_text().splitlines():
            at, identity, recipient, subject = line.split("\t")
            found.append((int(at), identity, recipient, subject))
        return found


@dataclass
class Story:
    """Lives of one shop. `people` agreed before it begins; each life brings `more` orders than the last."""

    nursery: Nursery
    folder: Path
    sink: Sink
    people: int
    more: int = 3
    kills: int = 0
    lives: int = 0
    began: int = field(default_factory=now)

    @property
    def orders(self) -> int:
        """How many orders the shop knows of by now."""
        return min(self.people, self.lives * self.more)

    def live(self, point: str = "", nth: int = 0, *, milliseconds: int = 0, deaf: float = 0) -> bool:
        """Another life, told of more orders; whether it was killed."""
        self.lives += 1
        killed = self.nursery.live(self._life(point, nth, milliseconds, deaf, self.orders))
        self.kills += killed
        return killed

    def end(self) -> None:
        """The last life runs to its end, undisturbed."""
        assert not self.nursery.live(self._life("", 0, 0, 0, self.people))

    def _life(self, point: str, nth: int, milliseconds: int, deaf: float, orders: int) -> Life:
        return Life(
            folder=str(self.folder),
            port=self.sink.port,
            at=self.began,
            orders=orders,
            point=point,
            nth=nth,
            milliseconds=milliseconds,
            deaf=deaf,
        )

    # what the protocol promises

    def check(self) -> Counter[str]:
        """Everything that must hold once all is done; how the mails ended."""
        outcomes = self._claims()
        keys = {key: ends[-1] for key, ends in outcomes.items()}
        at_sink = [identity for _, identity, _, _ in self.sink.lines()]
        assert len(at_sink) == len(set(at_sink)), "a mail went twice"
        reached = {identity.strip("<>").partition("@")[0] for identity in at_sink}
        accepted = {key for key, end in keys.items() if end == Outcome.ACCEPTED}
        unknown = {key for key, end in keys.items() if end == Outcome.UNKNOWN}
        assert {message_id(key, "kafija.example") for key in reached} == set(at_sink)
        assert accepted | unknown == set(keys), "a mail ended otherwise"
        assert accepted <= reached, "accepted, but the sink has it not"
        assert reached - accepted <= unknown, "the sink has it, and nobody knows"
        assert accepted == reached - unknown
        assert len(unknown) <= self.kills * CONNECTIONS
        for ends in outcomes.values():
            assert set(ends[:-1]) <= {Outcome.RELEASED, Outcome.DEFERRED}, "an attempt after the last one"
        self._check_journal(len(accepted), len(unknown))
        self._check_calls()
        self._check_log()
        return Counter(keys.values())

    def mails(self) -> set[Mail]:
        """To whom which step went, as the journal tells it, unknown ones included."""
        return set(self._ends())

    def _claims(self) -> dict[str, list[str]]:
        with sqlite3.connect(self.folder / "data" / "consent.db") as store:
            rows = store.execute(
                "SELECT key, attempt, outcome FROM decisions"
                " WHERE reason IS NULL AND class <> 'proof' ORDER BY key, attempt"
            ).fetchall()
        store.close()
        outcomes: dict[str, list[str]] = {}
        for key, attempt, outcome in rows:
            assert outcome is not None, "a claim without its settlement"
            outcomes.setdefault(key, []).append(outcome)
            assert attempt == len(outcomes[key]), "attempts have gaps"
        return outcomes

    def _ends(self) -> Counter[Mail]:
        entries = self._journal()
        names = self._names()
        over = (What.SENT, What.UNKNOWN, What.SKIPPED)
        return Counter((names[entry.contact], entry.step) for entry in entries if entry.what in over)

    def _check_journal(self, accepted: int, unknown: int) -> None:
        """The journal tells each mail's end once, and knows of every mail that the sink has."""
        told = Counter(entry.what for entry in self._journal())
        assert (told[What.SENT], told[What.UNKNOWN], told[What.SKIPPED]) == (accepted, unknown, 0)
        assert set(self._ends().values()) <= {1}, "a mail's end was told twice"
        at_sink = {(recipient, subject) for _, _, recipient, subject in self.sink.lines()}
        assert at_sink <= self.mails()
        everything = {
            (address(number), step)
            for number in range(self.people)
            for steps in STEPS.values()
            for step in steps
        }
        assert self.mails() == everything, "a mail is lost"
        with sqlite3.connect(self.folder / "data" / "engine.db") as engine:
            assert engine.execute("SELECT count(*) FROM effect").fetchone() == (0,)
            assert engine.execute("SELECT count(*) FROM journey").fetchone() == (0,)
        engine.close()

    def _check_calls(self) -> None:
        """The receiver has every call, each under one id and first in its order; the journal tells each once.
        What a flow emitted happened once."""
        lines = [line.split("\t") for line in (self.folder / "calls").read_text().splitlines()]
        ids: dict[tuple[str, str], set[str]] = {}
        first: dict[str, list[str]] = {}
        for id_, order, place in lines:
            ids.setdefault((order, place), set()).add(id_)
            if place not in first.setdefault(order, []):
                first[order].append(place)
        assert set(map(len, ids.values())) <= {1}, "a call went under two ids"
        assert set(first) == {f"o{number}" for number in range(self.people)}, "a call is lost"
        assert all(tuple(places) == PLACES for places in first.values()), "calls came out of their order"
        journal = self._journal()
        told = Counter(
            (entry.contact, entry.flow, entry.step) for entry in journal if entry.what == What.CALLED
        )
        assert set(told.values()) == {1}, "a call's end was told twice"
        assert len(told) == len(PLACES) * self.people
        with sqlite3.connect(self.folder / "data" / "engine.db") as engine:
            emitted = engine.execute("SELECT count(*) FROM inbox WHERE kind = 'thanked'").fetchone()
        engine.close()
        assert emitted == (self.people,)
        entered = Counter(
            entry.contact for entry in journal if (entry.flow, entry.what) == ("noted", What.ENTERED)
        )
        assert set(entered.values()) == {1}

    def _check_log(self) -> None:
        """The consent log proves itself by its export."""
        service = open_reader(self.folder / "data" / "consent.db", KEYS.consent, clock=now)
        file = BytesIO()
        service.read(lambda reading: write_archive(reading, file))
        key = service.parts.signer.key()
        service.close()
        assert verify(file, key).authenticated

    def _journal(self) -> list[Entry]:
        store = Store(self.folder / "data" / "engine.db")
        try:
            return asyncio.run(store.journal())
        finally:
            store.close()

    def _names(self) -> dict[str, str]:
        service = open_reader(self.folder / "data" / "consent.db", KEYS.consent, clock=now)
        try:
            vault = service.parts.vault
            rows = service.read(
                lambda reading: reading.conn.exec_driver_sql(
                    "SELECT id, wrapped, address FROM subjects"
                ).all()
            )
            return {row[0]: vault.open_address(row[0], bytes(row[1]), bytes(row[2])) for row in rows}
        finally:
            service.close()


def copy_shop(seed: Path, folder: Path) -> Path:
    """A shop of its own, from the files of a seed."""
    shutil.copytree(seed, folder)
    return folder
