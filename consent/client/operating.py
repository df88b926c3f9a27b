"""What an operator does with people, by the same door: in the same process, and over HTTP."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from consent import calls, forgetting
from consent.address import read_address
from consent.client.actors import TOLD_BY, named
from consent.client.in_process import InProcess
from consent.client.remote import Remote, as_many
from consent.contract.history import History, KeyOfLog, PersonsProof
from consent.contract.holds import HeldProof, Hold
from consent.contract.imports import (
    Brought,
    BroughtOne,
    Entry,
    Import,
    ImportRecord,
    Taken,
    TakenBack,
    Taking,
    Untold,
)
from consent.contract.operator import MOST_ROWS
from consent.errors import WrongKeys
from consent.export.leaf_proofs import proofs_of
from consent.ledger.keyring import keys_with_moments
from consent.ledger.subjects import find, kept_form
from consent.ledger.transaction import Reading, Writing
from consent.subscriber import hold, imported, origin, taken_back, terms
from consent.subscriber.history import history_of
from consent.subscriber.hold_notice import under_way
from consent.timed.believed import believe

T = TypeVar("T")
ACTOR = "operator"


class Operating(InProcess):
    """An `Operator`, and a `ConsentClient`."""

    async def imports(self) -> list[ImportRecord]:
        """See `Operator`."""
        return await self._read(imported.imports_of)

    async def weigh_import(self, what: Import, entries: Sequence[Entry]) -> list[Brought]:
        """See `Operator`."""
        return await self._read(lambda reading: imported.weigh(reading, what, entries))

    async def begin_import(self, what: Import, attestation: bytes = b"") -> ImportRecord:
        """See `Operator`."""
        taking = self._service.imports
        return await self._write(lambda tx: _begin(tx, what, attestation, taking))

    async def take_import(self, import_id: str, first: int, entries: Sequence[Entry]) -> list[Taken]:
        """See `Operator`."""
        return await self._write(lambda tx: _take(tx, import_id, first, entries))

    async def end_import(self, import_id: str, beside: Mapping[str, int]) -> ImportRecord:
        """See `Operator`."""
        return await self._write(lambda tx: _end(tx, import_id, beside))

    async def brought_by(self, import_id: str, after: int, limit: int = 500) -> list[BroughtOne]:
        """See `Operator`."""
        most = min(limit, MOST_ROWS)
        return await self._read(lambda reading: taken_back.brought_by(reading, import_id, after, most))

    async def take_back(self, import_id: str, people: Sequence[str], known: Sequence[str]) -> TakenBack:
        """See `Operator`."""
        return await self._write(lambda tx: _take_back(tx, import_id, people, known))

    async def end_undoing(self, import_id: str) -> None:
        """See `Operator`."""
        await self._write(lambda tx: taken_back.undone(tx, import_id))
        for part in forgetting.rewriting(self._service):
            if not await self._hop(self._service.writer, part):
                break

    async def untold(self) -> Untold:
        """See `Operator`."""
        return await self._read(lambda reading: origin.untold(reading, reading.now))

    async def who_is_untold(self, after: str = "", limit: int = 500) -> list[str]:
        """See `Operator`."""
        most = min(limit, MOST_ROWS)
        found = await self._read(lambda reading: origin.who_is_untold(reading, after, most))
        return [subject for subject, _ in found]

    async def find(self, email: str) -> str | None:
        """See `Operator`."""
        address = read_address(email)
        return await self._read(lambda reading: find(reading, address))

    async def to_be_told(self, subject: str) -> int:
        """See `Operator`."""
        return await self._read(lambda reading: under_way(reading, subject))

    async def history(self, subject: str, email: str = "") -> History | None:
        """See `Operator`."""
        return await self._read(lambda reading: history_of(reading, subject, email))

    async def shown(self, digest: str) -> bytes | None:
        """See `Operator`."""
        return await self._read(lambda reading: kept_form(reading, digest))

    async def leaf_proofs(self, subject: str) -> list[PersonsProof]:
        """See `Operator`."""
        return await self._hop(
            self._service.reader,
            lambda: self._service.read_signed(lambda reading: list(proofs_of(reading, subject))),
        )

    async def log_keys(self) -> list[KeyOfLog]:
        """See `Operator`."""
        return await self._read(keys_with_moments)

    async def hold(self, subject: str, until: int, reason: str) -> None:
        """See `Operator`."""
        by = named(ACTOR, TOLD_BY)
        await self._write(_unlocked(lambda tx: hold.place(tx, subject, until, reason, by)))

    async def hold_told(self, subject: str, at: int = 0) -> None:
        """See `Operator`."""
        by = named(ACTOR, TOLD_BY)
        await self._write(lambda tx: hold.tell(tx, subject, by, at))

    async def open_hold(self, subject: str) -> HeldProof:
        """See `Operator`."""
        by = named(ACTOR, TOLD_BY)
        address, held = await self._write(_unlocked(lambda tx: hold.open_held(tx, subject, by)))
        return HeldProof(subject, address, tuple(held))

    async def lift_hold(self, subject: str) -> None:
        """See `Operator`."""
        by = named(ACTOR, TOLD_BY)
        await self._hop(self._service.writer, lambda: forgetting.lift(self._service, subject, by))

    async def holds(self) -> list[Hold]:
        """See `Operator`."""
        return await self._read(_all_holds)

    async def believe_clock(self) -> int:
        """See `Operator`."""
        return await self._write(believe)

    async def open_marketing(self) -> int:
        """See `Operator`."""
        by = named(ACTOR, TOLD_BY)
        return await self._hop(self._service.writer, lambda: forgetting.open_marketing(self._service, by))


def _begin(tx: Writing, what: Import, attestation: bytes, taking: Taking) -> ImportRecord:
    terms.refuse_import(what, attestation, taking, tx)
    return imported.begin(tx, what, attestation)


def _take(tx: Writing, import_id: str, first: int, entries: Sequence[Entry]) -> list[Taken]:
    record = imported.find_import(tx, import_id)
    if record is not None:
        terms.refuse_part(record, first, entries, tx)
    return imported.take(tx, import_id, first, entries)


def _end(tx: Writing, import_id: str, beside: Mapping[str, int]) -> ImportRecord:
    imported.end(tx, import_id, beside)
    found = imported.find_import(tx, import_id)
    if found is None:
        raise terms.ImportRefused(f"There is no import {import_id}.")
    return found


def _take_back(tx: Writing, import_id: str, people: Sequence[str], known: Sequence[str]) -> TakenBack:
    if imported.find_import(tx, import_id) is None:
        raise terms.ImportRefused(f"There is no import {import_id}.")
    if len(people) > MOST_ROWS:
        raise terms.ImportRefused(f"At most {MOST_ROWS} people go at once.")
    return taken_back.take_back_among(tx, import_id, people, set(known))


def _all_holds(reading: Reading) -> list[Hold]:
    return _unlocked(hold.standing_holds)(reading)


R = TypeVar("R", Reading, Writing)


def _unlocked(work: Callable[[R], T]) -> Callable[[R], T]:
    """A hold key that is missing is said to whoever asks: it is the operator's to put back."""

    def told(store: R) -> T:
        try:
            return work(store)
        except WrongKeys as fault:
            raise hold.HoldRefused(str(fault)) from None

    return told


