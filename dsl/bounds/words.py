"""Bounds in words."""

from dsl.bounds.flow import FlowBounds
from dsl.bounds.moves import DAY
from dsl.graph import Duration
from dsl.wording.values import duration_words

_HOURS_UNTIL = 3  # days; beyond, hours are of no interest


def sentence(bounds: FlowBounds) -> str:
    """One line for a flow, such as `at most 3 mails in 5 days`."""
    if bounds.most == 0:
        return "no mails"
    if bounds.most is None:
        return "more mails than can be counted"
    mails = f"at most {mails_words(bounds.most)}"
    if bounds.longest is None:
        time = ", with no end in time"
    elif bounds.longest == 0:
        time = ", at once"
    else:
        time = f" in {time_words(bounds.longest)}"
    return f"{mails}{time}{f', for each {bounds.per}' if bounds.per else ''}"


def mails_words(count: int) -> str:
    """`1 mail`, `3 mails`."""
    return f"{count} mail{'s' if count != 1 else ''}"


def time_words(seconds: int, up: bool = True) -> str:
    """A length on the clock, rounded up or down to whole days where it is long."""
    days, rest = divmod(seconds, DAY)
    if days >= _HOURS_UNTIL:
        days, rest = days + (1 if up and rest else 0), 0
    return duration_words(Duration(days=days, seconds=rest)) or "no time"
