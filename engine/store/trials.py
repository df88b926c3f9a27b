"""Trials of arms: by person the first arm and what came of it, and what was ruled on that.

A person counts in a trial once, by their first arm, for what happens up to the end of their time. Once
nothing more can be told of that time they are added to a sum, and only that they came is kept of them.
"""

from collections.abc import Collection, Iterable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.counted import Drawn, Scored, Struck
from engine.core.trial import Ruling
from engine.store import schema as t
from engine.store.statement import Driver, Statement


class Tally(Struct, frozen=True):
    """Of one arm, of the people who were laid by these shares: those whose time has passed, how many of them
    something happened to, what it was worth together, and the sum of the squares of that."""

    arm: str
    shares: str
    people: int
    yes: int
    worth: float
    squares: float


def write(driver: Driver, counted: Iterable[Drawn | Scored | Struck]) -> None:
    """Write down what was counted, in order."""
    for each in counted:
        mark, contact = bytes.fromhex(each.mark), bytes.fromhex(each.contact)
        match each:
            case Drawn():
                if _BEFORE.first(driver, mark, contact) is None:
                    _DRAWN.run(
                        driver, mark, contact, each.arm, each.shares, each.at, each.until, each.counts, 0, 0
                    )
            case Scored():
                _SCORED.run(driver, each.worth, mark, contact, each.at, each.at)
            case Struck():
                _STRUCK.run(driver, mark, contact)


def tally(driver: Driver, mark: str, now: int) -> list[Tally]:
    """What became of the arms, by shares and label, at `now` (ms UTC)."""
    id_ = bytes.fromhex(mark)
    found: dict[tuple[str, str], Tally] = {}
    for row in (*_SUMS.rows(driver, id_), *_TALLY.rows(driver, id_, now)):
        more = Tally(*row)
        known = found.get((more.shares, more.arm), Tally(more.arm, more.shares, 0, 0, 0.0, 0.0))
        found[more.shares, more.arm] = Tally(
            more.arm,
            more.shares,
            known.people + more.people,
            known.yes + more.yes,
            known.worth + more.worth,
            known.squares + more.squares,
        )
    return [found[key] for key in sorted(found)]


def fold(driver: Driver, over: int, limit: int) -> bool:
    """Add those whose time ended before `over` (ms UTC) to the sums, `limit` of them; whether there are
    more."""
    behind = _BEHIND.first(driver, over, limit)
    part = (over, *(behind or _BEHIND_ALL))
    for statement in _FOLDING:
        statement.run(driver, *part)
    return behind is not None


def forget(driver: Driver, kept: Collection[str], before: int) -> None:
    """Drop what was counted of trials that are not among `kept`, if the last time of all ended `before`."""
    for (mark,) in _STALE.rows(driver, before):
        if mark.hex() not in kept:
            drop(driver, mark.hex())


def drop(driver: Driver, mark: str) -> None:
    """Drop what was counted of a trial; what was ruled stays."""
    for statement in _DROPPED:
        statement.run(driver, bytes.fromhex(mark))


def rule(driver: Driver, rulings: Sequence[Ruling]) -> None:
    """Write down what was ruled; a version that is there already stays as it is. Of a trial that is decided
    what was counted is dropped: nothing is asked of it any more."""
    _RULED.run_many(
        driver,
        [
            (bytes.fromhex(each.mark), each.version, each.at, each.flow, each.step, msgspec.json.encode(each))
            for each in rulings
        ],
    )
    for each in rulings:
        if each.best:
            drop(driver, each.mark)


def rulings(driver: Driver) -> list[Ruling]:
    """All that was ruled, oldest first."""
    return [msgspec.json.decode(body, type=Ruling) for (body,) in _RULINGS.rows(driver)]


_drawn = t.drawn.c
_DRAWN = Statement(upsert(t.drawn).on_conflict_do_nothing())
_SCORED = Statement(
    update(t.drawn)
    .values(score=_drawn.score + literal_column("1"), worth=_drawn.worth + bindparam("worth_"))
    .where(
        _drawn.mark == bindparam("mark_"),
        _drawn.contact == bindparam("contact_"),
        _drawn.at < bindparam("after_"),
        _drawn.until >= bindparam("before_"),
    )
)
_before, _sum = t.drawn_before.c, t.drawn_sum.c
_BEFORE = Statement(
    select(_before.mark).where(_before.mark == bindparam("mark_"), _before.contact == bindparam("contact_"))
)
_STRUCK = Statement(
    update(t.drawn)
    .values(score=literal_column("0"), worth=literal_column("0"))
    .where(_drawn.mark == bindparam("mark_"), _drawn.contact == bindparam("contact_"))
)
_one: ColumnElement[int] = literal_column("1")
_none: ColumnElement[int] = literal_column("0")
_counts = case((_drawn.counts == true(), _one), else_=_none)
_yes = case((_drawn.score > _none, _counts), else_=_none)
_worth = _drawn.worth * _counts
_of_arm = (func.sum(_counts), func.sum(_yes), func.sum(_worth), func.sum(_worth * _worth))
_TALLY = Statement(
    select(_drawn.arm, _drawn.shares, *_of_arm)
    .where(_drawn.mark == bindparam("mark_"), _drawn.until < bindparam("now_"))
    .group_by(_drawn.arm, _drawn.shares)
)
_SUMS = Statement(
    select(_sum.arm, _sum.shares, _sum.people, _sum.yes, _sum.worth, _sum.squares).where(
        _sum.mark == bindparam("mark_")
    )
)
_over = _drawn.until < bindparam("over_")
_BEHIND = Statement(
    select(_drawn.mark, _drawn.contact)
    .where(_over)
    .order_by(_drawn.mark, _drawn.contact)
    .limit(_one)
    .offset(bindparam("offset_"))
)
_BEHIND_ALL = (b"\xff" * 17, b"")
_part = and_(_over, tuple_(_drawn.mark, _drawn.contact) < tuple_(bindparam("mark_"), bindparam("contact_")))
_add = upsert(t.drawn_sum).from_select(
    ["mark", "arm", "shares", "until", "people", "yes", "worth", "squares"],
    select(_drawn.mark, _drawn.arm, _drawn.shares, func.max(_drawn.until), *_of_arm)
    .where(_part)
    .group_by(_drawn.mark, _drawn.arm, _drawn.shares),
)
_added = _add.excluded
_FOLDING = [
    Statement(
        _add.on_conflict_do_update(
            index_elements=["mark", "arm", "shares"],
            set_={
                "until": case((_sum.until > _added.until, _sum.until), else_=_added.until),
                **{name: _sum[name] + _added[name] for name in ("people", "yes", "worth", "squares")},
            },
        )
    ),
    Statement(
        upsert(t.drawn_before).from_select(
            ["mark", "contact"], select(_drawn.mark, _drawn.contact).where(_part)
        )
    ),
    Statement(delete(t.drawn).where(_part)),
]
_STALE = Statement(
    select(_sum.mark)
    .where(_sum.mark.not_in(select(_drawn.mark)))
    .group_by(_sum.mark)
    .having(func.max(_sum.until) < bindparam("before_"))
)
_DROPPED = [
    Statement(delete(table).where(table.c.mark == bindparam("mark_")))
    for table in (t.drawn, t.drawn_before, t.drawn_sum)
]
_RULED = Statement(upsert(t.ruling).on_conflict_do_nothing())
_RULINGS = Statement(select(t.ruling.c.body).order_by(t.ruling.c.at, t.ruling.c.mark, t.ruling.c.version))
