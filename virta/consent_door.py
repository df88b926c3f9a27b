"""How a project reaches its consent service: in this process, or over HTTP where virta.toml says so."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from consent.app.access import ACCESS as ACCESS
from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.app.pace import Pace
from consent.contract.imports import Taking
from consent.keys import Keys
from consent.service import Service, open_service
from consent.store.server import Server
from virta.monitoring.tallies import CountedConsent, CountedRemote
from virta.settings import Settings, secret

_NOT_IN_ORIGIN = re.compile(r"[\s+]+")


@dataclass(frozen=True, slots=True)
class Door:
    """`service` is what stands behind `consent` in this process; None where it is another one. `counting` is
    where the world comes in, if it is counted here."""

    consent: CountedConsent | CountedRemote
    service: Service | None = None
    counting: Fronted | None = None

    @property
    def front(self) -> Fronted | CountedConsent | CountedRemote:
        """Where the world comes in. A process of its own counts by itself; trials count nobody."""
        return self.counting or self.consent

    async def close(self) -> None:
        """Close the store, or the connections."""
        if self.service is not None:
            self.service.close()
        if isinstance(self.consent, CountedRemote):
            await self.consent.close()


def door_in_process(service: Service, admission: Admission | None = None, pace: Pace | None = None) -> Door:
    """To a service of this process; with `admission` the world comes in within limits, and is answered at
    `pace`."""
    counting = None if admission is None else Fronted(service, admission, pace)
    return Door(CountedConsent(service), service, counting)


def door_over_http(settings: Settings, clock: Callable[[], int]) -> Door:
    """To the service that `consent.url` names; `clock` is that of the engine (ms UTC). Raises `BrokenProject`
    for a key that is not set."""
    there = settings.consent
    return Door(CountedRemote(there.url, secret(there.key), there.timeout, clock))


def steady_clock() -> int:
    """Milliseconds since some moment, by a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


def admission_of(settings: Settings, clock: Callable[[], int] = steady_clock) -> Admission:
    """How many wishes to sign up are taken, with none counted yet. `clock` gives ms, as `Admission` asks for
    it."""
    there = settings.consent
    limits = Limits(
        per_address=there.signups_per_address,
        per_domain=there.signups_per_domain,
        in_all=there.signups,
        per_visitor=there.signups_per_visitor,
    )
    return Admission(limits, clock)


def log_name(settings: Settings) -> str:
    """What a project's log is called from its beginning."""
    host = urlsplit(settings.url).hostname or "localhost"
    return f"{host}/{_NOT_IN_ORIGIN.sub('-', settings.name)}"


def open_consent(
    place: Path | Server | None,
    keys: Keys,
    settings: Settings,
    *,
    clock: Callable[[], int],
    entropy: Callable[[int], bytes],
    durable: bool = True,
    image: bytes | None = None,
) -> Service:
    """A project's consent service at `place`, as its settings say; see `open_service`."""
    opened = open_service(
        place,
        keys,
        origin=log_name(settings),
        public_url=settings.url,
        team=(*settings.team, *settings.auditors),  # to whom internal mails may go
        team_only=settings.environment == "staging",
        clock=clock,
        entropy=entropy,
        durable=durable,
        image=image,
        times=settings.times.kept(settings.time_zone),
    )
    opened.imports = Taking(settings.imports)
    return opened
