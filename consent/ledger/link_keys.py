"""Which link keys this store was ever opened with: one that was taken out is told of, for links that it
signed are dead. That may be meant, so nothing is refused for it."""

from sqlalchemy import Connection, select

from consent.ledger.tokens import Tokens
from consent.ledger.transaction import Reading
from consent.store.tables import facts

_NAME = "link "


def keep(conn: Connection, tokens: Tokens) -> None:
    """Write down link keys that are new."""
    known = _known(conn)
    for fingerprint in tokens.fingerprints():
        if fingerprint not in known:
            conn.execute(facts.insert().values(name=f"{_NAME}{fingerprint}", value=b""))


def taken_out(reading: Reading) -> int:
    """How many link keys the store was opened with that are not set now."""
    return len(_known(reading.conn) - set(reading.parts.tokens.fingerprints()))


def _known(conn: Connection) -> set[str]:
    names = conn.scalars(select(facts.c.name).where(facts.c.name.startswith(_NAME)))
    return {name.removeprefix(_NAME) for name in names}
