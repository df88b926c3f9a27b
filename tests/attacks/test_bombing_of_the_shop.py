"""List bombing against the whole of a shop as `virta serve` runs it: by its page, and by its API."""

from pathlib import Path

import httpx2
import pytest
from house import HOUR, Clock, hidden
from roastery import KEY, Roastery, opened

from virta.consent_settings import Consent

pytestmark = pytest.mark.anyio
FORGED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP")


class Visitors:
    """Whoever comes to the shop, with the form that all of them see."""

    def __init__(self, shop: Roastery) -> None:
        self._shop = shop
        self._fields: dict[str, str] = {}

    async def enter(self, email: str, ip: str, **headers: str) -> httpx2.Response:
        """The page, filled in and sent from there."""
        async with self._shop.browser(ip, **headers) as http:
            self._fields = self._fields or hidden((await http.get("/signup")).text)
            return await http.post("/signup", data={**self._fields, "email": email, "topic": "news"})

    async def tell(self, email: str) -> httpx2.Response:
        """The same by the shop's own form, with its key."""
        async with self._shop.browser() as http:
            body = {"email": email, "topics": ["news"]}
            return await http.post("/v1/signups", json=body, headers={"Authorization": f"Bearer {KEY}"})

    async def mails(self) -> int:
        """How many proof mails wait to be sent."""
        return len(await self._shop.system.consent.proofs(1000))


@pytest.fixture
def visitors(roastery: Roastery) -> Visitors:
    """Those of a shop with the limits that it has when nobody sets them."""
    return Visitors(roastery)


async def test_a_thousand_visitors_of_the_shop_who_enter_one_address_bring_it_one_mail(
    visitors: Visitors,
) -> None:
    """Each from an IP address of its own; all are answered alike."""
    answers = set()
    for number in range(1000):
        answer = await visitors.enter("anna@example.com", f"198.51.{number // 250}.{number % 250}")
        answers.add((answer.status_code, answer.content))
    assert len(answers) == 1
    assert await visitors.mails() == 1


async def test_a_key_that_enters_one_address_a_thousand_times_brings_it_one_mail(visitors: Visitors) -> None:
    """The limits of an address hold for keys too; a shop's machine is no visitor."""
    answers = set()
    for _ in range(1000):
        answer = await visitors.tell("anna@example.com")
        answers.add((answer.status_code, answer.content))
    assert answers == {(202, b'{"accepted":true}')}
    assert await visitors.mails() == 1
    for number in range(100):
        assert (await visitors.tell(f"person-{number}@example.com")).status_code == 202


async def test_a_key_that_enters_more_than_is_taken_hears_when_to_come_again(
    tmp_path: Path, clock: Clock
) -> None:
    """429 with the seconds, as for all of the API."""
    async with opened(tmp_path, clock, limits=Consent(signups=5)) as shop:
        visitors = Visitors(shop)
        for number in range(5):
            assert (await visitors.tell(f"person-{number}@example.com")).status_code == 202
        refused = await visitors.tell("person-6@example.com")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "busy")
        assert 0 < int(refused.headers["retry-after"]) <= HOUR // 1000
        clock.now += HOUR
        assert (await visitors.tell("person-6@example.com")).status_code == 202


@pytest.mark.parametrize("header", FORGED)
async def test_a_visitor_who_forges_the_headers_of_a_proxy_is_stopped_all_the_same(
    visitors: Visitors, header: str
) -> None:
    """After 60 wishes in an hour, whatever each request says of where it comes from."""
    answers = []
    for number in range(70):
        forged = f"{'for=' if header == 'Forwarded' else ''}203.0.113.{number}"
        answers.append(
            await visitors.enter(f"person-{number}@example.com", "198.51.100.7", **{header: forged})
        )
    assert [answer.status_code for answer in answers] == [200] * 60 + [503] * 10
    assert 0 < int(answers[-1].headers["retry-after"]) <= HOUR // 1000
    assert await visitors.mails() == 60


async def test_one_visitor_who_enters_one_address_without_an_end_is_stopped_too(visitors: Visitors) -> None:
    """What is passed over counts for the visitor: nobody keeps the store busy by it."""
    answers = [await visitors.enter("anna@example.com", "198.51.100.7") for _ in range(70)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [503] * 10
    assert (await visitors.enter("berta@example.com", "198.51.100.8")).status_code == 200
    assert await visitors.mails() == 2


async def test_a_restart_forgets_what_was_counted_and_no_address_gets_a_second_mail(
    tmp_path: Path, clock: Clock
) -> None:
    """The pauses between mails stand in the store."""
    for _ in range(3):
        async with opened(tmp_path, clock) as shop:
            visitors = Visitors(shop)
            for number in range(8):
                assert (await visitors.enter("anna@example.com", f"198.51.100.{number}")).status_code == 200
            assert await visitors.mails() == 1
