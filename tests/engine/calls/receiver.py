"""A receiver of webhooks: a real web server on this machine, which answers as a test tells it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSByZWNlaXZlciBvZiBjYWxscw=="


@dataclass(frozen=True, slots=True)
class Got:
    """A call as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["data"]
        return found


@dataclass(slots=True)
class Receiver:
    """`answer` says what a call gets; without one, 204. `most` is how many were under way together."""

    url: str
    answer: Callable[[Got], Awaitable[Response]] | None = None
    got: list[Got] = field(default_factory=list)
    most: int = 0
    _under_way: int = 0

    async def take(self, request: Request) -> Response:
        got = Got(dict(request.headers), await request.body())
        self.got.append(got)
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        try:
            return Response(status_code=204) if self.answer is None else await self.answer(got)
        finally:
            self._under_way -= 1

    def says(self, *statuses: int, headers: dict[str, str] | None = None) -> None:
        """Answer with these, one after the other, and with the last of them for good."""
        left = list(statuses)

        async def answer(got: Got) -> Response:
            return Response(status_code=left.pop(0) if len(left) > 1 else left[0], headers=headers)

        self.answer = answer


class _Server(uvicorn.Server):
    """One that leaves the signals to the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def open_receiver(certificate: Path | None = None, host: str = "127.0.0.1") -> AsyncIterator[Receiver]:
    """A receiver, by TLS if it has a certificate, with its key beside."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    scheme = "http" if certificate is None else "https"
    receiver = Receiver(f"{scheme}://{shown}:{port}/hook")
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    server = _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            lifespan="off",
            ssl_certfile=certificate,
            ssl_keyfile=None if certificate is None else certificate.with_suffix(".key"),
            timeout_graceful_shutdown=1,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield receiver  # who comes before it is up waits at the door
    finally:
        server.should_exit = True
        await serving
        listener.close()
