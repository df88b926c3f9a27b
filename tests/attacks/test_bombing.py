"""List bombing: many wishes for one address, or for many, from one place or from a thousand."""

import pytest
from house import HOUR, URL, House

from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.contract import SignUp, Unavailable, Visit

pytestmark = pytest.mark.anyio


def wish(email: str, ip: str, shown: bytes = b"<form>") -> SignUp:
    return SignUp(email, ("newsletter",), "en", "signup/1", shown, Visit(ip))


async def test_a_thousand_visitors_who_enter_one_address_bring_it_one_mail(house: House) -> None:
    """By the page itself, each from an IP address of its own."""
    for number in range(1000):
        await house.consent.sign_up(wish("anna@example.com", f"198.51.{number // 250}.{number % 250}"))
    assert len(await house.consent.proofs()) == 1
    assert len(house.rows("select 1 from requests")) == 1


@pytest.mark.parametrize(
    ("first", "other", "counted_together"),
    [
        ("198.51.100.7", "198.51.100.7", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("10.0.0.1", "10.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("", "", False),
    ],
)
async def test_one_visitor_who_enters_a_thousand_addresses_is_stopped(
    house: House, first: str, other: str, counted_together: bool
) -> None:
    """And asked to come again: that tells nothing of any address. A proxy of our own is nobody."""
    consent = Fronted(house.service, Admission(Limits(per_visitor=20), house.clock))
    for number in range(20):
        await consent.sign_up(wish(f"person-{number}@example.com", first))
    refused = 0
    for number in range(20, 1000):
        try:
            await consent.sign_up(wish(f"person-{number}@example.com", other))
        except Unavailable:
            refused += 1
        if not counted_together and number == 39:
            break
    assert refused == (980 if counted_together else 0)


async def test_a_shop_that_tells_of_its_own_visitors_is_not_taken_for_one(house: House) -> None:
    """All come from its machine; its key says who it is."""
    consent = Fronted(house.service, Admission(Limits(per_visitor=3), house.clock))
    for number in range(10):
        await consent.sign_up(wish(f"person-{number}@example.com", "198.51.100.7", b""))


async def test_the_page_says_so_to_whoever_enters_too_many(house: House) -> None:
    """503 with a moment to come again, for a new address and a known one alike; stopping goes on."""
    subject = await house.join("anna@example.com")
    house.count(Limits(per_visitor=3))
    for number in range(3):
        assert (await house.sign_up(f"person-{number}@example.com")).status_code == 200
    answers = {name: await house.sign_up(f"{name}@example.com") for name in ("nobody", "anna", "person-1")}
    pages = {name: answer.text.replace(f"{name}@", "somebody@") for name, answer in answers.items()}
    assert set(pages.values()) == {pages["nobody"]}
    for answer in answers.values():
        assert answer.status_code == 503
        assert 0 < int(answer.headers["retry-after"]) <= HOUR // 1000
    stop = await house.http.post(house.unsubscribe(subject), data={"stop": "all"})
    assert stop.status_code == 200
    assert stop.url.host in URL
