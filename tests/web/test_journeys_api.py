"""`POST /v1/flows/{name}/journeys`, into the engine's own inbox."""

import pytest
from house import KEY, House

from engine.store.arrivals import REQUEST

pytestmark = pytest.mark.anyio

HEADERS = {"Authorization": f"Bearer {KEY}"}
ID = "0123456789abcdef0123456789abcdef"


async def ask(house: House, body: object, flow: str = "tasting", key: str = KEY):
    return await house.http.post(
        f"/v1/flows/{flow}/journeys", json=body, headers={"Authorization": f"Bearer {key}"}
    )


async def test_a_request_stands_in_the_inbox_under_the_contact(house: House):
    """No address is kept with it, and nobody has agreed to anything."""
    answer = await ask(house, {"id": "march", "contacts": [{"email": "anna@example.com"}, {"id": ID}]})
    assert answer.status_code == 202
    assert answer.json() == {"accepted": 2, "rejected": []}
    [subject] = await house.consent.subjects(["anna@example.com"])
    assert subject is not None
    rows = await house.received()
    assert [(row.kind, row.contact, row.address) for row in rows] == [
        (REQUEST, subject, ""),
        (REQUEST, ID, ""),
    ]
    assert [row.data for row in rows] == [{"flow": "tasting"}] * 2
    assert not any("anna" in row.id for row in rows)
    assert set((await house.states(subject)).values()) == {"none"}


async def test_under_one_id_nobody_is_asked_for_twice(house: House):
    """Whatever the order, and however the contact is named; another id asks anew."""
    [anna] = await house.consent.subjects(["anna@example.com"])
    for contacts in (
        [{"email": "anna@example.com"}],
        [{"id": ID}, {"email": "ANNA@example.com"}, {"id": anna}],
    ):
        answer = await ask(house, {"id": "march", "contacts": contacts})
        assert answer.json() == {"accepted": len(contacts), "rejected": []}
    assert [row.contact for row in await house.received()] == [anna, ID]
    await ask(house, {"id": "april", "contacts": [{"id": ID}]})
    assert [row.contact for row in await house.received()] == [anna, ID, ID]


async def test_an_event_with_the_same_id_is_another_thing(house: House):
    """Requests and events do not know each other's ids."""
    await ask(house, {"id": "march", "contacts": [{"id": ID}]})
    event = {"id": "march", "event": "order_placed", "contact": {"id": ID}}
    answer = await house.http.post("/v1/events", json={"events": [event]}, headers=HEADERS)
    assert answer.json()["accepted"] == 1
    assert [row.kind for row in await house.received()] == [REQUEST, "order_placed"]


@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        ({}, "the contact needs either `email` or `id`"),
        ({"email": "a@example.com", "id": ID}, "the contact needs either `email` or `id`"),
        ({"email": "nobody"}, "`nobody` is no e-mail address"),
        ({"id": "anna"}, "`anna` is no contact id, which has 32 hex digits"),
        ({"email": 5}, "`email` must be text, not a number"),
        ({"mail": "a@example.com"}, "a field `mail` that is not known here"),
        (5, "the contact must be an object, not a number"),
    ],
)
async def test_a_bad_contact_rejects_only_itself_and_says_why(house: House, contact: object, reason: str):
    """The good ones around it are taken."""
    answer = await ask(house, {"id": "march", "contacts": [{"id": ID}, contact, {"email": "b@example.com"}]})
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    [rejected] = answer.json()["rejected"]
    assert rejected["index"] == 1
    assert reason in rejected["reason"]
    assert len(await house.received()) == 2


async def test_an_unknown_flow_is_told_with_the_nearest(house: House):
    """404, and nothing is taken."""
    answer = await ask(house, {"id": "march", "contacts": [{"id": ID}]}, flow="tastin")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_flow"
    assert "Did you mean `tasting`?" in answer.json()["error"]["message"]
    assert await house.received() == []


async def test_a_flow_that_does_not_start_by_request_says_what_to_write(house: House):
    """422, and nothing is taken."""
    answer = await ask(house, {"id": "march", "contacts": [{"id": ID}]}, flow="thanks")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "not_by_request"
    assert "write `start by request`" in answer.json()["error"]["message"]
    assert await house.received() == []


@pytest.mark.parametrize("id_", ["", "  ", "a\u0000b", "a\u001fb", "x" * 201])
async def test_an_id_that_cannot_be_kept_is_refused(house: House, id_: str):
    """The separator of the ids that are made from it among them."""
    answer = await ask(house, {"id": id_, "contacts": [{"id": ID}]})
    assert answer.status_code == 400
    assert "`id`" in answer.json()["error"]["message"]


async def test_the_id_of_the_call_is_asked_for(house: House):
    """Without one a repeat could not be told."""
    answer = await ask(house, {"contacts": [{"id": ID}]})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "`id` is missing."


async def test_the_scope_is_one_of_its_own(house: House):
    """A key for events starts no flow."""
    answer = await ask(house, {"id": "march", "contacts": []}, key="events-only")
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "This key does not have the scope `journeys`."
