"""What is told at the door and kept as evidence has bounds: else one key fills the store, or makes it keep
what nothing can read."""

import httpx2
import pytest

from consent.calls import PREFIX, Scope

pytestmark = pytest.mark.anyio
HANDED = {"mail": "", "digest": "ab" * 32, "size": 9, "reply": "250 ok", "why": "", "at": 7}
SIGN_UP = {
    "email": "anna@kafija.example",
    "topics": ["newsletter"],
    "language": "en",
    "form": "footer",
    "age": 30,
    "country": "LV",
}
SALE = {
    "subject": "0" * 32,
    "topic": "similar",
    "sale": "1",
    "at": 7,
    "category": "coffee",
    "offered": "a box",
    "source": "api",
}


@pytest.fixture
async def refused(house):
    """Posts a body to a call with a key; whether it was refused as it was read, and why."""
    async with httpx2.AsyncClient(base_url=house.url + PREFIX) as http:

        async def post(scope, name, body):
            sent = {"Authorization": f"Bearer {house.key(scope)}"}
            answer = await http.post(name, json=body, headers=sent)
            problem = answer.json() if answer.status_code != 200 else {}
            wrong = problem.get("code") == "wrong_shape"
            assert wrong == (answer.status_code == 400)
            return problem["detail"] if wrong else ""

        yield post


def settled(**handed):
    """A settlement that tells this of its mail."""
    told = {"key": "0a" * 16, "attempt": 1, "outcome": "accepted", "code": 250}
    return {"sender": "proofs", "settlements": [{**told, "handed": {**HANDED, **handed}}]}


@pytest.mark.parametrize(
    "member",
    [
        {"reply": "x" * 10_001},
        {"why": "x" * 10_001},
        {"mail": "A" * (1_398_104 + 4)},
        {"digest": "nonsense"},
        {"digest": "ab" * 32 + "\n"},
        {"size": -1},
        {"at": -1},
        {"at": 1 << 53},
    ],
    ids=str,
)
async def test_what_a_mailer_tells_of_a_mail_has_bounds(refused, member):
    """A reply, a mail, and what they are known by."""
    assert not await refused(Scope.ENGINE, "settle", settled())
    assert next(iter(member)) in await refused(Scope.ENGINE, "settle", settled(**member))


@pytest.mark.parametrize(
    "member", [{"country": "x" * 7_000}, {"country": "L1"}, {"age": -1}, {"age": 151}], ids=str
)
async def test_what_somebody_declares_has_bounds(refused, member):
    """Two letters, and years that somebody may live."""
    assert not await refused(Scope.SHOP, "sign_up", {"request": SIGN_UP})
    assert next(iter(member)) in await refused(Scope.SHOP, "sign_up", {"request": {**SIGN_UP, **member}})


@pytest.mark.parametrize("name", ["topic", "sale", "category", "offered", "source", "at"])
async def test_what_is_told_of_a_sale_has_bounds(refused, name):
    """All of it is kept as evidence."""
    assert not await refused(Scope.ENGINE, "bought", {"sales": [SALE]})
    too_much = -1 if name == "at" else "x" * 2_001
    assert name in await refused(Scope.ENGINE, "bought", {"sales": [{**SALE, name: too_much}]})
