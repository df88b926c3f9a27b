"""Trials of arms: by person the first arm and what came of it, and what was ruled on that.

A person counts in a trial once, by their first arm, for what happens up to the end of their time.
"""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, case, func, literal_column, select, true, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.bundle import Drawn, Scored, Struck
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
                _DRAWN.run(
                    driver, mark, contact, each.arm, each.shares, each.at, each.until, each.counts, 0, 0
                )
            case Scored():
                _SCORED.run(driver, each.worth, mark, contact, each.at, each.at)
            case Struck():
                _STRUCK.run(driver, mark, contact)


def tally(driver: Driver, mark: str, now: int) -> list[Tally]:
    """What became of the arms, by shares and label, at `now` (ms UTC)."""
    return [Tally(*row) for row in _TALLY.rows(driver, bytes.fromhex(mark), now)]


def rule(driver: Driver, rulings: Sequence[Ruling]) -> None:
    """Write down what was ruled; a version that is there already stays as it is."""
    _RULED.run_many(
        driver,
        [
            (bytes.fromhex(each.mark), each.version, each.at, each.flow, each.step, msgspec.json.encode(each))
            for each in rulings
        ],
    )


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
_STRUCK = Statement(
    update(t.drawn)
    .values(score=literal_column("0"), worth=literal_column("0"))
    .where(_drawn.mark == bindparam("mark_"), _drawn.contact == bindparam("contact_"))
)
_TALLY = Statement(
    select(
        _drawn.arm,
        _drawn.shares,
        func.count(),
        func.sum(case((_drawn.score > literal_column("0"), literal_column("1")), else_=literal_column("0"))),
        func.sum(_drawn.worth),
        func.sum(_drawn.worth * _drawn.worth),
    )
    .where(_drawn.mark == bindparam("mark_"), _drawn.until < bindparam("now_"), _drawn.counts == true())
    .group_by(_drawn.arm, _drawn.shares)
    .order_by(_drawn.shares, _drawn.arm)
)
_RULED = Statement(upsert(t.ruling).on_conflict_do_nothing())
_RULINGS = Statement(select(t.ruling.c.body).order_by(t.ruling.c.at, t.ruling.c.mark, t.ruling.c.version))
