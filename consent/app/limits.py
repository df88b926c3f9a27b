"""How many wishes to sign up are taken in an hour: of one address, of one visitor, of one domain, and in all.

A person who is signed up by somebody else again and again gets one mail whatever comes (the cool-downs see to
that); these bounds keep the log and the mail server from being filled by such wishes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from msgspec import Struct
from pyrate_limiter import GCRA, Duration, Rate

from consent.address import read_address
from consent.client.in_process import InProcess
from consent.contract import SignUp, Unavailable
from consent.service import Service

_ALL = ""
_TIDY = 4_096
"""Places held after which those are let go of that hold nothing any more."""


class Limits(Struct, frozen=True):
    """Wishes in an hour; so many at once too, and then one as often as keeps to it."""

    per_address: int = 6
    per_domain: int = 3_000
    in_all: int = 10_000
    per_visitor: int = 60


class Crowded(Unavailable):
    """More wishes than are taken; ask again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"More sign-ups come than are taken; ask again after {seconds} seconds.")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whether a wish is taken. `quietly`: it is passed over and answered like all others, for to say so would
    tell of the address; else it waits `seconds`."""

    yes: bool
    quietly: bool = False
    seconds: int = 0


_YES, _PASSED_OVER = Admitted(True), Admitted(False, quietly=True)


class Admission:
    """Counts wishes. `clock` gives ms UTC; what is known is lost with the process, and nothing is on the
    disk."""

    def __init__(self, limits: Limits, clock: Callable[[], int]) -> None:
        self.refused = 0
        self._clock = clock
        self._bounds = GCRA()
        self._rates = {
            name: [Rate(count, Duration.HOUR)]
            for name, count in (
                ("all", limits.in_all),
                ("domain", limits.per_domain),
                ("visitor", limits.per_visitor),
                ("address", limits.per_address),
            )
        }
        self._states: dict[tuple[str, str], tuple[float, ...]] = {}
        self._tidy_at = _TIDY

    def admit(self, folded: str, ip: str = "") -> Admitted:
        """Whether a wish of this address, as it is looked up, is taken now; `ip` is where it came from."""
        now = self._clock()
        places = [("all", _ALL), ("domain", folded.rpartition("@")[2]), ("address", folded)]
        visitor = _visitor(ip)
        if visitor:
            places.insert(2, ("visitor", visitor))
        after: dict[tuple[str, str], tuple[float, ...]] = {}
        for place in places:
            rates = self._rates[place[0]]
            before = self._states.get(place) or self._bounds.initial(rates)
            after[place], decision = self._bounds.step(rates, before, now, 1)
            if not decision.allowed:
                self.refused += 1
                if place[0] == "address":
                    return _PASSED_OVER
                return Admitted(False, seconds=-(-(decision.retry_after_ms or 0) // 1000))
        self._states |= after
        if len(self._states) > self._tidy_at:
            self._tidy(now)
        return _YES

    def _tidy(self, now: int) -> None:
        self._states = {place: state for place, state in self._states.items() if max(state) > now * 1000}
        self._tidy_at = max(_TIDY, 2 * len(self._states))


_NEAR = tuple(
    ip_network(each)
    for each in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
"""Where a proxy of our own stands: all the world comes from there."""


def _visitor(ip: str) -> str:
    """Who is counted together: an IP address, or with IPv6 the network of one household; empty for one that
    says nothing of who it was."""
    try:
        found = ip_address(ip)
    except ValueError:
        return ""
    if found.version == 6 and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if any(found in each for each in _NEAR if each.version == found.version):
        return ""
    return str(ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


class Fronted(InProcess):
    """The client that answers the world: it takes sign-ups within the limits."""

    def __init__(self, service: Service, admission: Admission) -> None:
        super().__init__(service)
        self.admission = admission

    async def sign_up(self, request: SignUp) -> None:
        """See `ConsentClient`. Raises `Crowded` too."""
        # what came by a key is the shop's own to count: all its visitors ask from its machine
        ip = request.visit.ip if request.shown else ""
        admitted = self.admission.admit(read_address(request.email).folded, ip)
        if admitted.yes:
            await super().sign_up(request)
        elif not admitted.quietly:
            raise Crowded(admitted.seconds)
