"""Where a process that serves listens, and the web server that it does so with."""

import contextlib
import os
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from virta.settings import BrokenProject, Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANYWHERE = ("0.0.0.0", "::")
_WEB_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535
_LAST_REQUESTS = 10  # seconds that requests under way have when it stops
_KEPT = 75  # seconds that a connection stays open on which nothing comes; longer than clients keep theirs


class Pages(uvicorn.Server):
    """A web server that leaves the signals to us: it would raise them again after it stopped."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def pages_of(app: ASGIApp) -> Pages:
    """A server of `app`; it stops once `should_exit` is set."""
    return Pages(
        uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            proxy_headers=False,
            server_header=False,
            lifespan="off",
            timeout_keep_alive=_KEPT,
            timeout_graceful_shutdown=_LAST_REQUESTS,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """Before anything else is opened, so that a port in use costs nothing. Raises `BrokenProject`."""
    if not 0 <= port <= _LAST_PORT:
        raise BrokenProject(f"{port} is no port; there are 1 to {_LAST_PORT}, and 0 takes any free one.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        return socket.create_server(address[:2], family=family, backlog=1024)
    except socket.gaierror as fault:
        raise BrokenProject(f"Cannot listen on {host}: {fault.strerror}.") from None
    except OSError as fault:
        why = os.strerror(fault.errno or 0)
        raise BrokenProject(
            f"Cannot listen on {host}, port {port}: {why}. Name another place with --port or --host."
        ) from None


def reachable(settings: Settings, listener: socket.socket) -> str:
    """Where people reach the pages. In development a `url` on this machine that names another port than the
    one served would only give dead links: then the place served stands for it. Its host stays:
    the log is named for it."""
    parts = urlsplit(settings.url)
    host, port = listener.getsockname()[:2]
    if (
        settings.environment != "development"
        or host not in (*LOOPBACK, *_ANYWHERE)
        or parts.hostname not in LOOPBACK
        or port == (parts.port or _WEB_PORTS[parts.scheme])
    ):
        return settings.url
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"http://{name}:{port}"


def place_of(listener: socket.socket) -> str:
    """Where it listens, as a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
