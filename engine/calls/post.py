"""Calls over HTTP, signed by the rules of Standard Webhooks (https://www.standardwebhooks.com)."""

import asyncio
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2
import structlog
from msgspec import Struct
from standardwebhooks.webhooks import Webhook

from engine.calls.call import Answer, Answered, Call
from engine.calls.destination import NotAllowed, look_up
from engine.core.record import Why

log = structlog.get_logger("calls")

WHOLE = 20.0
"""Seconds that one attempt may take, looking up and reading the answer included."""

LARGEST = 65_536
"""Bytes of an answer that are read; nobody looks at them."""

_STEP = 10.0  # seconds for each connection, write and read
_CONNECTIONS = 8
_LATER = frozenset((408, 425, 429))
_BUSY = frozenset((429, 503))  # with Retry-After
_PORTS = {"http": 80, "https": 443}


class Receiver(Struct, frozen=True):
    """Who is called. `secret` is the key as the receiver knows it: base64, perhaps behind `whsec_`."""

    name: str
    url: str
    secret: str


class NoAddress(Exception):
    """A receiver's address cannot be called."""


class HttpPost:
    """Makes calls. `private` lets them go into private networks. `tls` is for receivers whose certificates
    no public authority signed. Raises `NoAddress`. Close it."""

    def __init__(
        self, receivers: Iterable[Receiver], private: bool, tls: ssl.SSLContext | None = None
    ) -> None:
        self._private = private
        self._urls: dict[str, httpx2.URL] = {}
        self._signers: dict[str, Webhook] = {}
        for receiver in receivers:
            self._urls[receiver.name] = _address(receiver)
            self._signers[receiver.name] = Webhook(receiver.secret)
        verify = tls or (httpx2.create_ssl_context() if self._urls else True)
        # one each: connections are kept by address, and an address may serve many names; no cookie is kept,
        # for the next call may be about somebody else
        self._clients = {
            name: httpx2.AsyncClient(
                verify=verify,
                trust_env=False,  # a proxy would look the name up itself
                follow_redirects=False,
                timeout=_STEP,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                limits=httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            )
            for name in self._urls
        }

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def post(self, call: Call, now: int) -> Answer:
        """Make one attempt. `now` (ms UTC) is what the signature says, by which receivers refuse old ones."""
        try:
            async with asyncio.timeout(WHOLE):
                return await self._attempt(call, now)
        except NotAllowed as fault:
            log.error("a webhook leads where no call may go", webhook=call.webhook, why=str(fault))
            return Answer(Answered.REFUSED, Why.CALL_NOT_ALLOWED)
        except (httpx2.HTTPError, OSError, TimeoutError, UnicodeError) as fault:
            log.warning("a webhook cannot be reached", webhook=call.webhook, why=_words(fault))
            return Answer(Answered.SILENT)

    async def _attempt(self, call: Call, now: int) -> Answer:
        url = self._urls[call.webhook]
        address = await look_up(url.host, url.port or _PORTS[url.scheme], self._private)
        client = self._clients[call.webhook]
        request = client.build_request(
            "POST",
            url.copy_with(host=address),
            content=call.body,
            headers={"host": url.netloc.decode(), **self.headers(call, now)},
            extensions={"sni_hostname": url.host},
        )
        response = await client.send(request, stream=True)
        try:
            await _read(response)
        finally:
            await response.aclose()
        return _answer(call, response, now)

    def headers(self, call: Call, now: int) -> dict[str, str]:
        """What a receiver needs to know the call by, and to know that it is ours."""
        moment = datetime.fromtimestamp(now // 1000, UTC)
        return {
            "content-type": "application/json",
            "user-agent": "Virta",
            "webhook-id": call.id,
            "webhook-timestamp": str(now // 1000),
            "webhook-signature": self._signers[call.webhook].sign(call.id, moment, call.body.decode()),
        }


def _address(receiver: Receiver) -> httpx2.URL:
    try:
        return httpx2.URL(receiver.url)
    except httpx2.InvalidURL as fault:
        raise NoAddress(
            f"The address of the webhook `{receiver.name}` cannot be called: {fault}. It is {receiver.url}."
        ) from None


async def _read(response: httpx2.Response) -> None:
    """Read what a connection must be rid of before it serves again; what is too much closes it."""
    size = 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > LARGEST:
            return


def _answer(call: Call, response: httpx2.Response, now: int) -> Answer:
    status = response.status_code
    if 200 <= status < 300:
        return Answer(Answered.TAKEN)
    log.warning("a webhook did not take a call", webhook=call.webhook, status=status)
    if status in _LATER or status >= 500:
        after = _after(response.headers.get("retry-after", ""), now)
        return Answer(Answered.BUSY if after and status in _BUSY else Answered.LATER, None, after)
    return Answer(Answered.REFUSED, Why.CALL_REDIRECTED if 300 <= status < 400 else Why.CALL_REFUSED)


def _after(said: str, now: int) -> int:
    """Retry-After (RFC 9110, 10.2.3) in seconds; 0 where it says nothing."""
    if said.isascii() and said.isdigit():
        return int(said[:9])
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return 0
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0, round(aware.timestamp()) - now // 1000)


def _words(fault: Exception) -> str:
    return str(fault) or type(fault).__name__
