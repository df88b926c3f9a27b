"""When segments or starts by date were edited, everybody is looked at once more: a birthday comes also for
those of whom nothing is heard."""

import hashlib
from collections.abc import Mapping

from engine.core.bundle import Fired, Stimulus
from engine.core.calendar import NEVER
from engine.core.loaded import Loaded
from engine.store.batch import Batch
from engine.store.store import Store

SWEEPING, SWEPT, LOOKED_AT = "sweeping", "swept", "swept_people"
"""What people are being looked at by (`NOTHING`: none are), up to which contact, as a number, that has come,
and how many they were."""
NOTHING = -1

_JUDGED, _SWEEPS, _SINCE = "judged", "sweeps", "since"
"""What everybody was looked at by, the number of such rounds (what comes of one is another thing than what
came of an earlier one by the same program), and when the present one began, or the one that it broke off
(ms UTC): starts that come while it goes on are missed by nobody."""

_PAGE = 500


async def strangers_to(
    loaded: Loaded, store: Store, cursors: Mapping[str, int], batch: Batch, now: int
) -> list[Stimulus]:
    """A word to the next contacts who have not been looked at by what is loaded; none when all were. How far
    it has come goes into `batch`. `now` is in ms UTC."""
    if swept(loaded, cursors):
        return []
    wanted = _number(loaded)
    after, round_, seen = cursors.get(SWEPT, 0), cursors.get(_SWEEPS, 0), cursors.get(LOOKED_AT, 0)
    if cursors.get(SWEEPING) != wanted:
        after, round_, seen = 0, round_ + 1, 0
        broken_off = cursors.get(SWEEPING, NOTHING) != NOTHING  # who was not reached may have missed a start
        since = cursors.get(_SINCE, now) if broken_off else now
        batch.cursors |= {_JUDGED: NOTHING, SWEEPING: wanted, _SWEEPS: round_, _SINCE: since}
    loaded.since = batch.cursors.get(_SINCE) or cursors.get(_SINCE, NEVER)
    contacts = await store.contacts(f"{after:032x}", _PAGE)
    if contacts:
        batch.cursors |= {SWEPT: int(contacts[-1], 16), LOOKED_AT: seen + len(contacts)}
    else:
        batch.cursors |= {_JUDGED: wanted, SWEEPING: NOTHING, SWEPT: 0, LOOKED_AT: 0}
    return [Stimulus(f"sweep-{round_}-{wanted}", contact, 0, Fired("", 0)) for contact in contacts]


def swept(loaded: Loaded, cursors: Mapping[str, int]) -> bool:
    """Whether everybody has been looked at by what is loaded."""
    return cursors.get(_JUDGED, 0) == _number(loaded)


def _number(loaded: Loaded) -> int:
    """Another one whenever segments or starts on dates are others; 0 where there are none."""
    if not (loaded.segments or loaded.dated):
        return 0
    digest = hashlib.sha256(f"{loaded.judges}\0{loaded.dated_by}".encode()).digest()
    return int.from_bytes(digest[:7], "big") + 1
