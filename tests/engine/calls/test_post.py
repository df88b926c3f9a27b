"""Calls over HTTP, to a real web server on this machine."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from certificates import certificate
from receiver import SECRET, Got, Receiver, open_receiver
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.responses import RedirectResponse, Response, StreamingResponse

from engine.calls import post as module
from engine.calls.call import Answer, Answered, Call
from engine.calls.post import HttpPost
from engine.core.record import Why

pytestmark = pytest.mark.anyio
CALL = Call("1" * 32, "crm", '{"type": "call", "data": {"city": "Rīga"}}'.encode())
Poster = Callable[..., HttpPost]


def now() -> int:
    """Ms UTC by the wall's clock: the library that verifies goes by no other."""
    return time.time_ns() // 1_000_000


@pytest.fixture
async def poster() -> AsyncIterator[Poster]:
    """Makes those who call, and closes them."""
    made: list[HttpPost] = []

    def make(url: str, *, private: bool = True, tls: ssl.SSLContext | None = None) -> HttpPost:
        made.append(HttpPost([module.Receiver("crm", url, SECRET)], private, tls))
        return made[-1]

    yield make
    for each in made:
        await each.close()


async def test_a_call_is_signed_as_the_library_of_the_receiver_wants_it(
    receiver: Receiver, poster: Poster
) -> None:
    """Id, moment and body; the body comes as it was made."""
    assert await poster(receiver.url).post(CALL, now()) == Answer(Answered.TAKEN)
    [got] = receiver.got
    assert got.body == CALL.body
    assert got.id == CALL.id
    assert got.headers["content-type"] == "application/json"
    assert got.headers["host"] == receiver.url.split("/")[2]
    assert Webhook(SECRET).verify(got.body, got.headers)["data"] == {"city": "Rīga"}


@pytest.mark.parametrize("change", ["webhook-id", "webhook-timestamp", "body", "secret"])
async def test_what_was_changed_on_the_way_is_noticed(
    receiver: Receiver, poster: Poster, change: str
) -> None:
    """All that the signature covers, and another's secret."""
    await poster(receiver.url).post(CALL, now())
    [got] = receiver.got
    headers, body, secret = dict(got.headers), got.body, SECRET
    if change == "body":
        body = body.replace(b"call", b"fall")
    elif change == "secret":
        secret = "whsec_" + "YW5vdGhlciByZWNlaXZlcidzIG93biBzZWNyZXQ="
    else:
        headers[change] = headers[change][:-1] + ("1" if headers[change][-1] != "1" else "2")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("status", "answered", "reason"),
    [
        (200, Answered.TAKEN, None),
        (202, Answered.TAKEN, None),
        (204, Answered.TAKEN, None),
        (301, Answered.REFUSED, Why.CALL_REDIRECTED),
        (304, Answered.REFUSED, Why.CALL_REDIRECTED),
        (400, Answered.REFUSED, Why.CALL_REFUSED),
        (401, Answered.REFUSED, Why.CALL_REFUSED),
        (404, Answered.REFUSED, Why.CALL_REFUSED),
        (410, Answered.REFUSED, Why.CALL_REFUSED),
        (408, Answered.LATER, None),
        (425, Answered.LATER, None),
        (429, Answered.LATER, None),
        (500, Answered.LATER, None),
        (502, Answered.LATER, None),
        (503, Answered.LATER, None),
    ],
)
async def test_each_answer_means_what_the_page_says(
    receiver: Receiver, poster: Poster, status: int, answered: Answered, reason: Why | None
) -> None:
    """docs/webhooks.md, "Once, or again"."""
    receiver.says(status)
    answer = await poster(receiver.url).post(CALL, now())
    assert (answer.answered, answer.reason) == (answered, reason)


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ("120", 120),
        ("0", 0),
        ("-5", 0),
        ("soon", 0),
        ("", 0),
        ("99999999999999999999", 999_999_999),
        ("²", 0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0),
        ("Mon, 01 Jan 2026 00:00:00 +99999999999999", 0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
    ],
)
async def test_a_receiver_says_how_long_it_wants_to_be_left_alone(
    receiver: Receiver, poster: Poster, said: str, after: int
) -> None:
    """In seconds; what cannot be read says nothing."""
    receiver.says(429, headers={"retry-after": said})
    assert (await poster(receiver.url).post(CALL, now())).after == after


