"""What restores, upgrades and moves leave behind, which a doctor reminds of."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.store.faults import StoreFault
from engine.store.server import Server
from virta.keeping.manifest import FILES
from virta.keeping.places import Places, is_marked, refuse_unfinished
from virta.operating.complaint import Complaint
from virta.settings import BrokenProject

_LONG = timedelta(days=30)
_TIME = re.compile(r"[-_](\d{8})t(\d{6})(?:\.\d+)?z\Z", re.IGNORECASE)


def remnants(places: Places, now: int) -> Iterator[Complaint]:
    """A restore that was cut short; files of before a move; what was put aside for over a month. `now` in ms
    UTC."""
    data = places.data
    if is_marked(data):
        try:
            refuse_unfinished(data)
        except BrokenProject as fault:
            yield Complaint("restore-unfinished", str(fault), "Nothing is served before.")
    for name, place in places.stores.items():
        if isinstance(place, Server) and (data / name).is_file():
            yield Complaint(
                "left-behind",
                f"{data / name} is still there, and virta.toml says that the {FILES[name]}'s store is on a "
                "server: nothing of what is in it counts.",
                "If it was to be moved: take `[stores] url` and `consent_url` out again, run `virta backup`, "
                "put them back, and run `virta restore`. If not, delete it.",
            )
    old = datetime.fromtimestamp(now / 1000, UTC) - _LONG
    kept = [str(path) for path in sorted(data.glob("before-*")) if _is_older(path.name, old)]
    schemas = [name for name in _schemas(places) if _is_older(name, old)]
    for what, do in [(path, f"rm -r {path}") for path in kept] + [
        (f"The schema {name}", f"DROP SCHEMA {name} CASCADE") for name in schemas
    ]:
        yield Complaint(
            "put-aside",
            f"{what} holds what was there before a restore or an upgrade over a month ago; people who were "
            "erased since may be in it.",
            f"Take it away once you are sure that nobody needs it: {do}",
        )


def _is_older(name: str, than: datetime) -> bool:
    found = _TIME.search(name)
    return (
        found is not None
        and datetime.strptime("".join(found.groups()), "%Y%m%d%H%M%S").replace(tzinfo=UTC) < than
    )


def _schemas(places: Places) -> list[str]:
    found: list[str] = []
    for place in places.stores.values():
        if isinstance(place, Path):
            continue
        from virta.keeping.schemas import connected, put_aside

        try:
            with connected(place) as driver:
                found += put_aside(driver, place.schema)
        except StoreFault:  # told of by whoever looks at the server itself
            continue
    return found