class RemoteOperator(Remote):
    """The same to the service at a URL, with a key of the scope `operator`; see `Remote`."""

    async def imports(self) -> list[ImportRecord]:
        """See `Operator`."""
        return await self._ask(calls.IMPORTS)

    async def weigh_import(self, what: Import, entries: Sequence[Entry]) -> list[Brought]:
        """See `Operator`."""
        return as_many(entries, await self._ask(calls.WEIGH_IMPORT, what, entries))

    async def begin_import(self, what: Import, attestation: bytes = b"") -> ImportRecord:
        """See `Operator`."""
        return await self._ask(calls.BEGIN_IMPORT, what, attestation)

    async def take_import(self, import_id: str, first: int, entries: Sequence[Entry]) -> list[Taken]:
        """See `Operator`."""
        return as_many(entries, await self._ask(calls.TAKE_IMPORT, import_id, first, entries))

    async def end_import(self, import_id: str, beside: Mapping[str, int]) -> ImportRecord:
        """See `Operator`."""
        return await self._ask(calls.END_IMPORT, import_id, beside)

    async def brought_by(self, import_id: str, after: int, limit: int = 500) -> list[BroughtOne]:
        """See `Operator`."""
        return await self._ask(calls.BROUGHT_BY, import_id, after, limit)

    async def take_back(self, import_id: str, people: Sequence[str], known: Sequence[str]) -> TakenBack:
        """See `Operator`."""
        return await self._ask(calls.TAKE_BACK, import_id, people, known)

    async def end_undoing(self, import_id: str) -> None:
        """See `Operator`."""
        await self._ask(calls.END_UNDOING, import_id)

    async def untold(self) -> Untold:
        """See `Operator`."""
        return await self._ask(calls.UNTOLD)

    async def who_is_untold(self, after: str = "", limit: int = 500) -> list[str]:
        """See `Operator`."""
        return await self._ask(calls.WHO_IS_UNTOLD, after, limit)

    async def find(self, email: str) -> str | None:
        """See `Operator`."""
        return await self._ask(calls.FIND, email)

    async def to_be_told(self, subject: str) -> int:
        """See `Operator`."""
        return await self._ask(calls.TO_BE_TOLD, subject)

    async def history(self, subject: str, email: str = "") -> History | None:
        """See `Operator`."""
        return await self._ask(calls.HISTORY, subject, email)

    async def shown(self, digest: str) -> bytes | None:
        """See `Operator`."""
        return await self._ask(calls.SHOWN, digest)

    async def leaf_proofs(self, subject: str) -> list[PersonsProof]:
        """See `Operator`."""
        return await self._ask(calls.LEAF_PROOFS, subject)

    async def log_keys(self) -> list[KeyOfLog]:
        """See `Operator`."""
        return await self._ask(calls.LOG_KEYS)

    async def hold(self, subject: str, until: int, reason: str) -> None:
        """See `Operator`."""
        await self._ask(calls.HOLD, subject, until, reason)

    async def hold_told(self, subject: str, at: int = 0) -> None:
        """See `Operator`."""
        await self._ask(calls.HOLD_TOLD, subject, at)

    async def open_hold(self, subject: str) -> HeldProof:
        """See `Operator`."""
        return await self._ask(calls.OPEN_HOLD, subject)

    async def lift_hold(self, subject: str) -> None:
        """See `Operator`."""
        await self._ask(calls.LIFT_HOLD, subject)

    async def holds(self) -> list[Hold]:
        """See `Operator`."""
        return await self._ask(calls.HOLDS)

    async def believe_clock(self) -> int:
        """See `Operator`."""
        return await self._ask(calls.BELIEVE_CLOCK)

    async def open_marketing(self) -> int:
        """See `Operator`."""
        return await self._ask(calls.OPEN_MARKETING)
