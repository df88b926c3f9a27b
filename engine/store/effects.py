"""Effects that are not done: mails, words to the team, withdrawals, calls of webhooks."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.bundle import Effect
from engine.store import rows
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.statement import Driver, Statement

_FETCH = 500


class Places:
    """By what effects are in order: each by its moment, and calls one behind all that are there, for those of
    one moment must keep their order. One for each life of a store, whose only writer it belongs to."""

    def __init__(self) -> None:
        self._last: int | None = None  # None: not known

    def of(self, driver: Driver, effects: Sequence[Effect]) -> list[int]:
        """The place of each."""
        if not any(effect.kind == "call" for effect in effects):
            return [effect.body.at for effect in effects]
        if self._last is None:  # asked for once: nothing leads there but all that waits
            found = _LAST.first(driver)
            self._last = (found[0] or 0) if found is not None else 0
        places = []
        for effect in effects:
            self._last = max(effect.body.at, self._last + 1)
            places.append(self._last)
        return places


def write(driver: Driver, batch: Batch, places: Places) -> None:
    """Write down what is asked for, one that is known already as it was; take away what is done."""
    _PUT.run_many(
        driver,
        [
            (bytes.fromhex(effect.key), bytes.fromhex(effect.contact), made, rows.effect_row(effect))
            for effect, made in zip(batch.effects, places.of(driver, batch.effects), strict=True)
        ],
    )
    _GONE.run_many(driver, [(bytes.fromhex(key),) for key in batch.ended])


def waiting(driver: Driver) -> list[Effect]:
    """Every effect that is not done, oldest first."""
    return [rows.effect_of(key, contact, body) for key, contact, body in _WAITING.rows(driver)]


def open_among(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Those of the keys under which something is not done."""
    found: set[str] = set()
    ids = [bytes.fromhex(key) for key in keys]
    for start in range(0, len(ids), _FETCH):
        known = connection.execute(_OPEN, {"keys": ids[start : start + _FETCH]})
        found.update(row.key.hex() for row in known)
    return found


_PUT = Statement(upsert(t.effect).on_conflict_do_nothing())
_LAST = Statement(select(func.max(t.effect.c.made)))
_OPEN = select(t.effect.c.key).where(t.effect.c.key.in_(bindparam("keys", expanding=True)))
_GONE = Statement(delete(t.effect).where(t.effect.c.key == bindparam("key_")))
_WAITING = Statement(
    select(t.effect.c.key, t.effect.c.contact, t.effect.c.body).order_by(t.effect.c.made, t.effect.c.key)
)
