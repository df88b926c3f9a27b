"""Effects that are not done: mails, words to the team, withdrawals, calls of webhooks."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.bundle import Effect
from engine.store import rows
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.statement import Driver, Statement


def write(driver: Driver, batch: Batch) -> None:
    """Write down what is asked for, one that is known already as it was; take away what is done."""
    _PUT.run_many(
        driver,
        [
            (bytes.fromhex(effect.key), bytes.fromhex(effect.contact), made, rows.effect_row(effect))
            for effect, made in zip(batch.effects, _places(driver, batch.effects), strict=True)
        ],
    )
    _GONE.run_many(driver, [(bytes.fromhex(key),) for key in batch.ended])


def _places(driver: Driver, effects: Sequence[Effect]) -> list[int]:
    """By what each effect is in order: its moment, and for calls one behind all that are there, for those of
    one moment must keep their order."""
    if not any(effect.kind == "call" for effect in effects):
        return [effect.body.at for effect in effects]
    found = _LAST.first(driver)
    last = (found[0] or 0) if found is not None else 0
    places = []
    for effect in effects:
        last = max(effect.body.at, last + 1)
        places.append(last)
    return places


def waiting(driver: Driver) -> list[Effect]:
    """Every effect that is not done, oldest first."""
    return [rows.effect_of(key, contact, body) for key, contact, body in _WAITING.rows(driver)]


_PUT = Statement(upsert(t.effect).on_conflict_do_nothing())
_LAST = Statement(select(func.max(t.effect.c.made)))
_GONE = Statement(delete(t.effect).where(t.effect.c.key == bindparam("key_")))
_WAITING = Statement(
    select(t.effect.c.key, t.effect.c.contact, t.effect.c.body).order_by(t.effect.c.made, t.effect.c.key)
)
