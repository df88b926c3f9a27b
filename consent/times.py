"""How long things hold and are kept: the settings of the consent service, with what they are unless set.

A month has 30 days here and a year 365: these are promises of storage, and nobody's calendar."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MONTH_MS = 30 * DAY_MS
YEAR_MS = 365 * DAY_MS
ENDED_MS = 30 * DAY_MS
"""A topic that the policy has not had for so long was ended, and not left out by mistake."""

ANYWHERE = ""


class Times(Struct, frozen=True):
    """`minimum_age` is by country (two letters, as in `LV`), that of everywhere else under the empty name; 0
    or nothing: nobody is asked. Where nobody knows the country, the highest of all holds."""

    link_hours: int = 72
    pending_days: int = 30
    stale_months: int = 24
    proof_years: int = 3
    ip_days: int = 90
    minimum_age: Mapping[str, int] = MappingProxyType({})

    def least_age(self, country: str) -> int:
        """How old somebody of `country` (empty where it is unknown) must be at least, in years."""
        if not country:
            return max(self.minimum_age.values(), default=0)
        return self.minimum_age.get(country.upper(), self.minimum_age.get(ANYWHERE, 0))


DEFAULT_TIMES = Times()
