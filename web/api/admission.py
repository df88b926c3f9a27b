"""Back-pressure: what comes in is turned away while too much of it waits, and when Virta is about to stop."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from web.api.replies import Code, Refusal, refusal

_OPEN_AGAIN = 0.8
"""Of the bound: below it the door opens again, so that it does not open and close with each call."""
_A_SECOND = 1000
"""Of how many waiting things it is reckoned that they are worked on in a second."""
_LONGEST = 60
_STOPPING = 5  # seconds until another process is likely to be there
_FILLS = ("/v1/events", "/v1/contacts", "/v1/flows/")


class Admission:
    """ASGI middleware. `waiting` tells how many rows of the inbox are not worked on yet; from `most` on calls
    that would add to them get 429, until it is a fifth less. Set `closing`: from then on all calls of the
    API get 503. What was answered with 202 is never dropped; `refused` counts what was turned away."""

    def __init__(self, app: ASGIApp, waiting: Callable[[], int], most: int) -> None:
        self.closing = False
        self.refused = 0
        self._app = app
        self._waiting = waiting
        self._most = most
        self._shut = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._fault(scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        else:
            self.refused += 1
            await refusal(fault)(scope, receive, send)

    def _fault(self, path: str) -> Refusal | None:
        if self.closing and path.startswith("/v1/"):
            message = "Virta is about to stop; nothing of this call was taken. Send it again."
            return Refusal(503, Code.UNAVAILABLE, message, {"Retry-After": str(_STOPPING)})
        if not path.startswith(_FILLS):
            return None
        waiting = self._waiting()
        if waiting >= self._most:
            self._shut = True
        elif waiting <= self._most * _OPEN_AGAIN:
            self._shut = False
        if not self._shut:
            return None
        above = waiting - int(self._most * _OPEN_AGAIN)
        seconds = min(_LONGEST, 1 + above // _A_SECOND)
        message = (
            "More waits to be worked on than there is room for, and nothing of this call was taken. Send it "
            "again after `Retry-After` seconds."
        )
        return Refusal(429, Code.BUSY, message, {"Retry-After": str(seconds)})
