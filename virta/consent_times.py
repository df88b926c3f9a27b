"""`[times]` in virta.toml: how long things hold and are kept, as the project sets it."""

from collections.abc import Iterator

from msgspec import Struct, structs

from consent.proof.expiry import SHORTEST
from consent.times import DEFAULT_TIMES
from consent.times import Times as Kept

_RANGES = {
    "link_hours": (1, 720),
    "pending_days": (1, 366),
    "stale_months": (1, 120),
    "proof_years": (1, 30),
    "decision_months": (SHORTEST, 360),
    "ip_days": (1, 3660),
}
_OLDEST = 21
_ELSEWHERE = "others"


class Times(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """See `docs/settings.md`. `minimum_age` is by country, as in `{ LV = 13, others = 16 }`."""

    link_hours: int = DEFAULT_TIMES.link_hours
    pending_days: int = DEFAULT_TIMES.pending_days
    stale_months: int = DEFAULT_TIMES.stale_months
    proof_years: int = DEFAULT_TIMES.proof_years
    decision_months: int = DEFAULT_TIMES.decision_months
    ip_days: int = DEFAULT_TIMES.ip_days
    minimum_age: dict[str, int] = {}

    def kept(self, zone: str = "UTC") -> Kept:
        """The same, as the consent service takes it, with the project's time zone, whose days count."""
        given = structs.asdict(self)
        ages = {"" if name == _ELSEWHERE else name: age for name, age in self.minimum_age.items()}
        return Kept(**{**given, "minimum_age": ages, "zone": zone})


def times_faults(times: Times) -> Iterator[str]:
    """What is of the right type and wrong all the same."""
    for name, (shortest, longest) in _RANGES.items():
        if not shortest <= getattr(times, name) <= longest:
            yield f"`times.{name}` must be from {shortest} to {longest}."
    if times.pending_days * 24 < times.link_hours:
        yield "`times.pending_days` must be as long as `times.link_hours` at least: a link needs its wish."
    for name, age in times.minimum_age.items():
        if name != _ELSEWHERE and not (len(name) == 2 and name.isascii() and name.isupper()):
            yield f"`times.minimum_age` names countries by two capital letters, as in `LV`, not by `{name}`."
        if not 0 <= age <= _OLDEST:
            yield f"`times.minimum_age.{name}` must be from 0 to {_OLDEST} years."
