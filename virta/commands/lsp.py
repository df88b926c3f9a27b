"""`virta lsp`: the language server, which an editor starts."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    import logging
    import socket

_LOOPBACK = "127.0.0.1"
_PORTS = range(1, 65536)


def lsp(*, port: int | None = None, stdio: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Tell an editor of findings, names and meanings as one types, in the Language Server Protocol.

    Parameters
    ----------
    port
        Wait for the editor on this port of this machine, instead of speaking by standard input and output.
    stdio
        Speak by standard input and output, as without it: many editors say so.
    """
    import logging
    import os
    import sys
    from datetime import datetime
    from importlib.util import find_spec
    from zoneinfo import ZoneInfo

    from virta.settings import BrokenProject

    if stdio and port is not None:
        raise BrokenProject("`--port` and `--stdio` name two ways to speak: write one of them.")
    if find_spec("pygls") is None:
        raise BrokenProject(
            "The language server needs a library that is not installed. Install Virta with it: "
            "pip install 'virta[lsp]'."
        )
    from virta.language_server.listening import serve_one
    from virta.language_server.server import make_server

    logging.basicConfig(level=logging.ERROR, format="virta: %(message)s")  # on standard error
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_fault)
    server = make_server(lambda zone: datetime.now(ZoneInfo(zone)).date())
    if port is None:
        server.start_io(stdout=os.fdopen(os.dup(sys.stdout.fileno()), "wb"))  # which it closes at the end
        return 0
    with _listen(port) as listening:
        print(f"virta: waiting for an editor on {_LOOPBACK}:{port}", file=sys.stderr, flush=True)
        serve_one(server, listening)
    return 0


def _is_fault(record: "logging.LogRecord") -> bool:
    """A refusal goes to the editor, and is no fault of the server's."""
    from pygls.exceptions import JsonRpcInvalidParams

    return not (record.exc_info and isinstance(record.exc_info[1], JsonRpcInvalidParams))


def _listen(port: int) -> "socket.socket":
    import socket

    from virta.settings import BrokenProject

    if port not in _PORTS:
        raise BrokenProject(f"{port} is no port: write a number from 1 to {_PORTS[-1]}.")
    try:
        return socket.create_server((_LOOPBACK, port))
    except OSError as fault:
        raise BrokenProject(f"Port {port} cannot be listened on: {fault.strerror}. Name another.") from None
