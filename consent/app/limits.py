"""How many wishes to sign up are taken in an hour: of one address, of one visitor, of one domain, and in all.

A person who is signed up by somebody else again and again gets one mail whatever comes (the cool-downs see to
that); these bounds keep the log and the mail server from being filled by such wishes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from msgspec import Struct
from pyrate_limiter import GCRA, Decision, Duration, Rate

_ALL = ""
_TIDY = 4_096
"""Places held after which those are let go of that hold nothing any more."""


class Limits(Struct, frozen=True):
    """Wishes in an hour; so many at once too, and then one as often as keeps to it."""

    per_address: int = 6
    per_domain: int = 3_000
    in_all: int = 10_000
    per_visitor: int = 60


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whether a wish is taken. `quietly`: it is passed over and answered like all others, for to say so would
    tell of the address; else it waits `seconds`. `counted` is where it counts."""

    yes: bool
    quietly: bool = False
    seconds: int = 0
    counted: tuple[tuple[str, str], ...] = ()


class Admission:
    """Counts wishes. `clock` gives ms from any moment on, and is never set. What is known is lost with the
    process, and nothing is on the disk: that an address gets one mail does not rest on it."""

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
        self._one = {
            name: self._bounds.step(rates, self._bounds.initial(rates), 0, 1)[0]
            for name, rates in self._rates.items()
        }
        self._states: dict[tuple[str, str], tuple[float, ...]] = {}
        self._tidy_at = _TIDY

    def admit(self, folded: str, ip: str = "") -> Admitted:
        """Whether a wish of this address, as it is looked up, is taken now; `ip` is where it came from. One
        that is passed over counts for the visitor: else it could be entered without an end."""
        now = self._clock()
        visitor = _visitor(ip)
        places = [("all", _ALL), ("domain", folded.rpartition("@")[2])]
        if visitor:
            places.append(("visitor", visitor))
        after: dict[tuple[str, str], tuple[float, ...]] = {}
        for place in places:
            after[place], decision = self._step(place, now)
            if not decision.allowed:
                self.refused += 1
                return Admitted(False, seconds=-(-(decision.retry_after_ms or 0) // 1000))
        address = ("address", _mailbox(folded))
        state, decision = self._step(address, now)
        if decision.allowed:
            after[address] = state
        else:
            self.refused += 1
            after = {place: state for place, state in after.items() if place[0] == "visitor"}
        self._states |= after
        if len(self._states) > self._tidy_at:
            self._tidy(now)
        return Admitted(decision.allowed, quietly=not decision.allowed, counted=tuple(after))

    def give_back(self, admitted: Admitted) -> None:
        """What was admitted came to nothing, and does not count."""
        for place in admitted.counted:
            if place in self._states:  # else it counts no more anyhow
                counted = zip(self._states[place], self._one[place[0]], strict=True)
                self._states[place] = tuple(until - one for until, one in counted)

    def _step(self, place: tuple[str, str], now: int) -> tuple[tuple[float, ...], Decision]:
        rates = self._rates[place[0]]
        return self._bounds.step(rates, self._states.get(place) or self._bounds.initial(rates), now, 1)

    def _tidy(self, now: int) -> None:
        self._states = {place: state for place, state in self._states.items() if max(state) > now * 1000}
        self._tidy_at = max(_TIDY, 2 * len(self._states))


def _mailbox(folded: str) -> str:
    """Addresses that most likely come to one person are counted together: what stands behind a plus sign
    makes an address of its own, and seldom a mailbox of its own."""
    local, _, domain = folded.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


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
