"""A new master key: the data keys of all subjects are wrapped anew by it, some at a time.

How far it has come stands in the store, so that it goes on where it was interrupted; with yet another key it
begins anew. Until it is done every key that was the newest since is needed, and the store opens with none of
them missing; from then on the newest is enough."""

import logging

from sqlalchemy import Connection, bindparam, func, select, update

from consent.errors import WrongKeys
from consent.ledger.evidence import Vault
from consent.ledger.transaction import Writing
from consent.store.statement import Statement
from consent.store.tables import facts, subjects

log = logging.getLogger("consent")

AT_ONCE = 500
_CURSOR = "rewrapped"  # the last subject whose key was wrapped anew
_BY = "rewrapped_by"  # a token of `Vault.check` for each key that wrapped any, the newest last
_TOKEN = 28
_SOME = Statement(
    select(subjects.c.id, subjects.c.wrapped)
    .where(subjects.c.id > bindparam("after"))
    .order_by(subjects.c.id)
    .limit(bindparam("most"))
)
_PUT = Statement(update(subjects).where(subjects.c.id == bindparam("of")).values(wrapped=bindparam("by")))


def is_wanted(conn: Connection, vault: Vault) -> bool:
    """Whether data keys may still be wrapped by another master key than the newest."""
    check = _fact(conn, "check")
    return bool(check) and not vault.by_newest(check)


def begin(conn: Connection, vault: Vault) -> bool:
    """Note that the newest master key wraps from now on, before it wraps anything; whether there are data
    keys to wrap anew. Raises `WrongKeys` if one is missing that wrapped some."""
    if not is_wanted(conn, vault):
        return False
    tokens = _tokens(conn)
    for token in tokens:
        try:
            vault.matches(token)
        except WrongKeys:
            raise WrongKeys(
                "A master key is missing that wrapped data keys when it was the newest, and the wrapping by "
                "that of today is not over. Put it back in its place until the log says that it is."
            ) from None
    if not tokens or not vault.by_newest(tokens[-1]):
        _keep(conn, _CURSOR, b"")
        _keep(conn, _BY, b"".join((*tokens, vault.check())))
    return True


def still_to_do(conn: Connection) -> int:
    """How many subjects have not been come to yet, while it is wanted."""
    after = _fact(conn, _CURSOR).decode()
    return conn.scalar(select(func.count()).select_from(subjects).where(subjects.c.id > after)) or 0


def rewrap_some(tx: Writing) -> bool:
    """Wrap the next data keys anew; whether there may be more. A damaged one stays as it is."""
    vault = tx.parts.vault
    rows = _SOME.rows(tx.driver, after=_fact(tx.conn, _CURSOR).decode(), most=AT_ONCE)
    for subject, wrapped in rows:
        try:
            _PUT.run(tx.driver, of=subject, by=vault.rewrapped(subject, bytes(wrapped)))
        except WrongKeys as fault:
            log.warning("a damaged data key is left as it is: %s", fault)
    if rows:
        _keep(tx.conn, _CURSOR, rows[-1][0].encode())
        return True
    tx.conn.execute(facts.delete().where(facts.c.name.in_((_CURSOR, _BY))))
    _keep(tx.conn, "check", vault.check())
    log.info("all data keys are wrapped by the newest master key")
    return False


def _tokens(conn: Connection) -> list[bytes]:
    kept = _fact(conn, _BY)
    return [kept[start : start + _TOKEN] for start in range(0, len(kept), _TOKEN)]


def _fact(conn: Connection, name: str) -> bytes:
    found = conn.scalar(select(facts.c.value).where(facts.c.name == name))
    return bytes(found) if found is not None else b""


def _keep(conn: Connection, name: str, value: bytes) -> None:
    conn.execute(facts.delete().where(facts.c.name == name))
    conn.execute(facts.insert().values(name=name, value=value))
