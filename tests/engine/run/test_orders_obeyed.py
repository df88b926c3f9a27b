"""What the operator orders from another process is obeyed: by mails, by people, and by the next life."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from storefront import MONDAY, Opener, Shop

from engine.delivery.orders import Cancel, Halt, Order, Pause, Resume, Throttle, kind_of
from engine.store.control import open_desk
from engine.store.store import Received
from virta.settings import Delivery

pytestmark = pytest.mark.anyio

HOUR = 3_600_000
DAY = 24 * HOUR

TWO_MAILS = """
flow hello "Hello"
    topic news
    start on subscribed where topic is "news"

    send first
    wait 1 day
    send second
flow receipt "Receipt"
    topic orders
    start on order_placed
    enter every time

    send thanks
"""


@pytest.fixture
def order(tmp_path: Path) -> Callable[[Order, int], int]:
    """Gives an order as a command does: by a connection of its own, while the engine runs or not."""

    def give(asked: Order, at: int = MONDAY) -> int:
        with open_desk(tmp_path / "engine.db") as desk:
            return desk.instruct(kind_of(asked), msgspec.json.encode(asked), "anna at shop1", at)

    return give


Order_ = Callable[..., int]


async def test_a_paused_flow_mails_nobody_and_people_wait_in_it(opener: Opener, order: Order_) -> None:
    """They enter, and stand at the mail; service mails go. Behind the pause the mail goes, and the wait
    counts from there."""
    async with opener(TWO_MAILS) as shop:
        order(Pause("hello"))
        await shop.join("anna@example.com", "news")
        await shop.happens("order_placed", "anna@example.com")
        await shop.until(MONDAY + 2 * HOUR)
        assert await shop.story("hello") == ["entered", "waits wait_1"]
        assert await shop.story("receipt") == ["entered", "sent thanks", "finished"]
        order(Resume("hello"), MONDAY + 2 * HOUR)
        await shop.settle()
        assert "sent first" in await shop.story("hello")
        await shop.until(MONDAY + DAY + HOUR)
        assert "sent second" not in await shop.story("hello")
        await shop.until(MONDAY + DAY + 2 * HOUR)
        assert "sent second" in await shop.story("hello")


async def test_a_pause_outlives_the_engine(opener: Opener, order: Order_) -> None:
    """It was ordered once, and holds until it is ended; one that is ordered while nothing runs holds too."""
    async with opener(TWO_MAILS) as shop:
        await shop.settle()
    order(Pause())
    async with opener(TWO_MAILS, MONDAY + 1) as shop:
        await shop.join("anna@example.com", "news")
    async with opener(TWO_MAILS, MONDAY + 2) as shop:
        await shop.settle()
        assert "sent first" not in await shop.story("hello")
        order(Resume(), MONDAY + 2)
        await shop.settle()
        assert "sent first" in await shop.story("hello")


async def test_a_pause_of_everything_holds_service_mails_too(opener: Opener, order: Order_) -> None:
    """Only if that was asked for; an event that comes meanwhile is not lost."""
    async with opener(TWO_MAILS) as shop:
        await shop.join("anna@example.com", "news")
        order(Pause(all=True))
        await shop.happens("order_placed", "anna@example.com")
        assert "sent thanks" not in await shop.story("receipt")
        order(Resume())
        await shop.settle()
        assert "sent thanks" in await shop.story("receipt")


async def test_a_halt_stops_the_mails_that_ask_for_a_confirmation(opener: Opener, order: Order_) -> None:
    """Nothing is claimed once it was seen; when it is over, they go."""
    async with opener(TWO_MAILS) as shop:
        order(Halt())
        await shop.settle()
        before = len(shop.mails())
        await shop.join("anna@example.com", "news")
        await shop.happens("order_placed", "anna@example.com")
        await shop.system.proofs.fetch()
        await shop.settle()
        assert len(shop.mails()) == before
        order(Resume())
        await shop.settle()
        assert "sent first" in await shop.story("hello")
        assert "sent thanks" in await shop.story("receipt")


@pytest.mark.parametrize(
    ("mailed", "berta"), [("go on", ["sent second", "finished"]), ("end", ["left cancelled"])]
)
async def test_a_campaign_is_cancelled_for_whoever_was_not_mailed(
    opener: Opener, order: Order_, mailed: str, berta: list[str]
) -> None:
    """Their mail is called back; those who were mailed go on, or end, as was chosen."""
    async with opener(TWO_MAILS) as shop:
        mailed_one = await shop.join("berta@example.com", "news")
        order(Pause("hello"))
        waiting = await shop.join("anna@example.com", "news")
        order(Cancel("hello", "end" if mailed == "end" else "go on"))
        order(Resume("hello"))
        await shop.until(MONDAY + 2 * DAY)
        journal = await shop.system.store.journal()
        stories = {
            contact: [
                f"{line.what} {line.step or line.reason}".strip()
                for line in journal
                if line.contact == contact
            ]
            for contact in (mailed_one, waiting)
        }
        assert "left cancelled" in stories[waiting]
        assert "sent first" not in stories[waiting]
        assert stories[mailed_one][-len(berta) :] == berta


async def test_people_who_were_cancelled_are_so_once(opener: Opener, order: Order_) -> None:
    """Whoever enters behind the order is none of its business, nor in a later life."""
    async with opener(TWO_MAILS) as shop:
        order(Cancel("hello", "end"))
        await shop.settle()
        await shop.join("anna@example.com", "news")
    async with opener(TWO_MAILS, MONDAY + 1) as shop:
        await shop.settle()
        assert "left cancelled" not in await shop.story("hello")
        assert "sent first" in await shop.story("hello")


CAMPAIGN = """
segment everybody "Everybody"
    tagged "known" or not tagged "known"
