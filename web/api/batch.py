"""Many things in one call: each stands or falls by itself."""

from collections.abc import Awaitable, Callable, Sequence, Sized
from typing import TypeVar

from web.api.replies import Code, Refusal, Rejected, Tally

MOST = 1000

Clock = Callable[[], int]  # milliseconds since 1970 UTC
Item = TypeVar("Item")


def check_length(name: str, items: Sized) -> None:
    """Raises `Refusal` (413) when a batch has more than 1,000 entries."""
    if len(items) > MOST:
        raise Refusal(
            413,
            Code.TOO_MANY,
            f"`{name}` has {len(items):,} entries, and a call may have {MOST:,}. Send them in several calls.",
        )


async def take(
    read: Sequence[Item | str], accept: Callable[[Sequence[Item]], Awaitable[list[str | None]]]
) -> Tally:
    """Offer to `accept` what could be read, and count: a text in `read` is the reason why an entry could not
    be, and `accept` gives one for each entry that it does not take."""
    rejected = [Rejected(index, item) for index, item in enumerate(read) if isinstance(item, str)]
    good = [(index, item) for index, item in enumerate(read) if not isinstance(item, str)]
    verdicts = await accept([item for _, item in good]) if good else []
    for (index, _), reason in zip(good, verdicts, strict=True):
        if reason is not None:
            rejected.append(Rejected(index, reason))
    rejected.sort(key=lambda entry: entry.index)
    return Tally(len(read) - len(rejected), rejected)
