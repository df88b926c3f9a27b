"""What stands on the wire: forms, faults, and the description of all calls."""

import httpx2
import msgspec
import pytest

from consent.app.openapi import description
from consent.calls import CALLS, PREFIX, Scope
from consent.contract import Purpose
from consent.wire import DIGEST, digest

pytestmark = pytest.mark.anyio


@pytest.fixture
async def call(house):
    """Posts a body to a call, with a key of the engine."""
    key = house.key(Scope.ENGINE)
    async with httpx2.AsyncClient(base_url=house.url + PREFIX) as http:

        async def post(name, body=b"{}", media="application/json", **headers):
            sent = {"Authorization": f"Bearer {key}", "Content-Type": media, **headers}
            return await http.post(name, content=body, headers={k: v for k, v in sent.items() if v})

        yield post


async def test_json_and_msgpack_say_the_same(call):
    """The answer is in the form of the question."""
    told = await call("offered", b"{}", "application/json; charset=utf-8")
    packed = await call("offered", msgspec.msgpack.encode({}), "application/msgpack")
    assert told.headers["content-type"] == "application/json"
    assert packed.headers["content-type"] == "application/msgpack"
    shape = tuple[Purpose, ...]
    assert msgspec.json.decode(told.content, type=shape) == msgspec.msgpack.decode(packed.content, type=shape)
    assert told.headers[DIGEST] == digest(told.content)


@pytest.mark.parametrize(
    ("name", "body", "media", "status", "code"),
    [
        ("offered", b"{}", "text/plain", 415, "not_understood"),
        ("offered", b"{}", "", 415, "not_understood"),
        ("offered", b"", "application/json", 400, "wrong_shape"),
        ("offered", b'{"more": 1}', "application/json", 400, "wrong_shape"),
        ("claim", b'{"sender": 3}', "application/json", 400, "wrong_shape"),
        ("claim", b"\xff", "application/json", 400, "wrong_shape"),
        ("status", b"[" * 100_000, "application/json", 400, "wrong_shape"),
        ("changes", b'{"after": 99999999999999999999999}', "application/json", 400, "wrong_shape"),
        ("changes", b'{"after": 0, "limit": 9223372036854775808}', "application/json", 400, "wrong_shape"),
        ("news", b'{"after": 0, "wait": 31}', "application/json", 400, "wrong_shape"),
        ("nothing", b"{}", "application/json", 404, "not_found"),
        (
            "sign_up",
            b'{"request": {"email": "no", "topics": ["newsletter"], "language": "en", "form": "f"}}',
            "application/json",
            422,
            "invalid_address",
        ),
        (
            "sign_up",
            b'{"request": {"email": "a@b.example", "topics": ["x"], "language": "en", "form": "f"}}',
            "application/json",
            422,
            "refused",
        ),
        ("confirm", b'{"token": "x", "visit": {}}', "application/json", 422, "link_refused"),
    ],
)
async def test_each_fault_is_a_problem_with_a_code(call, name, body, media, status, code):
    """And a sentence; never a fault of the program."""
    answer = await call(name, body, media)
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["detail"]


async def test_a_body_that_was_damaged_is_not_carried_out(call):
    """A settlement of which a bit was lost would say something else."""
    body = b'{"addresses": ["anna@kafija.example"]}'
    refused = await call("subjects", body, **{DIGEST: digest(body.replace(b"anna", b"anne"))})
    assert (refused.status_code, refused.json()["code"]) == (400, "wrong_shape")
    assert (await call("subjects", body, **{DIGEST: digest(body)})).status_code == 200


async def test_a_body_without_end_is_not_read_to_its_end(call):
    """Eight MiB are enough for everything."""
    answer = await call("subjects", b" " * (8 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_other_methods_are_told_what_to_use(house):
    """As a problem too."""
    async with httpx2.AsyncClient(base_url=house.url + PREFIX) as http:
        answer = await http.get("claim")
    assert (answer.status_code, answer.headers["allow"], answer.json()["code"]) == (
        405,
        "POST",
        "method_not_allowed",
    )


async def test_the_description_names_every_call_with_its_shapes(house):
    """It is served as it is made, to anybody."""
    async with httpx2.AsyncClient(base_url=house.url + PREFIX) as http:
        served = (await http.get("openapi.json")).json()
    assert served == msgspec.json.decode(msgspec.json.encode(description()))
    assert list(served["paths"]) == [f"/{name}" for name in CALLS]
    claim = served["components"]["schemas"]["Claim"]
    assert list(claim["properties"]) == ["sender", "asks", "settlements"]
    assert claim["additionalProperties"] is False


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("changes", {"after": -1, "limit": 0}),
        ("changes", {"after": -1, "limit": 10**9}),
        ("changes", {"after": 2**70}),
        ("proofs", {"limit": -1}),
        ("backups_forgot", {"days": -1}),
        ("keep_times", {"most": -1}),
        ("status", {"keys": ["a\0b"]}),
    ],
)
async def test_what_no_store_can_take_is_refused_as_it_is_read(house, name, asked):
    """Numbers that are too large or too small, and a character that databases end a text at."""
    async with httpx2.AsyncClient(base_url=house.url + PREFIX) as http:
        answer = await http.post(name, json=asked, headers={"Authorization": f"Bearer {house.key(*Scope)}"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "wrong_shape"
