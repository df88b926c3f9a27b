"""Bodies of mails that can be seen in the browser, compressed. Only mails that show the link have a row.

A row is written just before its mail is handed over, so that nobody opens the link in vain, and taken away
again when the mail does not go.
"""

import zlib
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.mail.kept import Kept
from engine.store import schema as t
from engine.store.statement import Driver, Statement


def keep(driver: Driver, mails: Sequence[Kept]) -> None:
    """Write mails down; one that is written once more is as it was written last."""
    _PUT.run_many(
        driver,
        [
            (
                bytes.fromhex(mail.key),
                bytes.fromhex(mail.contact),
                mail.at,
                mail.html,
                zlib.compress(mail.text.encode("utf-8", "replace")),
            )
            for mail in mails
        ],
    )


def find(driver: Driver, key: str) -> Kept | None:
    """The mail of a key; None: it is not kept."""
    found = _FIND.first(driver, bytes.fromhex(key))
    if found is None:
        return None
    contact, at, html, body = found
    return Kept(key, contact.hex(), at, bool(html), zlib.decompress(body).decode())


def drop(driver: Driver, keys: Sequence[str]) -> None:
    """Take away the mails of these keys."""
    if keys:
        _GONE.run_many(driver, [(bytes.fromhex(key),) for key in keys])


def forget(driver: Driver, before: int, limit: int) -> bool:
    """Take away up to `limit` of the mails written before an instant (ms UTC); whether there may be more."""
    return _FORGET.run(driver, before, limit) == limit


_kept = t.kept_mail.c
_put = upsert(t.kept_mail)
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["key"], set_={name: _put.excluded[name] for name in ("contact", "at", "html", "body")}
    )
)
_FIND = Statement(
    select(_kept.contact, _kept.at, _kept.html, _kept.body).where(_kept.key == bindparam("key_"))
)
_GONE = Statement(delete(t.kept_mail).where(_kept.key == bindparam("key_")))
_OLD = select(_kept.key).where(_kept.at < bindparam("before")).order_by(_kept.at).limit(bindparam("limit"))
_FORGET = Statement(delete(t.kept_mail).where(_kept.key.in_(_OLD)))
