"""People of whom the store of consent says what its log does not, and whether anybody looks."""

from collections.abc import Iterator

from sqlalchemy import select

from consent.ledger.doubts import THE_LOG, all_doubts
from consent.ledger.retold import RESOLVED
from consent.service import Service
from consent.store.tables import leaves
from consent.timed.scrub import place_of
from consent.times import DAY_MS
from virta.operating.complaint import Complaint

_MOST = 20
_ROUND = 4 * DAY_MS
"""A round of the scrub takes a day where something serves all day."""


def round_in_time(service: Service, at: int) -> Iterator[Complaint]:
    """Whether the scrub came round within these days. `at` in ms UTC."""
    last, opened = service.read(
        lambda reading: (
            place_of(reading).over,
            int(reading.conn.scalar(select(leaves.c.at).where(leaves.c.seq == 0)) or 0),
        )
    )
    if _ROUND > at - max(last, opened) > -DAY_MS:
        return
    whole = "have never been compared whole"
    if last > at:
        whole = "were last compared whole at a time that is still to come"
    elif last:
        whole = f"were last compared whole {round((at - last) / DAY_MS)} days ago"
    yield Complaint(
        "doubt",
        f"Store and log of consent {whole}.",
        "Keep `virta serve` running, or `virta serve consent`: it takes a day to come round. If it runs, its "
        "log says what it fails at.",
    )


def in_doubt(service: Service) -> Iterator[Complaint]:
    """Whom a claim or the scrub found: they get no marketing until that is resolved."""
    found = service.read(all_doubts)
    of_log = found.pop(THE_LOG, [])
    if of_log:
        yield Complaint(
            "doubt",
            f"The log of consent itself was changed ({_some(of_log)}).",
            "Whoever can write to the store did that, or the disk is damaged. Put a backup back "
            "(`virta restore`); `virta consent verify` tells whether an export of before holds.",
        )
    for subject, differs in list(found.items())[:_MOST]:
        yield Complaint(
            "doubt",
            f"The store says of {subject} what the log does not ({_some(differs)}); they get no marketing.",
            "Whoever can write to the store did that, or the disk is damaged. Look at "
            f"`virta consent show {subject}`, and then: `virta consent record {subject} {RESOLVED}`.",
        )
    if len(found) > _MOST:
        yield Complaint(
            "doubt",
            f"So it is with {len(found) - _MOST} others.",
            "These are so many that a backup (`virta restore`) may be the better way.",
        )


def _some(differs: list[str]) -> str:
    more = len(differs) - 3
    return ", ".join(differs[:3]) + (f", and {more} more" if more > 0 else "")
