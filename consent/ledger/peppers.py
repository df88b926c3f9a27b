"""No pepper may be dropped: without it, nobody knows which addresses are suppressed, nor whose an address is.

So the store keeps a fingerprint of each that it was ever opened with, and is not opened without one of them:
then nothing is sent."""

from sqlalchemy import Connection, select

from consent.errors import WrongKeys
from consent.ledger.evidence import Vault
from consent.store.tables import facts

_NAME = "pepper "


def keep(conn: Connection, vault: Vault) -> None:
    """Write down peppers that are new."""
    known = _known(conn)
    for fingerprint in vault.fingerprints():
        if fingerprint not in known:
            conn.execute(facts.insert().values(name=f"{_NAME}{fingerprint}", value=b""))


def compare(conn: Connection, vault: Vault) -> None:
    """Raises `WrongKeys` if a pepper is missing."""
    missing = _known(conn) - set(vault.fingerprints())
    if missing:
        raise WrongKeys(
            f"Of the peppers that this consent store was used with, {len(missing)} are missing. "
            "Without them nobody can tell which addresses were erased and must not be mailed, so nothing is "
            "sent. Put them back where they stood; a new one is added behind them."
        )


def _known(conn: Connection) -> set[str]:
    names = conn.scalars(select(facts.c.name).where(facts.c.name.startswith(_NAME)))
    return {name.removeprefix(_NAME) for name in names}
