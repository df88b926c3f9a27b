"""What holds at every endpoint of the API: keys, JSON, limits, faults."""

import sqlite3
from collections.abc import Sequence

import httpx2
import pytest
from house import KEY, URL, House

from web.api.inbox import Busy, NewContact, NewEvent
from web.api.keys import ApiKeys, Scope

pytestmark = pytest.mark.anyio

ENDPOINTS = ("events", "contacts", "signups")
JSON = {"Content-Type": "application/json"}


def bearer(key: str = KEY) -> dict[str, str]:
    """The header for a key."""
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
        bearer(KEY[:-1]),
        bearer(KEY + "x"),
        {"Authorization": "Bearer \xe4"},
    ],
)
async def test_without_a_known_key_nothing_is_taken(house: House, headers: dict[str, str]):
    """401, with the scheme that is asked for."""
    raw = {name: value.encode("latin-1") for name, value in headers.items()}
    for endpoint in ENDPOINTS:
        answer = await house.http.post(f"/v1/{endpoint}", json={}, headers=raw)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize("endpoint", ["contacts", "signups"])
async def test_a_key_opens_only_what_its_scopes_name(house: House, endpoint: str):
    """403 elsewhere."""
    answer = await house.http.post(f"/v1/{endpoint}", json={}, headers=bearer("events-only"))
    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == f"This key does not have the scope `{endpoint}`."
    answer = await house.http.post("/v1/events", json={"events": []}, headers=bearer("events-only"))
    assert answer.status_code == 202


async def test_the_scheme_may_be_written_in_any_case(house: House):
    """RFC 9110 11.1."""
    headers = {"Authorization": f"bearer {KEY}"}
    assert (await house.http.post("/v1/events", json={"events": []}, headers=headers)).status_code == 202


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_anything_but_json_is_refused(house: House, endpoint: str):
    """Also JSON without a Content-Type: a browser's form cannot be made to look like a call."""
    for media in ("", "text/plain", "application/x-www-form-urlencoded", "text/json"):
        headers = bearer() | ({"Content-Type": media} if media else {})
        answer = await house.http.post(f"/v1/{endpoint}", content=b"{}", headers=headers)
        assert answer.status_code == 415
        assert answer.json()["error"]["code"] == "not_json"


async def test_parameters_of_the_media_type_are_fine(house: House):
    """`charset=utf-8` says nothing new."""
    headers = bearer() | {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = await house.http.post("/v1/events", content=b'{"events": []}', headers=headers)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "broken_json", "The body is not valid JSON: it is empty."),
        (b'{"events": [', "broken_json", "The body is not valid JSON: it ends in the middle."),
        (
            b'{"events": [\n  {"id": "1",}\n]}',
            "broken_json",
            "The body is not valid JSON: trailing comma in object in line 2, column 14.",
        ),
        (
            b'{"events": []} x',
            "broken_json",
            "The body is not valid JSON: trailing characters in line 1, column 16.",
        ),
        (b"\xef\xbb\xbf{}", "broken_json", "invalid character in line 1, column 1."),
        (b'{"events": [NaN]}', "broken_json", "line 1, column 13."),
        (b'{"\xff": []}', "broken_json", "not valid"),
        (b"[]", "wrong_shape", "The body must be an object, not a list."),
        (b"{}", "wrong_shape", "`events` is missing."),
        (b'{"events": {}}', "wrong_shape", "`events` must be a list, not an object."),
        (b'{"events": [], "x": 1}', "wrong_shape", "The body has a field `x` that is not known here."),
        (b'{"events":' + b"[" * 100_000, "wrong_shape", "The body is nested too deeply."),
    ],
)
async def test_a_body_that_cannot_be_read_says_where(house: House, body: bytes, code: str, message: str):
    """400, with line and column where JSON breaks, or with the field."""
    answer = await house.http.post("/v1/events", content=body, headers=bearer() | JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == code
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize("announced", [True, False])
async def test_more_than_five_mebibytes_are_refused(house: House, announced: bool):
    """By the announced length, or as soon as more has come."""
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 50 * 1024 * 1024:
            sent += 1024 * 1024
            yield b" " * 1024 * 1024

    content = b" " * (5 * 1024 * 1024 + 1) if announced else endless()
    answer = await house.http.post("/v1/events", content=content, headers=bearer() | JSON)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


async def test_what_is_not_there_is_answered_in_json(house: House):
    """404 and 405, with the method that would do."""
    answer = await house.http.get("/v1/nothing", headers=bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    answer = await house.http.get("/v1/events", headers=bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_when_the_consent_store_fails_the_caller_is_asked_to_come_again(house: House):
    """503 with Retry-After; for people there is a page that says so."""
    with sqlite3.connect(house.path) as store:
        store.execute("ALTER TABLE subjects RENAME TO gone")
    store.close()
    wish = {"email": "anna@example.com", "topics": ["newsletter"]}
    answer = await house.http.post("/v1/signups", json=wish, headers=bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    page = await house.sign_up("anna@example.com")
    assert page.status_code == 503
    assert int(page.headers["retry-after"]) > 0
    assert "please send it again in a minute" in page.text


async def test_when_the_engines_store_fails_the_caller_is_asked_to_come_again(house: House):
    """503: the events were not taken."""
    await house.store._database.run(lambda connection: connection.exec_driver_sql("DROP TABLE inbox"))
    event = {"id": "1", "event": "order_placed", "contact": {"email": "anna@example.com"}}
    answer = await house.http.post("/v1/events", json={"events": [event]}, headers=bearer())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")


class FullInbox:
    """An inbox that has no room for the next seven seconds."""

    async def accept_events(self, events: Sequence[NewEvent]) -> list[str | None]:
        """Never."""
        raise Busy(7)

    async def accept_contacts(self, contacts: Sequence[NewContact]) -> list[str | None]:
        """Never."""
        raise Busy(7)


async def test_a_full_inbox_says_when_to_come_again(house: House):
    """429 with the seconds to wait."""
    keys = ApiKeys.of([(KEY, Scope)])
    app = house.served(FullInbox(), keys)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=URL) as http:
        for endpoint, body in (
            ("events", {"events": [{"id": "1", "event": "e", "contact": {"email": "a@example.com"}}]}),
            ("contacts", {"contacts": [{"email": "a@example.com"}]}),
        ):
            answer = await http.post(f"/v1/{endpoint}", json=body, headers=bearer())
            assert (answer.status_code, answer.json()["error"]["code"]) == (429, "busy")
            assert answer.headers["retry-after"] == "7"


def test_keys_are_not_held_and_their_list_is_checked():
    """An empty key or an unknown scope is the operator's mistake."""
    keys = ApiKeys.of([("one", ("events",)), ("two", ("contacts", "signups"))])
    assert "one" not in repr(keys)
    assert keys.scopes_of(b"one") == {Scope.EVENTS}
    assert keys.scopes_of(b"two") == {Scope.CONTACTS, Scope.SIGNUPS}
    assert keys.scopes_of(b"three") is None
    with pytest.raises(ValueError, match="empty"):
        ApiKeys.of([(" ", ("events",))])
    with pytest.raises(ValueError, match="`everything` is no scope"):
        ApiKeys.of([("one", ("everything",))])
