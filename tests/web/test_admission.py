"""Back-pressure: what is turned away, and when the door opens again."""

import httpx2
import pytest
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from web.api.admission import Admission


class Door:
    """An admission of at most 1,000 in front of an application that takes everything."""

    def __init__(self) -> None:
        self.waiting = 0
        self.taken = 0
        self.admission = Admission(self._take, lambda: self.waiting, 1000)
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.admission), base_url="http://test"
        )

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.taken += 1
        await JSONResponse({}, 202)(scope, receive, send)

    async def post(self, path: str = "/v1/events") -> httpx2.Response:
        return await self.http.post(path, json={})


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_it_opens_again_a_fifth_below_the_bound_only() -> None:
    """So that it does not open and close with each call."""
    door = Door()
    seen = []
    for waiting in (0, 999, 1000, 999, 801, 800, 999, 1000):
        door.waiting = waiting
        seen.append((await door.post()).status_code)
    assert seen == [202, 202, 429, 429, 429, 202, 202, 429]
    assert (door.taken, door.admission.refused) == (4, 4)


@pytest.mark.anyio
async def test_the_answer_says_when_to_come_again() -> None:
    """Later the more waits, a minute at most; in the API's own form."""
    door = Door()
    after = []
    for waiting in (1000, 5800, 10_000_000):
        door.waiting = waiting
        answer = await door.post()
        after.append(answer.headers["retry-after"])
        assert answer.json()["error"]["code"] == "busy"
        assert "nothing of this call was taken" in answer.json()["error"]["message"]
    assert after == ["1", "6", "60"]


@pytest.mark.anyio
async def test_what_adds_nothing_to_the_inbox_goes_in() -> None:
    """Sign-ups, bounces and complaints above all; contacts and journeys add to it."""
    door = Door()
    door.waiting = 1000
    paths = ("/v1/signups", "/v1/returns", "/u/token", "/v1/contacts", "/v1/flows/x/journeys")
    assert [(await door.post(path)).status_code for path in paths] == [202, 202, 202, 429, 429]


@pytest.mark.anyio
async def test_while_it_stops_the_api_is_closed_and_the_pages_are_not() -> None:
    """Whoever unsubscribes in the last second has unsubscribed."""
    door = Door()
    door.admission.closing = True
    answer = await door.post("/v1/signups")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["error"]["code"] == "unavailable"
    assert (await door.post("/u/token")).status_code == 202
