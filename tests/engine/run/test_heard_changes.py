"""Changes of consent reach the flows in parts that leave nothing out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from storefront import Shop, open_shop

from consent.contract import Change
from engine.core.bundle import Agreed, Stopped
from engine.run import changes
from engine.run.changes import CHANGES, heard, stimuli_of
from engine.store.batch import Batch
from engine.store.store import Received
from virta.mailbox.running import Running

pytestmark = pytest.mark.anyio
PEOPLE = [f"guest{number}@example.com" for number in range(5)]
TEXT = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    wait 1 day

flow hello "Hello"
    topic news
    start on subscribed where topic is "news"

    wait 1 day
"""


@pytest.fixture
async def shop(tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """Five people agreed to two topics each; the engine hears three changes at a time."""
    monkeypatch.setattr(changes, "_PAGE", 3)
    async with open_shop(tmp_path, TEXT, mailbox.url, mailbox.folder) as opened:
        for email in PEOPLE:
            await opened.agree(email, "news", "offers")
        yield opened


async def test_what_one_person_changes_at_once_is_heard_at_once(shop: Shop) -> None:
    """Nothing is left out, and nothing comes twice."""
    every = await shop.system.consent.changes(0)
    parts: list[list[Change]] = []
    after, more = 0, True
    while more:
        part, more = await changes.changes_after(shop.system.consent, after)
        parts.append(part)
        after = part[-1].seq
    assert [change for part in parts for change in part] == every
    assert [len(part) for part in parts] == [2] * len(PEOPLE)


async def test_an_event_waits_for_all_that_was_changed_before_it(shop: Shop) -> None:
    """Whoever had agreed when it came may enter, however many others changed theirs before."""
    now = shop.clock()
    events = [Received(email, "cart_updated", now, now, "", email, {}) for email in PEOPLE]
    await shop.system.store.accept(events)
    await shop.settle()
    assert await shop.story("alpha") == ["entered", "waits wait_1"] * len(PEOPLE)


@pytest.mark.parametrize(
    ("kind", "active", "quiet"),
    [
        ("confirmed", True, False),
        ("renewed", True, True),
        ("soft_opt_in.recorded", True, True),
        ("imported.attested", True, True),
        ("withdrawn", False, False),
        ("objected", False, False),
        ("objected.profiling", False, False),
        ("stale", False, True),
        ("terminated", False, True),
    ],
)
def test_whoever_was_brought_along_or_fell_silent_sets_no_flow_off(
    kind: str, active: bool, quiet: bool
) -> None:
    """Nobody subscribed or left just now: only what the person does themselves is told to flows."""
    [stimulus] = stimuli_of([Change(1, "a" * 32, "news", kind, 5)])
    assert stimulus.data == Agreed("news", active, quiet=quiet)


def test_an_objection_to_all_marketing_ends_all_of_it() -> None:
    """As a complaint does, and by its own reason."""
    [stimulus] = stimuli_of([Change(1, "a" * 32, "", "objected.marketing", 5)])
    assert stimulus.data == Stopped("objected")


async def test_another_log_is_heard_anew_and_sets_nobody_off(shop: Shop) -> None:
    """An older store was put back and has grown over the position while the engine was off: what it says of
    people is known, and nobody subscribed just now."""
    last = (await shop.system.consent.changes(0))[-1]
    was = heard([replace(last, subject="0" * 32)], {})
    await shop.system.store.commit(Batch(cursors=was))
    await shop.system.runner.start()
    await shop.settle()
    assert await shop.story("hello") == []
    now = shop.clock()
    await shop.system.store.accept([Received(PEOPLE[0], "cart_updated", now, now, "", PEOPLE[0], {})])
    await shop.settle()
    assert await shop.story("alpha") == ["entered", "waits wait_1"]
    assert (await shop.system.store.cursors())[CHANGES] == last.seq
    await shop.join("late@example.com", "news")
    assert await shop.story("hello") == ["entered", "waits wait_1"]
