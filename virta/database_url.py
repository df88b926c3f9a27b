"""What `[stores]` says of PostgreSQL: where the engine's tables and the consent store are."""

from pathlib import Path

from consent.store.server import Server as ConsentServer
from engine.store.server import Place, Server
from virta.settings import Settings, secret


def engine_place(folder: Path, settings: Settings) -> Place:
    """Where the engine's tables are, or would be. Raises `BrokenProject` for a password that is not set."""
    stores = settings.stores
    if not stores.url:
        return folder / stores.folder / "engine.db"
    return Server(stores.url, f"{stores.schema}_engine", secret(stores.password))


def consent_place(folder: Path, settings: Settings) -> Path | ConsentServer:
    """Where the consent store is, or would be. What it must not lose is kept in a file in either case."""
    stores = settings.stores
    if not stores.consent_url:
        return folder / stores.folder / "consent.db"
    return ConsentServer(
        stores.consent_url,
        f"{stores.schema}_consent",
        folder / stores.folder / "consent.stops",
        secret(stores.consent_password),
    )
