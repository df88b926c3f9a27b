"""All rows of an import in the order in which they are taken: those who left first, then those who stay."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from consent.address import read_address
from consent.contract.imports import Brought, Entry
from virta.importing.order import Prepared
from virta.importing.person import STOPPED, Person, Stood
from virta.importing.reading import people_in
from virta.importing.scratch import Met
from virta.importing.table import Fault


@dataclass(slots=True)
class Counted:
    """What was met on the way: rows in all, what became of those that are not taken, and faults. `gone` are
    the rows gone through, those of some files twice."""

    rows: int = 0
    gone: int = 0
    beside: Counter[str] = field(default_factory=Counter)
    faults: int = 0


def rows_of(
    prepared: Prepared, met: Met, counted: Counted, now: int, fault: Callable[[Fault], None]
) -> Iterator[tuple[Entry, Person]]:
    """The rows that are to be taken. `fault` is told what is wrong with others."""
    for leaving in (True, False):
        for number, source in enumerate(prepared.sources):
            if not (source.kind.tells if leaving else source.kind.brings):
                continue
            first = leaving or not source.kind.tells  # such a file is read for the first time
            for person in people_in(source, prepared.meaning, now):
                counted.gone += 1
                if isinstance(person, Fault):
                    if leaving and person.address:  # they may have left: no other file brings them
                        met.meet(read_address(person.address).folded, True)
                    if first:
                        counted.rows += 1
                        counted.faults += 1
                        fault(person)
                    continue
                counted.rows += first
                if (person.stood in STOPPED) is not leaving:
                    continue
                beside = _beside(person, met)
                if beside is None:
                    yield _entry(number, person), person
                else:
                    counted.beside[beside] += 1


def _beside(person: Person, met: Met) -> Brought | None:
    """What becomes of a row that is not taken; None: it is."""
    if person.stood is Stood.NEVER:
        return Brought.NEVER
    stopped = person.stood in STOPPED
    before = met.meet(read_address(person.email).folded, stopped)
    if before is None or stopped:
        return None
    return Brought.SUPPRESSED if before else Brought.REPEATED


def _entry(file: int, person: Person) -> Entry:
    return Entry(
        file,
        person.line,
        person.email,
        person.stood,
        person.language,
        person.confirmed_at,
        person.stopped_at,
        person.claimed,
    )
