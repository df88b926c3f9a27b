"""All calls, asked by schemathesis with whatever the description allows and forbids: what is answered is
described, no key opens what is not its own, and the log that comes of it holds by both verifiers."""

import asyncio
import hashlib
import json
import threading
from operator import itemgetter

import httpx2
import pytest
import schemathesis
from doors import House, opened
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tampered import Export

from consent.app.openapi import description
from consent.calls import CALLS, PREFIX, Scope
from consent.contract import MailClass, Outcome, Visit

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PAIRS = "unsettled"
"""Its answers are pairs, whose schema (`prefixItems` of JSON Schema 2020-12) schemathesis cannot read."""
REFUSED = (
    *("sign_up", "confirm", "refuse", "withdraw", "slow_down", "choose", "bounced", "record"),
    *("begin_import", "take_import", "end_import", "take_back", "find", "hold", "hold_told"),
    *("open_hold", "lift_hold", "ask_to_move", "merge"),
    *("claim", "withdraw_by_flow", "give_word", "erase"),  # want a plain name of whoever tells of it
)
"""Calls that want an address, a token or a word that nobody hits upon."""
TEMPLATES = [hashlib.sha256(name).hexdigest() for name in (b"hello", b"receipt", b"bare")]
API = schemathesis.openapi.from_dict(description())


@pytest.fixture
def served(open_world, tmp_path):
    """The service in a thread with a loop of its own."""
    house = House(open_world(), tmp_path)
    ready, told = threading.Event(), []

    async def serve():
        over = asyncio.Event()
        async with opened(house):
            told.append((asyncio.get_running_loop(), over))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    loop, over = told[0]
    # Somebody is there whom calls can hit upon: who joined, who left, and who was only entered.
    house.people = asyncio.run_coroutine_threadsafe(inhabit(house.world), loop).result()
    yield house
    loop.call_soon_threadsafe(over.set)
    thread.join()
    assert Export(house.world).failure() is None


async def inhabit(world):
    """Their ids, and a mail that one of them got."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    left = await world.join("left@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(left), "page", False, Visit())
    await world.send(world.ask(anna, key="0a" * 16))
    await world.sign_up("new@kafija.example")
    return [anna, left, await world.subject("new@kafija.example"), "0b" * 16]


MANY = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def cases_of(name):
    """Asks of a call, as the description has them and as it forbids them."""
    operation = API[f"/{name}"]["POST"]
    every = [operation.as_strategy(mode, media_type="application/json") for mode in GenerationMode]
    return strategies.one_of(every)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CALLS if name != "news"])
def test_no_call_is_answered_with_anything_but_what_is_described(served, name):
    """Never with a fault of the program, whatever it is given."""
    url, key = served.url + PREFIX.rstrip("/"), served.key(*Scope)

    @given(case=cases_of(name))
    @settings(MANY, max_examples=20)
    def ask(case):
        checks = [check for check in CHECKS if name != PAIRS or check is not response_schema_conformance]
        case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {key}"}, checks=checks)

    ask()
    answered = {status for _, status in served.tally}
    assert answered & ({409, 422} if name in REFUSED else {200}), answered
    assert answered & {400, 401}


@pytest.mark.slow
@pytest.mark.parametrize("scope", Scope)
def test_a_key_of_one_scope_opens_no_other_call_whatever_it_is_asked(served, scope):
    """403 before anything else is looked at, and nothing is written; what it opens it is never refused."""
    url, key = served.url + PREFIX.rstrip("/"), served.key(scope)
    headers = {"Authorization": f"Bearer {key}"}
    ours = {name for name, call in CALLS.items() if scope in call.scopes} - {"news"}

    def asked(name, examples):
        answered = set()

        @given(case=cases_of(name))
        @settings(MANY, max_examples=examples)
        def ask(case):
            answered.add(case.call(base_url=url, headers=headers).status_code)

        ask()
        return answered

    before = served.world.count("leaves")
    for name in sorted(CALLS.keys() - ours - {"news"}):
        assert asked(name, 4) <= {401, 403}, name
    assert served.world.count("leaves") == before
    for name in sorted(ours):
        assert 403 not in asked(name, 4), name


TEXTS = ["", " ", "\u001b[2K", "newsletter\n", "\u202eretteleswen", "'; DROP TABLE", "=1+1", "x" * 5_000]
HOSTILE = strategies.one_of(strategies.sampled_from(TEXTS), strategies.text(max_size=20))
LARGE = [-1, 0, 2**31 - 1, 2**31, 2**53, 2**53 + 1, 2**60, 2**63, 2**64, 1.0, 1.5, True]
NUMBERS = strategies.one_of(strategies.sampled_from(LARGE), strategies.integers())


def hostile_asks(people):
    """Asks for mails of which any member may be anything, and most are nearly right."""

    def often(right, other):
        rarely = strategies.integers(1, 40).map(lambda drawn: drawn == 23)
        return rarely.flatmap(lambda odd: other if odd else strategies.sampled_from(right))

    return strategies.fixed_dictionaries(
        {
            "key": often([f"{n:032x}" for n in range(60)], HOSTILE),
            "attempt": often([1, 1, 2], NUMBERS),
            "subject": often(people, HOSTILE),
            "mail_class": often(list(MailClass), HOSTILE),
            "topic": often(["newsletter", "offers", "orders", None], HOSTILE),
            "template": often(TEMPLATES, HOSTILE),
        },
        optional={
            "trigger": often([None, "o-1"], HOSTILE),
            "variant": often(["plain", "personalised"], HOSTILE),
            "measured": often([False, True], HOSTILE),
            "message_id": often([""], HOSTILE),
        },
    )


@pytest.mark.slow
def test_no_ask_however_hostile_spoils_the_log(served):
    """Claimed, settled and claimed again: some are permitted, the others are denied or refused, and both
    verifiers can read what was kept of them."""
    headers = {"Authorization": f"Bearer {served.key(Scope.ENGINE)}", "Content-Type": "application/json"}
    outcomes = strategies.sampled_from(list(Outcome))
    some = strategies.lists(hostile_asks(served.people), min_size=1, max_size=3, unique_by=itemgetter("key"))
    answered, permitted = set(), 0
    with httpx2.Client(base_url=served.url + PREFIX, headers=headers) as http:

        @given(asks=some, data=strategies.data())
        @settings(MANY, max_examples=400)
        def claimed(asks, data):
            nonlocal permitted
            body = {"sender": "engine", "asks": asks, "settlements": []}
            answer = http.post("claim", content=json.dumps(body))
            answered.add(answer.status_code)
            if answer.status_code != 200:
                return
            permits = answer.json()["permits"]
            permitted += len(permits)
            settlements = [
                {"key": one["key"], "attempt": one["attempt"], "outcome": data.draw(outcomes), "code": 250}
                for one in permits
            ]
            body = {"sender": "engine", "settlements": settlements}
            answered.add(http.post("settle", content=json.dumps(body)).status_code)

        claimed()
    assert answered <= {200, 400, 422, 409}, answered
    assert {200, 400} <= answered
    assert permitted
    export = Export(served.world)
    assert export.failure() is None
    reasons = {json.loads(line)["record"]["reason"] for line in export.lines("decisions.jsonl")}
    assert len(reasons) >= 5, reasons
