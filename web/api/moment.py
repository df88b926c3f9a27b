"""When something happened, as callers say it."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = 3_600_000  # how wrong a caller's clock may be, in milliseconds


def moment_of(at: datetime | None, now: int) -> int | str:
    """Milliseconds since 1970 UTC, `now` where nothing is said; or in plain words why it cannot be taken."""
    moment = now if at is None else (at - _EPOCH) // timedelta(milliseconds=1)
    if moment < 0:
        return "`at` lies before 1970"
    if moment > now + _AHEAD:
        return "`at` lies more than an hour in the future"
    return moment
