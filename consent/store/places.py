"""A store at its place: in memory, in a file, or on a server, whose driver is loaded only there."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from consent.errors import NoStore
from consent.store.opened import Store
from consent.store.server import Server
from consent.store.sqlite import open_file, open_memory, open_read_only

NO_DRIVER = (
    "virta.toml names a PostgreSQL database, and its driver is not installed; install it with "
    "pip install 'virta[postgres]'."
)


def open_for_writing(place: Path | Server | None, durable: bool, image: bytes | None) -> Store:
    """The store at `place`, made if there is none. None: in memory, where it may begin as the `image` of
    another. Raises `AlreadyOpen`, `NoStore`."""
    if place is None:
        return open_memory(image)
    if isinstance(place, Path):
        return open_file(place, durable)
    opened: Store = _on_server().open_on_server(place, durable)
    return opened


def open_for_reading(place: Path | Server) -> Store:
    """The store at `place`, also while another process writes. Raises `NoStore`."""
    if isinstance(place, Path):
        return open_read_only(place)
    opened: Store = _on_server().open_on_server_read_only(place)
    return opened


def _on_server() -> ModuleType:
    try:
        return import_module("consent.store.postgres")
    except ImportError:
        raise NoStore(NO_DRIVER) from None
