"""What the protocol promises, looked up once all is done: in both stores, at the sink, at the receiver."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from nursery import now
from shop import KEYS, PLACES, STEPS, TEAM, address
from sinks import Sink

from consent.contract import Outcome
from consent.export.archive import write_archive
from consent.proof.verify import verify
from consent.service import open_reader
from engine.core.bundle import Entry
from engine.core.record import What, Why
from engine.mail.message import message_id
from engine.store.store import Store

_MOMENTS = 1_000_000_000_000
"""Numbers from here on are moments in ms UTC; two runs differ in them."""

_OVER = (What.SENT, What.UNKNOWN, What.SKIPPED)


class State(Struct, frozen=True):
    """All that must be equal after any number of crashes: the journal without its moments and with unknown
    mails as sent, what is known of people, what came in, what they agreed to."""

    journal: Counter[tuple[str, ...]]
    bundles: dict[str, Any]
    inbox: Counter[tuple[Any, ...]]
    standings: Counter[tuple[Any, ...]]
    leaves: Counter[str]


class Ends(Struct, frozen=True):
    """The shop whose folder is given, in which `people` have ordered."""

    folder: Path
    sink: Sink
    people: int

    def count(self) -> Counter[str]:
        """How everything ended. `lost` and `doubled` are of mails, words to the team included; `again` are
        calls that were made more than once, each under its one id."""
        outcomes = self._claims()
        last = {key: ends[-1] for key, ends in outcomes.items()}
        at_sink = Counter(identity.strip("<>").partition("@")[0] for _, identity, _, _ in self.sink.lines())
        for _, identity, _, _ in self.sink.lines():
            assert identity == message_id(identity.strip("<>").partition("@")[0], "kafija.example")
        for ends in outcomes.values():
            assert set(ends[:-1]) <= {Outcome.RELEASED, Outcome.DEFERRED}, "an attempt after the last one"
        accepted = {key for key, end in last.items() if end == Outcome.ACCEPTED}
        unknown = {key for key, end in last.items() if end == Outcome.UNKNOWN}
        assert accepted | unknown == set(last), "a mail ended otherwise"
        assert set(at_sink) <= set(last), "the sink has a mail that nobody claimed"
        told = Counter(entry.what for entry in self._journal())
        journal = self._journal()
        mails = Counter((entry.contact, entry.step) for entry in journal if entry.what in _OVER)
        tells = [entry for entry in journal if entry.what == What.TOLD]
        lost = len(accepted - set(at_sink)) + len(self.everything() - self._ended(mails))
        lost += self.people - len(tells)
        found = Counter(
            accepted=told[What.SENT],
            unknown=told[What.UNKNOWN],
            tells=len(tells),
            tells_unknown=sum(entry.reason == Why.OUTCOME_UNKNOWN for entry in tells),
            lost=lost,
            doubled=sum(at_sink.values()) - len(at_sink) + sum(mails.values()) - len(mails),
        )
        assert found["accepted"] + found["tells"] - found["tells_unknown"] == len(accepted)
        assert found["unknown"] + found["tells_unknown"] == len(unknown)
        found += self._calls(journal)
        self._check_left()
        self._check_log()
        return found

    def state(self) -> State:
        """See `State`."""
        journal = self._journal()
        with closing(sqlite3.connect(self.folder / "data" / "engine.db")) as engine:
            inbox = engine.execute("SELECT id, kind, contact FROM inbox").fetchall()
        with closing(sqlite3.connect(self.folder / "data" / "consent.db")) as consent:
            standings = consent.execute("SELECT subject, topic, state FROM standings").fetchall()
            leaves = consent.execute(
                "SELECT type FROM leaves WHERE type NOT IN ('decisions', 'policy')"
            ).fetchall()
        contacts = list(self._names())
        bundles = self._in_store(lambda store: store.load(contacts))
        return State(
            Counter(_without_luck(entry) for entry in journal),
            {contact: _without_moments(msgspec.to_builtins(one)) for contact, one in bundles.items()},
            Counter(map(tuple, inbox)),
            Counter(map(tuple, standings)),
            Counter(kind for (kind,) in leaves),
        )

    def everything(self) -> set[tuple[str, str]]:
        """Every mail to a reader that has to come."""
        steps = [step for steps in STEPS.values() for step in steps]
        return {(address(number), step) for number in range(self.people) for step in steps}

    def _ended(self, mails: Counter[tuple[str, str]]) -> set[tuple[str, str]]:
        names = self._names()
        return {(names[contact], step) for contact, step in mails}

    def _claims(self) -> dict[str, list[str]]:
        with closing(sqlite3.connect(self.folder / "data" / "consent.db")) as store:
            rows = store.execute(
                "SELECT key, attempt, outcome FROM decisions"
                " WHERE reason IS NULL AND class <> 'proof' ORDER BY key, attempt"
            ).fetchall()
        outcomes: dict[str, list[str]] = {}
        for key, attempt, outcome in rows:
            assert outcome is not None, "a claim without its settlement"
            outcomes.setdefault(key, []).append(outcome)
            assert attempt == len(outcomes[key]), "attempts have gaps"
        return outcomes

    def _calls(self, journal: list[Entry]) -> Counter[str]:
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
        told = Counter(
            (entry.contact, entry.flow, entry.step) for entry in journal if entry.what == What.CALLED
        )
        assert set(told.values()) == {1}, "a call's end was told twice"
        assert len(told) == len(PLACES) * self.people
        with closing(sqlite3.connect(self.folder / "data" / "engine.db")) as engine:
            (emitted,) = engine.execute("SELECT count(*) FROM inbox WHERE kind = 'thanked'").fetchone()
        for flow in ("noted", "closed"):
            entered = Counter(
                entry.contact for entry in journal if (entry.flow, entry.what) == (flow, What.ENTERED)
            )
            assert set(entered.values()) == {1}, "what was emitted happened twice"
        with closing(sqlite3.connect(self.folder / "data" / "consent.db")) as consent:
            (left,) = consent.execute(
                "SELECT count(DISTINCT subject) FROM leaves WHERE type = 'withdrawn'"
            ).fetchone()
            (leaves,) = consent.execute("SELECT count(*) FROM leaves WHERE type = 'withdrawn'").fetchone()
        assert leaves == left == self.people, "a withdrawal is lost or was made twice"
        return Counter(calls=len(ids), again=len(lines) - len(ids), emitted=emitted, withdrawn=left)

    def _check_left(self) -> None:
        with closing(sqlite3.connect(self.folder / "data" / "engine.db")) as engine:
            assert engine.execute("SELECT count(*) FROM effect").fetchone() == (0,)
            assert engine.execute("SELECT count(*) FROM journey").fetchone() == (0,)

    def _check_log(self) -> None:
        """The consent log proves itself by its export."""
        service = open_reader(self.folder / "data" / "consent.db", KEYS.consent, clock=now)
        file = BytesIO()
        service.read(lambda reading: write_archive(reading, file))
        key = service.parts.signing.key()
        service.close()
        assert verify(file, key).authenticated

    def _journal(self) -> list[Entry]:
        return self._in_store(lambda store: store.journal())

    def _in_store(self, ask: Callable[[Store], Any]) -> Any:
        store = Store(self.folder / "data" / "engine.db")
        try:
            return asyncio.run(ask(store))
        finally:
            store.close()

    def _names(self) -> dict[str, str]:
        """The addresses of the shop's readers by their ids."""
        service = open_reader(self.folder / "data" / "consent.db", KEYS.consent, clock=now)
        try:
            vault = service.parts.vault
            rows = service.read(
                lambda reading: reading.conn.exec_driver_sql(
                    "SELECT id, wrapped, address FROM subjects"
                ).all()
            )
            names = {row[0]: vault.open_address(row[0], bytes(row[1]), bytes(row[2])) for row in rows}
            return {id_: name for id_, name in names.items() if name != TEAM}
        finally:
            service.close()


def _without_luck(entry: Entry) -> tuple[str, ...]:
    """A line as an undisturbed run has it: what is unknown after a crash would have been sent."""
    what, reason = entry.what, entry.reason
    if what == What.UNKNOWN or reason == Why.OUTCOME_UNKNOWN:
        what, reason = What.SENT if what == What.UNKNOWN else what, ""
    return entry.contact, entry.flow, entry.journey, entry.step, what, reason


def _without_moments(value: Any) -> Any:
    match value:
        case bool():
            return value
        case int():
            return 0 if _MOMENTS < value < 10 * _MOMENTS else value
        case dict():
            return {name: _without_moments(part) for name, part in value.items()}
        case list() | tuple():
            return [_without_moments(part) for part in value]
    return value
