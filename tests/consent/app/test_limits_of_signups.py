"""How many sign-ups are taken: of one address, of one domain, in all. Stopping has no limit."""

import httpx2
import msgspec
import pytest
from doors import House, opened

from consent.app.limits import Admission, Limits
from consent.calls import PREFIX, Scope
from consent.contract import SignUp, Visit

pytestmark = pytest.mark.anyio
HOUR = 3_600_000


@pytest.fixture
async def narrow(open_world, tmp_path):
    """A service that takes three wishes of an address in an hour, five of a domain, eight in all."""
    async with opened(House(open_world(), tmp_path, Limits(3, 5, 8))) as house:
        yield house


@pytest.fixture
async def sign_up(narrow):
    """Gives the answer to a wish, all of it."""
    headers = {"Authorization": f"Bearer {narrow.key(Scope.SHOP)}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(base_url=narrow.url + PREFIX, headers=headers) as http:

        async def post(email, topic="newsletter"):
            request = SignUp(email, (topic,), "en", "footer", visit=Visit("192.0.2.7"))
            return await http.post("sign_up", content=msgspec.json.encode({"request": request}))

        yield post


async def test_more_wishes_of_one_address_are_answered_alike_and_leave_nothing(narrow, sign_up):
    """Byte for byte, so that nobody learns of the address; an hour later one is taken again."""
    world = narrow.world
    answers = [await sign_up(email) for email in ("anna@kafija.example", *["Anna@Kafija.example"] * 2)]
    leaves = world.count("leaves")
    answers += [await sign_up("anna@kafija.example", topic) for topic in ("newsletter", "offers")]
    assert world.count("leaves") == leaves
    for answer in answers:
        answer.headers["date"] = ""
    assert {(answer.status_code, answer.content, str(answer.headers)) for answer in answers} == {
        (200, answers[0].content, str(answers[0].headers))
    }
    world.clock.pass_(HOUR)
    await sign_up("anna@kafija.example", "offers")
    assert world.count("leaves") > leaves


async def test_a_thousand_wishes_for_one_address_bring_one_mail(open_world, tmp_path):
    """From a thousand places, with limits that let them all pass."""
    async with opened(House(open_world(), tmp_path)) as house:
        world = house.world
        for number in range(1000):
            visit = Visit(f"198.51.{number // 250}.{number % 250}")
            await world.client.sign_up(SignUp("anna@kafija.example", ("newsletter",), "en", "f", visit=visit))
        assert len(await world.client.proofs()) == 1


async def test_more_wishes_of_one_domain_are_asked_to_come_again(narrow, sign_up):
    """That tells nothing of an address. Another domain goes on, until all have had their share."""
    for number in range(5):
        assert (await sign_up(f"person-{number}@kafija.example")).status_code == 200
    refused = await sign_up("person-6@kafija.example")
    assert (refused.status_code, refused.json()["code"]) == (429, "crowded")
    assert 0 < int(refused.headers["retry-after"]) <= HOUR // 1000
    for number in range(3):
        assert (await sign_up(f"person-{number}@tee.example")).status_code == 200
    assert (await sign_up("person@nobody.example")).status_code == 429
    narrow.world.clock.pass_(HOUR)
    assert (await sign_up("person-6@kafija.example")).status_code == 200


async def test_what_was_refused_is_not_counted(sign_up):
    """Whoever floods one address does not use up what others may do."""
    for _ in range(50):
        await sign_up("anna@kafija.example")
    for number in range(2):
        assert (await sign_up(f"person-{number}@kafija.example")).status_code == 200


async def test_what_stands_behind_a_plus_sign_makes_no_further_wishes(narrow, sign_up):
    """All tags of a mailbox have as many as one address; they stay addresses of their own."""
    for tag in ("", "+shop", "+2026"):
        assert (await sign_up(f"anna{tag}@kafija.example")).status_code == 200
    assert len(await narrow.world.client.proofs()) == 3
    leaves = narrow.world.count("leaves")
    for tag in ("+a", "+b", "+"):
        assert (await sign_up(f"anna{tag}@kafija.example")).status_code == 200
    assert narrow.world.count("leaves") == leaves
    assert (await sign_up("+anna@kafija.example")).status_code == 200
    assert narrow.world.count("leaves") > leaves


async def test_stopping_is_never_refused(narrow):
    """However often."""
    world = narrow.world
    anna = await world.join("anna@kafija.example")
    token = world.unsubscribe_token(anna)
    for _ in range(40):
        assert (await world.client.withdraw(token, "one_click", True, Visit())).type == "withdrawn"


def test_what_is_counted_does_not_grow_without_end():
    """Places that hold nothing any more are let go of."""
    now = 1_772_442_000_000
    admission = Admission(Limits(6, 3_000, 10_000), lambda: now)
    for number in range(20_000):
        now += 400  # as many as are taken
        assert admission.admit(f"person-{number}@kafija-{number}.example").yes
    assert len(admission._states) < 8_000