flow sale "Sale"
    topic news
    start at 2026-03-02 10:00 for segment everybody

    send offer
"""


async def test_nobody_enters_a_cancelled_campaign_on_a_clock_further_west(
    opener: Opener, order: Order_
) -> None:
    """In Riga it has come, in Lisbon it has not: there it does not come any more."""
    async with opener(CAMPAIGN) as shop:
        lisbon = await shop.join("ines@example.com", "news")
        await shop.system.store.accept([_learned(lisbon, "Europe/Lisbon")])
        await shop.settle()
        await shop.until(MONDAY + HOUR + 1)
        order(Cancel("sale", through="2026-03-02"), MONDAY + HOUR + 1)
        await shop.until(MONDAY + 8 * HOUR)
        assert await shop.story("sale") == ["not_entered cancelled"]


def _learned(contact: str, zone: str) -> Received:
    return Received("", "", MONDAY, MONDAY, contact, "", {"time_zone": zone})


async def test_a_throttled_flow_sends_evenly(opener: Opener, order: Order_) -> None:
    """So many an hour and no burst, also behind a new start; then as fast as it can."""
    async with opener(TWO_MAILS) as shop:
        order(Throttle("hello", 2))
        for name in ("anna", "berta", "carla", "dora", "emma"):
            await shop.join(f"{name}@example.com", "news")
        sent = []
        for half_hours in range(4):
            await _let_pass(shop, MONDAY + half_hours * HOUR // 2)
            sent.append((await shop.story("hello")).count("sent first"))
        assert sent == [1, 2, 3, 4]
        order(Throttle("hello", 0))
        await shop.settle()
        assert (await shop.story("hello")).count("sent first") == 5


async def _let_pass(shop: Shop, moment: int) -> None:
    shop.clock.set(moment)
    await shop.settle()


async def test_a_mail_that_waits_for_its_turn_is_not_late(opener: Opener, order: Order_) -> None:
    """However long a slow pace takes."""
    async with opener(TWO_MAILS) as shop:
        order(Throttle("hello", 0.05))
        await shop.join("anna@example.com", "news")
        await shop.join("berta@example.com", "news")
        await _let_pass(shop, MONDAY + 20 * HOUR)
        assert (await shop.story("hello")).count("sent first") == 2
        assert "skipped first too_late" not in await shop.story("hello")


@pytest.mark.parametrize(("late", "came"), [(None, "skipped first too_late"), ("pace", "sent first")])
async def test_mails_that_a_pause_made_late_are_skipped_or_go(
    opener: Opener, order: Order_, late: str | None, came: str
) -> None:
    """By the settings they are skipped, and the journey goes on; whoever ends the pause may say otherwise."""
    async with opener(TWO_MAILS) as shop:
        order(Pause("hello"))
        await shop.join("anna@example.com", "news")
        shop.clock.set(MONDAY + 13 * HOUR)
        order(Resume("hello", "pace" if late else None), MONDAY + 13 * HOUR)
        await shop.settle()
        assert came in await shop.story("hello")
        await shop.until(MONDAY + 3 * DAY)
        assert (await shop.story("hello"))[-1] == "finished"


async def test_after_an_outage_timers_that_are_late_mail_nobody_and_service_mails_go(opener: Opener) -> None:
    """Three days down: the second mail is two days late and skipped with its reason, the journey goes on;
    what serves people goes all the same."""
    async with opener(TWO_MAILS) as shop:
        await shop.join("anna@example.com", "news")
    async with opener(TWO_MAILS, MONDAY + 3 * DAY) as shop:
        await shop.happens("order_placed", "anna@example.com")
        assert sorted((await shop.story("hello"))[-2:]) == ["finished", "skipped second too_late"]
        assert "sent thanks" in await shop.story("receipt")


async def test_after_an_outage_late_mails_may_go_at_a_pace(opener: Opener) -> None:
    """None is lost, and no more go in an hour than the setting says, in whatever life."""
    pace = Delivery(late="pace", late_per_hour=2)
    async with opener(TWO_MAILS) as shop:
        for name in ("anna", "berta", "carla", "dora"):
            await shop.join(f"{name}@example.com", "news")
    back = MONDAY + 3 * DAY
    async with opener(TWO_MAILS, back, delivery=pace) as shop:
        await shop.settle()
        await _let_pass(shop, back + HOUR // 2)
        assert (await shop.story("hello")).count("sent second") == 2
    async with opener(TWO_MAILS, back + HOUR, delivery=pace) as shop:
        await shop.settle()
        assert (await shop.story("hello")).count("sent second") == 3
        await _let_pass(shop, back + 2 * HOUR)
        assert (await shop.story("hello")).count("sent second") == 4
