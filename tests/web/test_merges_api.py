"""`POST /v1/merges`."""

import pytest
from house import KEY, House

pytestmark = pytest.mark.anyio
HEADERS = {"Authorization": f"Bearer {KEY}"}


async def test_two_contacts_become_one(house: House):
    """By address or by id; what the other had left is left, and nothing is agreed to."""
    anna, other = await house.join("anna@example.com"), await house.join("a.liepa@example.com", "offers")
    await house.http.post(house.unsubscribe(other, "newsletter"), data={"stop": "topic"})
    body = {"stays": {"email": "anna@example.com"}, "goes": {"id": other}}
    for _ in range(2):
        answer = await house.http.post("/v1/merges", headers=HEADERS, json=body)
        assert (answer.status_code, answer.json()) == (200, {"contact": anna})
    assert await house.consent.subjects(["a.liepa@example.com"]) == [anna]
    assert await house.states(anna) == {"newsletter": "withdrawn", "offers": "none"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"stays": {"email": "nobody"}, "goes": {"email": "b@example.com"}}, 422),
        ({"stays": {}, "goes": {"email": "b@example.com"}}, 422),
        ({"stays": {"email": "a@example.com"}}, 400),
        ({"stays": {"email": "a@example.com"}, "goes": {"id": "0" * 32}}, 404),
    ],
)
async def test_what_makes_no_sense_is_refused(house: House, body: dict, status: int):
    """In plain words, and nothing changes."""
    answer = await house.http.post("/v1/merges", headers=HEADERS, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


async def test_a_key_without_the_scope_is_refused(house: House):
    """It is none that every key has."""
    headers = {"Authorization": "Bearer events-only"}
    answer = await house.http.post("/v1/merges", headers=headers, json={})
    assert answer.status_code == 403
