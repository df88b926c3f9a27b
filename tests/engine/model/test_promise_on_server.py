"""The promise of withdrawal holds with stores on a server, which the life of an engine is cut off from."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from postgres_server import Running
from promise_machine import COUNTED, Promise
from test_promise import FAST, SLOW, tell

AT_LENGTH = settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=SLOW)
ONCE = settings(FAST, max_examples=2, stateful_step_count=10)


@pytest.fixture(scope="module")
def url(postgres: Running) -> Iterator[str]:
    """A database that nobody else uses: a kill ends all of its sessions."""
    postgres.ask("CREATE DATABASE promise")
    yield postgres.url.replace("postgres:@", "postgres@").replace("/virta?", "/promise?")
    postgres.ask("DROP DATABASE promise WITH (FORCE)")


@pytest.mark.parametrize(
    ("point", "act"), [("committing", "a kill"), ("claimed", "a kill"), ("data", "a loss of power")]
)
def test_a_life_that_is_cut_off_there_is_taken_up(point: str, act: str, url: str) -> None:
    """What it has not committed is gone, and the next one goes on with the rest."""
    assert tell(point, act, False, url).ledger.counts[f"stepped in at {point}"]


def test_the_promise_is_kept_on_a_server(url: str) -> None:
    """No permit behind a withdrawal, nothing twice, no journey goes on, and the log proves it."""
    run_state_machine_as_test(lambda: Promise(url), settings=ONCE)


@pytest.mark.slow
def test_the_promise_is_kept_on_a_server_at_length(url: str) -> None:
    """Whatever people, the shop, edits, kills and the clock do, in any order."""
    before = COUNTED.copy()
    run_state_machine_as_test(lambda: Promise(url), settings=AT_LENGTH)
    for what, often in sorted((COUNTED - before).items()):
        print(f"{often:7,}  {what}")