async def test_or_until_when(receiver: Receiver, poster: Poster) -> None:
    """As a date of HTTP."""
    moment = now()
    until = datetime.fromtimestamp(moment // 1000, UTC) + timedelta(hours=1)
    receiver.says(503, headers={"retry-after": format_datetime(until, usegmt=True)})
    assert (await poster(receiver.url).post(CALL, moment)).after == 3600


@pytest.mark.parametrize(
    ("status", "said", "answered"),
    [
        (429, "120", Answered.BUSY),
        (503, "120", Answered.BUSY),
        (429, "0", Answered.LATER),
        (503, "soon", Answered.LATER),
        (500, "120", Answered.LATER),
        (400, "120", Answered.REFUSED),
    ],
)
async def test_only_who_is_busy_holds_back_other_calls(
    receiver: Receiver, poster: Poster, status: int, said: str, answered: Answered
) -> None:
    """What else goes wrong may be the affair of one call."""
    receiver.says(status, headers={"retry-after": said})
    assert (await poster(receiver.url).post(CALL, now())).answered is answered


async def test_no_redirect_is_followed(receiver: Receiver, poster: Poster) -> None:
    """Not even to where the call came from."""

    async def elsewhere(got: Got) -> Response:
        return RedirectResponse(receiver.url, 307)

    receiver.answer = elsewhere
    answer = await poster(receiver.url).post(CALL, now())
    assert (answer.answered, answer.reason) == (Answered.REFUSED, Why.CALL_REDIRECTED)
    assert len(receiver.got) == 1


async def test_of_a_long_answer_only_the_beginning_is_read(receiver: Receiver, poster: Poster) -> None:
    """A receiver that never ends its answer has taken the call all the same."""
    taken = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        while not taken.is_set():
            yield b"x" * 4096
            await asyncio.sleep(0)

    async def answer(got: Got) -> Response:
        return StreamingResponse(endless(), 200)

    receiver.answer = answer
    async with asyncio.timeout(10):
        assert await poster(receiver.url).post(CALL, now()) == Answer(Answered.TAKEN)
    taken.set()


async def test_an_answer_that_does_not_come_is_waited_for_no_longer(
    receiver: Receiver, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call may be made again."""
    monkeypatch.setattr(module, "WHOLE", 0.05)
    never = asyncio.Event()

    async def silent(got: Got) -> Response:
        await never.wait()
        return Response()

    receiver.answer = silent
    assert await poster(receiver.url).post(CALL, now()) == Answer(Answered.SILENT)
    never.set()


async def test_nobody_at_home(poster: Poster) -> None:
    """The connection is refused: later."""
    async with open_receiver() as gone:
        pass
    assert await poster(gone.url).post(CALL, now()) == Answer(Answered.SILENT)


async def test_a_server_that_speaks_something_else(poster: Poster) -> None:
    """It may be mended: later."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.kafija.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        answer = await poster(f"http://127.0.0.1:{port}/").post(CALL, now())
    assert answer == Answer(Answered.SILENT)


async def test_in_production_no_call_goes_to_this_machine(receiver: Receiver, poster: Poster) -> None:
    """It does not even connect; whatever the name."""
    for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost")):
        answer = await poster(url, private=False).post(CALL, now())
        assert (answer.answered, answer.reason) == (Answered.REFUSED, Why.CALL_NOT_ALLOWED)
    assert receiver.got == []


async def test_what_the_name_stands_for_decides_and_is_what_is_called(
    receiver: Receiver, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked up once for each attempt: a name that changes in between leads nowhere else."""
    asked: list[str] = []

    async def look_up(host: str, port: int, private: bool) -> str:
        asked.append(host)
        return "127.0.0.1"

    monkeypatch.setattr(module, "look_up", look_up)
    url = receiver.url.replace("127.0.0.1", "crm.example")
    assert await poster(url).post(CALL, now()) == Answer(Answered.TAKEN)
    assert asked == ["crm.example"]
    assert receiver.got[0].headers["host"].startswith("crm.example:")


async def test_the_certificate_must_be_that_of_the_name(tmp_path: Path, poster: Poster) -> None:
    """By an authority that is trusted; connections go to the address, the certificate is for the name."""
    own = certificate(tmp_path, "localhost")
    async with open_receiver(own) as receiver:
        trusting = ssl.create_default_context(cafile=own)
        named = receiver.url.replace("127.0.0.1", "localhost")
        assert await poster(named, tls=trusting).post(CALL, now()) == Answer(Answered.TAKEN)
        assert await poster(receiver.url, tls=trusting).post(CALL, now()) == Answer(Answered.SILENT)
        assert await poster(named).post(CALL, now()) == Answer(Answered.SILENT)
    assert len(receiver.got) == 1


async def test_an_address_of_the_new_kind(poster: Poster) -> None:
    """IPv6, in brackets."""
    async with open_receiver(host="::1") as receiver:
        assert await poster(receiver.url).post(CALL, now()) == Answer(Answered.TAKEN)
    assert receiver.got[0].headers["host"].startswith("[::1]:")


async def test_a_proxy_of_the_environment_is_not_used(
    receiver: Receiver, poster: Poster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would look the name up itself."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await poster(receiver.url).post(CALL, now()) == Answer(Answered.TAKEN)


async def test_attempts_share_connections(receiver: Receiver, poster: Poster) -> None:
    """Fifty one after the other work, whatever they are answered."""
    post = poster(receiver.url)
    receiver.says(*([204, 500] * 25))
    for _ in range(50):
        await post.post(CALL, now())
    assert len(receiver.got) == 50


async def test_what_a_receiver_wants_kept_is_not(receiver: Receiver, poster: Poster) -> None:
    """A cookie would tell it which call went before, and that may have been about somebody else."""
    receiver.says(204, headers={"set-cookie": "sid=anna; Path=/"})
    post = poster(receiver.url)
    for _ in range(2):
        await post.post(CALL, now())
    assert [got.headers.get("cookie") for got in receiver.got] == [None, None]


async def test_the_page_says_how_long() -> None:
    """docs/webhooks.md."""
    page = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text("utf-8")
    assert f"no answer within {module.WHOLE:.0f} seconds" in page
