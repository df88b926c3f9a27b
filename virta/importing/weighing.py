"""A look at all rows before anything is done: what would become of each."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from consent.contract.imports import PART as PART
from consent.contract.imports import Brought, Entry
from virta.importing.attestation import refuse_unsigned
from virta.importing.order import Prepared
from virta.importing.passing import Counted, rows_of
from virta.importing.scratch import Met
from virta.importing.table import Fault
from virta.operating.asking import Asked, patiently

T = TypeVar("T")


class Weighed(Struct, frozen=True):
    """How many rows the files have, how many of them would become what, and how many are faulty."""

    rows: int
    counts: dict[str, int]
    faults: int


async def weigh_all(
    consent: Asked,
    prepared: Prepared,
    now: int,
    fault: Callable[[Fault], None],
    behind: Callable[[int], None],
) -> Weighed:
    """Go through all rows and write nothing. `behind` is told how many rows are. Raises `BrokenProject` where
    others are attested than these."""
    counted, counts = Counted(), Counter[str]()
    with Met() as met:
        for number, part in enumerate(parts(rows_of(prepared, met, counted, now, fault))):
            refuse_unsigned(prepared.signed, number, [entry for entry, _ in part])
            weighed = await _weigh(consent, prepared, [entry for entry, _ in part])
            counts.update(brought.value for brought in weighed)
            behind(counted.gone)
    counts.update(counted.beside)
    return Weighed(counted.rows, dict(counts), counted.faults)


async def _weigh(consent: Asked, prepared: Prepared, entries: list[Entry]) -> list[Brought]:
    return await patiently(lambda: consent.weigh_import(prepared.what, entries))


def parts(rows: Iterable[T]) -> Iterator[list[T]]:
    """The rows, so many together as are taken at once."""
    each = iter(rows)
    while part := list(islice(each, PART)):
        yield part
