"""`POST /v1/contacts`, into the engine's own inbox."""

import pytest
from house import KEY, House

pytestmark = pytest.mark.anyio

HEADERS = {"Authorization": f"Bearer {KEY}"}


async def test_attributes_reach_the_engine_and_nobody_has_agreed_to_anything(house: House):
    """Null makes an attribute unknown."""
    contact = {"email": "anna@example.com", "attributes": {"first_name": "Anna", "visits": None}}
    answer = await house.http.post("/v1/contacts", json={"contacts": [contact]}, headers=HEADERS)
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 1, "rejected": []}
    [row] = await house.received()
    assert (row.kind, row.address) == ("", "anna@example.com")
    assert row.data == {"first_name": "Anna", "visits": None}
    [subject] = await house.consent.subjects(["anna@example.com"])
    assert set((await house.states(subject)).values()) == {"none"}


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ({}, "`email` is missing"),
        ({"email": None}, "`email` must be text, not null"),
        ({"email": "nobody"}, "`nobody` is no e-mail address"),
        ({"email": "a@example.com", "attributes": []}, "`attributes` must be an object, not a list"),
        ({"email": "a@example.com", "attributes": {"first_nam": "A"}}, "did you mean `first_name`?"),
        ({"email": "a@example.com", "attributes": {"visits": "many"}}, "`visits` must be a number"),
        ({"email": "a@example.com", "topics": ["offers"]}, "a field `topics` that is not known here"),
        (5, "the contact must be an object, not a number"),
    ],
)
async def test_a_bad_contact_rejects_only_itself_and_says_why(house: House, contact: object, reason: str):
    """The good ones around it are taken."""
    good = {"email": "good@example.com", "attributes": {}}
    answer = await house.http.post("/v1/contacts", json={"contacts": [good, contact, good]}, headers=HEADERS)
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    [rejected] = answer.json()["rejected"]
    assert rejected["index"] == 1
    assert reason in rejected["reason"]
