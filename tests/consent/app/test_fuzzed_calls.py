"""All calls, asked by schemathesis with whatever the description allows and forbids."""

import asyncio
import threading

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

from consent.app.openapi import description
from consent.calls import CALLS, PREFIX, Scope

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
    *("open_hold", "lift_hold"),
    "ask_to_move",
    "merge",
)
"""Calls that want an address, a token or a word that nobody hits upon."""
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
    yield house
    loop, over = told[0]
    loop.call_soon_threadsafe(over.set)
    thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CALLS if name != "news"])
def test_no_call_is_answered_with_anything_but_what_is_described(served, name):
    """Never with a fault of the program, whatever it is given."""
    url, key = served.url + PREFIX.rstrip("/"), served.key(*Scope)
    operation = API[f"/{name}"]["POST"]
    cases = [operation.as_strategy(mode, media_type="application/json") for mode in GenerationMode]

    @given(case=strategies.one_of(cases))
    @settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        checks = [check for check in CHECKS if name != PAIRS or check is not response_schema_conformance]
        case.call_and_validate(base_url=url, headers={"Authorization": f"Bearer {key}"}, checks=checks)

    ask()
    answered = {status for _, status in served.tally}
    assert answered & ({409, 422} if name in REFUSED else {200}), answered
    assert answered & {400, 401}
