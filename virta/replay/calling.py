"""Requests to an ASGI application in the same process, as a server would hand them on, without one.

A replay makes tens of thousands; an HTTP client in between would cost ten times what the application does.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette

_PEER = ("127.0.0.1", 0)


@dataclass(slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    def text(self) -> str:
        return self.body.decode()


class Caller:
    """Calls `pages` by the name that people reach them under, `url`."""

    def __init__(self, pages: Starlette, url: str, user_agent: str) -> None:
        self._pages = pages
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._headers = [(b"host", parts.netloc.encode()), (b"user-agent", user_agent.encode())]
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._server = (parts.hostname or "localhost", port)

    async def __call__(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """Make a request; `path` has no query."""
        sent = [*self._headers, (b"content-length", str(len(body)).encode())]
        sent += [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        answer = Answer()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": self._scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": sent,
            "server": self._server,
            "client": _PEER,
        }
        await self._pages(scope, receive, send)  # type: ignore[arg-type]
        return answer
