"""The moment that limits give a mail is the first that is free, and no limit is ever passed."""

from itertools import pairwise

from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import DAY, MINUTE, MONDAY, Person

from dsl.graph import Cap, Duration, Limits, Quiet
from engine.core import calendar, limits
from engine.core.bundle import Mailed

RIGA = calendar.zone("Europe/Riga")
assert RIGA is not None
caps = st.builds(
    Cap,
    count=st.integers(1, 3),
    unit=st.sampled_from(["day", "week", "month"]),
    rolling=st.none(),
    wait=st.just(Duration(days=60)),
) | st.builds(
    Cap,
    count=st.integers(1, 3),
    unit=st.just("rolling"),
    rolling=st.sampled_from([Duration(days=7), Duration(seconds=7200), Duration(months=1)]),
    wait=st.just(Duration(days=60)),
)
quiets = st.sampled_from([Quiet("21:00", "08:00"), Quiet("12:00", "13:30"), Quiet("02:30", "03:30")])
moments = st.integers(0, 400 * 24 * 60).map(lambda minutes: MONDAY + minutes * MINUTE)


def allowed(of: Limits, mails: list[Mailed], moment: int) -> bool:
    """Whether a mail may go at a moment, asked anew, as the language says it."""
    shown = calendar.wall(moment, RIGA)
    for quiet in of.quiet:
        times = f"{shown:%H:%M}", quiet.start, quiet.end
        if quiet.start < quiet.end and quiet.start <= times[0] < quiet.end:
            return False
        if quiet.start > quiet.end and (times[0] >= quiet.start or times[0] < quiet.end):
            return False
    for cap in of.caps:
        days = [calendar.day(mail.at, RIGA) for mail in mails]
        if cap.rolling is not None:
            count = sum(calendar.add(mail.at, cap.rolling, RIGA) > moment for mail in mails)
        elif cap.unit == "day":
            count = sum(day == shown.date() for day in days)
        elif cap.unit == "week":
            count = sum(day.isocalendar()[:2] == shown.isocalendar()[:2] for day in days)
        else:
            count = sum((day.year, day.month) == (shown.year, shown.month) for day in days)
        if count >= cap.count:
            return False
    return True


@given(
    st.builds(Limits, st.lists(caps, max_size=3).map(tuple), st.lists(quiets, max_size=2).map(tuple)),
    st.lists(st.integers(0, 40 * 24 * 60), max_size=6),
    moments,
)
def test_the_moment_given_is_the_first_that_is_free(of: Limits, ago: list[int], now: int) -> None:
    """Free itself, and no minute before it is."""
    mails = [Mailed(now - minutes * MINUTE, "", "alpha") for minutes in ago]
    room = limits.room([(of, mails, RIGA)], now, now, RIGA)
    assert room.at is not None
    assert allowed(of, mails, room.at)
    earlier = range(now, room.at, 7 * MINUTE)
    assert not any(allowed(of, mails, moment) for moment in (*earlier, *([room.at - 1] if earlier else ())))


def test_a_limit_is_never_passed() -> None:
    """Three flows that mail daily, for forty days: no day has two mails, no seven days have five."""
    text = """
limits
    at most 1 email per day, else wait up to 3 days
    at most 4 emails per 7 days, else wait up to 2 days
    quiet 21:00 to 08:00
""" + "".join(
        f"""
flow {name} "{name}"
    topic news
    start on cart_updated

    repeat up to 30 times
        send {name}_mail
        wait 1 day at 22:00
"""
        for name in ("alpha", "beta", "gamma")
    )
    person = Person(loaded(text)).agrees("news").happens("cart_updated").pass_(40 * DAY)
    sent = [effect.body.at for effect in person.effects]
    assert len(sent) >= 20
    days = [calendar.day(moment, RIGA) for moment in sent]
    assert len(set(days)) == len(days)
    week = Duration(days=7)
    assert all(calendar.add(one, week, RIGA) <= fifth for one, fifth in zip(sent, sent[4:], strict=False))
    assert all(one < other for one, other in pairwise(sent))
    assert all(8 <= calendar.wall(moment, RIGA).hour < 21 for moment in sent)
