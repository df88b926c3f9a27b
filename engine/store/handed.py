"""Mails handed over: by the key of a mail, whose it was and which step sent it.

What comes back from outside (an opening, a click, a complaint, a bounce) knows a mail by its key alone. A row
has the key, the contact, the moment and a number; flow, step, template and topic stand once for each number.
"""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.store import schema as t
from engine.store.statement import Driver, Statement

_FETCH = 500


class Handed(Struct, frozen=True):
    """A mail that the mail server took, or may have taken. `at` is in ms UTC."""

    key: str
    contact: str
    at: int
    flow: str
    step: str
    template: str
    topic: str

    @property
    def kind(self) -> tuple[str, str, str, str]:
        return (self.flow, self.step, self.template, self.topic)


def keep(driver: Driver, mails: Sequence[Handed]) -> None:
    """Write mails down; one that is known already is left as it is."""
    numbers = {kind: _number(driver, kind) for kind in dict.fromkeys(mail.kind for mail in mails)}
    _PUT.run_many(
        driver,
        [  # in the order in which they lie, so that neighbours share a page
            (bytes.fromhex(mail.key), bytes.fromhex(mail.contact), mail.at, numbers[mail.kind])
            for mail in sorted(mails, key=lambda mail: mail.key)
        ],
    )


def behind(driver: Driver, after: bytes, limit: int) -> list[tuple[bytes, int]]:
    """The first `limit` keys behind `after`, in order, each with its moment (ms UTC)."""
    return [(key, at) for key, at in _BEHIND.rows(driver, after, limit)]


def forget(driver: Driver, keys: Sequence[bytes]) -> None:
    """Delete these mails."""
    _FORGET.run_many(driver, [(key,) for key in keys])


def find(connection: Connection, keys: Sequence[str]) -> list[Handed | None]:
    """What is known of each key, in order; None: no mail of a flow was handed over under it."""
    found: dict[str, Handed] = {}
    ids = [bytes.fromhex(key) for key in keys]
    for start in range(0, len(ids), _FETCH):
        for row in connection.execute(_FIND, {"keys": ids[start : start + _FETCH]}):
            key = row.key.hex()
            found[key] = Handed(key, row.contact.hex(), row.at, row.flow, row.step, row.template, row.topic)
    return [found.get(key) for key in keys]


_FIND = (
    select(
        t.mail.c.key,
        t.mail.c.contact,
        t.mail.c.at,
        t.mail_kind.c.flow,
        t.mail_kind.c.step,
        t.mail_kind.c.template,
        t.mail_kind.c.topic,
    )
    .join(t.mail_kind, t.mail_kind.c.id == t.mail.c.kind)
    .where(t.mail.c.key.in_(bindparam("keys", expanding=True)))
)


def _number(driver: Driver, kind: tuple[str, str, str, str]) -> int:
    """That of flow, step, template and topic, given on first sight."""
    known = _KIND.first(driver, *kind)
    if known is None:
        _KIND_PUT.run(driver, *kind)
        known = _KIND.first(driver, *kind)
    assert known is not None
    number: int = known[0]
    return number


_kind = t.mail_kind.c
_PUT = Statement(upsert(t.mail).on_conflict_do_nothing())
_BEHIND = Statement(
    select(t.mail.c.key, t.mail.c.at)
    .where(t.mail.c.key > bindparam("after"))
    .order_by(t.mail.c.key)
    .limit(bindparam("most"))
)
_FORGET = Statement(delete(t.mail).where(t.mail.c.key == bindparam("key_")))
_KIND = Statement(
    select(_kind.id).where(
        _kind.flow == bindparam("flow_"),
        _kind.step == bindparam("step_"),
        _kind.template == bindparam("template_"),
        _kind.topic == bindparam("topic_"),
    )
)
_KIND_PUT = Statement(
    upsert(t.mail_kind).values({name: bindparam(name) for name in ("flow", "step", "template", "topic")})
)
