"""What flows set off goes through the whole engine: events, other flows, calls, words to the team with an
address; and what a restart makes of it."""

import json
from pathlib import Path

import pytest
from storefront import MONDAY, TEAM, Opener, Written

from engine.calls.call import Answer, Answered, Call
from engine.core.bundle import CallBody
from engine.core.record import What
from engine.store.arrivals import REQUEST
from engine.store.batch import Batch
from engine.store.store import Store

pytestmark = pytest.mark.anyio
ANNA = "anna@example.com"
DAY = 86_400_000


EMITS = """
event vip_made
    total   money
flow alpha "Alpha"
    start on order_placed
    enter every time
    emit vip_made with total trigger.total
flow beta "Beta"
    start on vip_made
    enter every time
    finish
"""


async def test_an_emitted_event_is_kept_and_worked_on_once(opener: Opener) -> None:
    """It stands among the events under its contact; neither the next batch nor the next life starts by it."""
    async with opener(EMITS) as shop:
        await shop.happens("order_placed", ANNA, total={"amount": "49.90", "currency": "EUR"})
        [order, vip] = await shop.system.store.history()
        assert (vip.kind, vip.at, vip.contact) == ("vip_made", order.at, order.contact)
        assert vip.data == {"total": order.data["total"]}
        assert vip.worked_on
        assert not order.worked_on
        assert await shop.story("beta") == ["entered", "finished"]
        assert await shop.system.store.effects() == []
    async with opener(EMITS, MONDAY + DAY) as shop:
        await shop.settle()
        await shop.happens("order_placed", ANNA)
        assert await shop.story("beta") == ["entered", "finished"] * 2


