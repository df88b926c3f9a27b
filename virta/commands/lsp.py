"""`virta lsp`: the language server, which an editor starts."""

_LOOPBACK = "127.0.0.1"
_PORTS = range(1, 65536)


def lsp(*, port: int | None = None) -> int:
    """Tell an editor of findings, names and meanings as one types, in the Language Server Protocol.

    Parameters
    ----------
    port
        Wait for the editor on this port of this machine, instead of speaking by standard input and output.
    """
    import logging
    import os
    import sys
    from datetime import datetime
    from importlib.util import find_spec
    from zoneinfo import ZoneInfo

    from virta.settings import BrokenProject

    if find_spec("pygls") is None:
        raise BrokenProject(
            "The language server needs a library that is not installed. Install Virta with it: "
            "pip install 'virta[lsp]'."
        )
    if port is not None and port not in _PORTS:
        raise BrokenProject(f"{port} is no port: write a number from 1 to {_PORTS[-1]}.")
    from virta.language_server.server import make_server

    logging.basicConfig(level=logging.ERROR, format="virta: %(message)s")  # on standard error
    server = make_server(lambda zone: datetime.now(ZoneInfo(zone)).date())
    if port is None:
        server.start_io(stdout=os.fdopen(os.dup(sys.stdout.fileno()), "wb"))  # which it closes at the end
    else:
        server.start_tcp(_LOOPBACK, port)
    return 0
