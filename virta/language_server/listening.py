"""A server that waits for its editor on a port, instead of speaking by standard input and output."""

import asyncio
import socket
from threading import Event

from pygls.io_ import run_async
from pygls.lsp.server import LanguageServer


def serve_one(server: LanguageServer, listening: socket.socket) -> None:
    """Serve the first editor that connects to a socket, until it leaves."""
    asyncio.run(_serve(server, listening))


async def _serve(server: LanguageServer, listening: socket.socket) -> None:
    listening.setblocking(False)
    connection, _ = await asyncio.get_running_loop().sock_accept(listening)
    reader, writer = await asyncio.open_connection(sock=connection)
    server.protocol.set_writer(writer)
    await run_async(
        stop_event=Event(),
        reader=reader,
        protocol=server.protocol,
        error_handler=server.report_server_error,
    )