async def test_an_emitted_event_costs_no_transaction_of_its_own(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes of it is in the one that it is kept by."""
    commits: list[Batch] = []
    real = Store.commit

    async def counted(self: Store, batch: Batch) -> None:
        commits.append(batch)
        await real(self, batch)

    async with opener(EMITS) as shop:
        await shop.settle()
        monkeypatch.setattr(Store, "commit", counted)
        await shop.happens("order_placed", ANNA)
        assert [len(batch.emitted) for batch in commits] == [1]
        assert await shop.story("beta") == ["entered", "finished"]


async def test_an_event_from_outside_behind_an_emitted_one_is_worked_on(opener: Opener) -> None:
    """The inbox goes on where it was."""
    async with opener(EMITS) as shop:
        for number in range(3):
            shop.clock.set(MONDAY + number)
            await shop.happens("order_placed", f"person{number}@example.com")
        assert (await shop.story("alpha")).count("entered") == 3
        assert (await shop.story("beta")).count("entered") == 3


REQUESTED = """
flow tasting "Tasting"
    topic news
    start by request
    send invitation
"""


async def test_a_request_starts_the_flow_once(opener: Opener) -> None:
    """For those who agreed to its topic; however often it is told, and over a restart."""
    async with opener(REQUESTED) as shop:
        anna = await shop.join(ANNA, "news")
        [ben] = await shop.system.consent.subjects(["ben@example.com"])
        inbox = shop.system.inbox
        assert inbox.flows == {"tasting": True}
        assert await inbox.accept_requests("tasting", "march", [anna, ben or ""]) == [None, None]
        await shop.settle()
        assert sorted(await shop.story("tasting")) == [
            "entered",
            "finished",
            "not_entered not_subscribed",
            "sent invitation",
        ]
    async with opener(REQUESTED, MONDAY + DAY) as shop:
        await shop.system.inbox.accept_requests("tasting", "march", [anna])
        await shop.settle()
        assert len(await shop.story("tasting")) == 4
        await shop.system.inbox.accept_requests("tasting", "april", [anna])
        await shop.settle()
        assert (await shop.story("tasting"))[-1] == "not_entered entered_before"
        kinds = [event.kind for event in await shop.system.store.history()]
        assert kinds.count(REQUEST) == 3


CALLS = """
webhook crm
    url "https://crm.example/hook"
    secret env CRM_SECRET
flow alpha "Alpha"
    start on order_placed
    enter every time
    repeat up to 5 times
        call crm with email contact.email, id trigger.order_id
"""


async def test_a_call_is_written_down_where_nobody_is_called(opener: Opener) -> None:
    """As in every simulation: the bytes are those of the real call, and the journal says that it was none."""
    recorder = Written()
    async with opener(CALLS, post=recorder) as shop:
        await shop.happens("order_placed", ANNA, order_id="17")
        assert [line for line in await shop.story("alpha") if "called" in line] == [
            "called call_1 recorded"
        ] * 5
        assert await shop.system.store.effects() == []
    assert [json.loads(call.body)["data"]["values"] for call in recorder.calls] == [
        {"email": ANNA, "id": "17"}
    ] * 5
    assert len({call.id for call in recorder.calls}) == 5


class Down:
    """A receiver that is down."""

    async def post(self, call: Call, now: int) -> Answer:
        return Answer(Answered.LATER)

    async def close(self) -> None:
        """There is nothing to close."""


async def test_open_calls_are_taken_up_by_the_next_life_in_their_order(opener: Opener) -> None:
    """Those of one moment too; under the ids that they had."""
    async with opener(CALLS, post=Down()) as shop:
        await shop.happens("order_placed", ANNA, order_id="17")
        shop.clock.set(MONDAY + 1)
        await shop.happens("order_placed", ANNA, order_id="18")
        open_ = await shop.system.store.effects()
        assert len(open_) == 10
        assert not [line for line in await shop.story("alpha") if "called" in line]
    asked = [effect.body.values["id"] for effect in open_ if isinstance(effect.body, CallBody)]
    assert asked == ["17"] * 5 + ["18"] * 5
    recorder = Written()
    async with opener(CALLS, MONDAY + DAY, post=recorder) as shop:
        await shop.settle()
        assert await shop.system.store.effects() == []
        assert (await shop.story("alpha")).count("called call_1 recorded") == 10
    assert [call.id for call in recorder.calls] == [effect.key for effect in open_]


GIVEN = (
    "total trigger.total, items trigger.items, placed trigger.at",
    "orders count of order_placed, born contact.birthday, nobody contact.city",
)
TYPED = f"""
flow alpha "Alpha"
    start on order_placed
    call crm with {", ".join(GIVEN)}
"""


async def test_a_restart_changes_no_word_of_a_call(opener: Opener, tmp_path: Path) -> None:
    """Amounts, dates, moments, numbers and lists keep their types in the store."""
    text = CALLS.split("flow alpha")[0] + TYPED
    money = {"amount": "49.90", "currency": "EUR"}
    order = {"total": money, "items": [{"sku": "A1", "quantity": 2, "price": money}]}
    async with opener(text, post=Down()) as shop:
        await shop.happens("order_placed", ANNA, **order)
        [effect] = await shop.system.store.effects()
    recorder = Written()
    async with opener(text, MONDAY + DAY, post=recorder) as shop:
        await shop.settle()
    [call] = recorder.calls
    assert call.id == effect.key
    assert json.loads(call.body)["timestamp"] == "2026-03-02T07:00:00.000Z"
    assert json.loads(call.body)["data"]["values"] == {
        "total": money,
        "items": order["items"],
        "placed": "2026-03-02T07:00:00.000Z",
        "orders": 1,
        "born": None,
        "nobody": None,
    }


async def test_calls_come_in_the_order_of_the_steps(opener: Opener) -> None:
    """Ten in one moment, as they were asked for, over a restart."""
    steps = "\n".join(f'    call crm with number "{number}"' for number in range(10))
    text = CALLS.split("flow alpha")[0] + f"flow alpha\n    start on order_placed\n{steps}\n"
    async with opener(text, post=Down()) as shop:
        await shop.happens("order_placed", ANNA)
    recorder = Written()
    async with opener(text, MONDAY + DAY, post=recorder) as shop:
        await shop.settle()
    told = [json.loads(call.body)["data"]["values"]["number"] for call in recorder.calls]
    assert told == [f"{number}" for number in range(10)]


async def test_a_call_that_is_tried_again_lets_time_pass_in_a_simulation(opener: Opener) -> None:
    """The clock goes to when it is due; after five attempts it is over."""
    async with opener(CALLS.replace("up to 5 times", "up to 1 times"), post=Down()) as shop:
        await shop.happens("order_placed", ANNA, order_id="17")
        for _ in range(4):
            due = shop.system.caller.next_due()
            assert due is not None
            shop.clock.set(due)
            await shop.settle()
        assert (await shop.story("alpha"))[-1] == "called call_1 call_gave_up"


async def test_a_word_to_the_team_names_the_address(opener: Opener) -> None:
    """Which the engine asks for when the mail is made, and does not keep."""
    text = f"""
flow alpha "Alpha"
    start on order_placed
    tell "{TEAM}" "order {{trigger.order_id}} of {{contact.email}} is late"
"""
    async with opener(text) as shop:
        before = len(shop.mails())
        await shop.happens("order_placed", ANNA, order_id="17")
        (mail,) = shop.mails()[before:]
        assert mail.parsed().get_content().strip() == f"order 17 of {ANNA} is late"


async def test_the_journal_names_what_was_set_off(opener: Opener) -> None:
    """A line for each, before those of what came of it."""
    text = EMITS + REQUESTED + "flow gamma\n    start on vip_made\n    start flow tasting\n"
    async with opener(text) as shop:
        await shop.happens("order_placed", ANNA)
        lines = [(entry.flow, entry.what) for entry in await shop.system.store.journal()]
        assert lines.index(("alpha", What.EMITTED)) < lines.index(("gamma", What.ENTERED))
        assert lines.index(("gamma", What.STARTED)) < lines.index(("tasting", What.NOT_ENTERED))
