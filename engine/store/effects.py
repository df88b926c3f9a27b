"""Effects that are not done: mails, words to the team, withdrawals."""

from sqlalchemy import bindparam, delete, select
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
            (
                bytes.fromhex(effect.key),
                bytes.fromhex(effect.contact),
                effect.body.at,
                rows.effect_row(effect),
            )
            for effect in batch.effects
        ],
    )
    _GONE.run_many(driver, [(bytes.fromhex(key),) for key in batch.ended])


def waiting(driver: Driver) -> list[Effect]:
    """Every effect that is not done, oldest first."""
    return [rows.effect_of(key, contact, body) for key, contact, body in _WAITING.rows(driver)]


_PUT = Statement(upsert(t.effect).on_conflict_do_nothing())
_GONE = Statement(delete(t.effect).where(t.effect.c.key == bindparam("key_")))
_WAITING = Statement(
    select(t.effect.c.key, t.effect.c.contact, t.effect.c.body).order_by(t.effect.c.made, t.effect.c.key)
)
