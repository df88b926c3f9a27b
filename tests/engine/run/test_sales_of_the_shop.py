"""Orders bring customers to the topics that rest on sales, before anything else comes of them."""

from typing import Any

import pytest
from handed_in import Event
from msgspec.structs import replace
from storefront import Opener, Shop

from consent.client import InProcess
from consent.contract import ConsentClient, Unavailable, Visit
from consent.subscriber.history import history_of

pytestmark = pytest.mark.anyio
ANNA, BERT = "anna@example.com", "bert@example.com"
SOLD = """
similar = { beans = "coffee", pots = "kettles" }

[sales.order_placed]
order = "order_id"
goods = "items.category"
offered = "objection_offered"
notice = "objection_notice"
objected = "objected"
"""
TEXT = """
event order_placed
    objection_offered  flag
    objection_notice   text
    objected           flag
topic beans "Coffees"
    for marketing
    consent "Coffees like those that you bought."
topic pots "Pots"
    for marketing
    consent "Pots like those that you bought."
flow more "More"
    topic beans
    start on order_placed
    one journey per trigger.order_id

    if agreed to beans
        send hello
    else
        finish as stranger
"""
COFFEE = {"items": [{"sku": "k1", "category": " Coffee "}, {"sku": "k2", "category": "cups"}]}
ASKED = {"objection_offered": True, "objection_notice": "checkout-7"}


def order(number: str, **data: object) -> dict[str, Any]:
    """An order of coffee, at which the customer could object, but for what is said otherwise."""
    return {"order_id": number, **COFFEE, **ASKED, **data}


async def buys(shop: Shop, email: str, number: str, **data: object) -> None:
    """Somebody places an order; and all that follows from it at once."""
    said = {name: value for name, value in order(number, **data).items() if value is not None}
    event = Event(number, "order_placed", email, shop.clock(), said)
    assert await shop.system.inbox.accept_events([event]) == [None]
    await shop.settle()


async def types(shop: Shop, email: str = ANNA) -> list[str]:
    """The types of all leaves about somebody."""
    (subject,) = await shop.system.consent.subjects([email])
    told = shop.system.service.read(lambda reading: history_of(reading, subject or ""))
    return [one.type for one in told.events] if told is not None else []


async def test_what_an_order_starts_may_send_at_once(opener: Opener) -> None:
    """The flow knows that they agree, and the mail goes: with the very first order of a stranger."""
    async with opener(TEXT, sales=SOLD) as shop:
        before = len(shop.mails())
        await buys(shop, ANNA, "K1")
        assert await shop.story("more") == ["entered", "decided if_1 yes", "sent hello", "finished"]
        (mail,) = shop.mails()[before:]
        assert mail.recipients == (ANNA,)
        assert await types(shop) == ["soft_opt_in.recorded"]


async def test_the_facts_are_kept_as_the_shop_told_them(opener: Opener) -> None:
    """The order's id, its moment, the goods, the words by which they could object, and who told of it."""
    async with opener(TEXT, sales=SOLD) as shop:
        await buys(shop, ANNA, "K1")
        (subject,) = await shop.system.consent.subjects([ANNA])
        told = shop.system.service.read(lambda reading: history_of(reading, str(subject)))
        assert told is not None
        (leaf,) = told.events
        assert leaf.actor == "shop:order_placed"
        assert leaf.evidence is not None
        facts = {name: leaf.evidence[name] for name in ("sale", "sold_at", "category", "objection")}
        assert facts == {
            "sale": "K1",
            "sold_at": shop.clock(),
            "category": "coffee",
            "objection": "checkout-7",
        }


@pytest.mark.parametrize(
    "said",
    [
        {"objection_offered": False},
        {"objection_offered": None},
        {"objection_notice": None},
        {"objection_notice": " "},
        {"order_id": None},
        {"items": []},
        {"items": None},
        {"items": [{"sku": "k9", "category": "cups"}]},
        {"items": [{"sku": "k9", "category": None}]},
    ],
)
async def test_what_an_order_does_not_say_is_not_assumed(opener: Opener, said: dict[str, object]) -> None:
    """Without one of the facts nothing is recorded."""
    async with opener(TEXT, sales=SOLD) as shop:
        await buys(shop, ANNA, "K1", **said)
        assert await types(shop) == []


async def test_each_topic_gets_those_who_bought_its_goods(opener: Opener) -> None:
    """One order may bring somebody to several."""
    async with opener(TEXT, sales=SOLD) as shop:
        both = [{"sku": "k1", "category": "coffee"}, {"sku": "k2", "category": "kettles"}]
        await buys(shop, ANNA, "K1", items=both)
        await buys(shop, BERT, "K2", items=both[1:])
        changes = await shop.system.consent.changes(0)
        assert [change.topic for change in changes] == ["beans", "pots", "pots"]


async def test_whoever_said_no_at_the_checkout_has_objected(opener: Opener) -> None:
    """To all topics that rest on sales, whatever they bought; and the next order changes nothing."""
    async with opener(TEXT, sales=SOLD) as shop:
        before = len(shop.mails())
        await buys(shop, ANNA, "K1", objected=True)
        await buys(shop, ANNA, "K2")
        assert await types(shop) == ["objected", "objected"]
        assert shop.mails()[before:] == []
        assert await shop.story("more") == ["not_entered not_subscribed"] * 2


async def test_an_order_for_a_topic_that_is_gone_takes_no_objection_with_it(opener: Opener) -> None:
    """Another project has published what this one does not know of: what still holds of the others counts."""
    async with opener(TEXT, sales=SOLD) as shop:
        policy = shop.system.service.read(lambda reading: reading.rules.policy)
        beans = tuple(one for one in policy.purposes if one.topic != "pots")
        await shop.system.consent.publish(replace(policy, purposes=beans))
        both = [{"sku": "k1", "category": "coffee"}, {"sku": "k2", "category": "kettles"}]
        events = [
            Event("K1", "order_placed", ANNA, shop.clock(), order("K1", items=both)),
            Event("K2", "order_placed", BERT, shop.clock(), order("K2", objected=True)),
        ]
        assert await shop.system.inbox.accept_events(events) == [None, None]
        await shop.settle()
        assert await types(shop) == ["soft_opt_in.recorded"]
        assert await types(shop, BERT) == ["objected"]


async def test_whoever_left_is_not_brought_back_by_an_order(opener: Opener) -> None:
    """They bought, and unsubscribed; they buy again."""
    async with opener(TEXT, sales=SOLD) as shop:
        await buys(shop, ANNA, "K1")
        (subject,) = await shop.system.consent.subjects([ANNA])
        link = shop.system.service.parts.tokens.unsubscribe(str(subject), "beans")
        await shop.system.consent.withdraw(link.rpartition("/")[2], "one_click", False, Visit())
        before = len(shop.mails())
        await buys(shop, ANNA, "K2")
        assert shop.mails()[before:] == []
        assert await types(shop) == ["soft_opt_in.recorded", "objected"]


async def test_an_order_waits_for_the_consent_service_and_counts_once(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Away before it is told, or after it has written and before it answers: the log has the order once."""
    real = InProcess.bought
    answers: list[str] = ["away", "written"]

    async def fails(client: InProcess, sales: Any) -> list[bool]:
        how = answers.pop(0) if answers else ""
        if how == "away":
            raise Unavailable("the line is dead")
        told = await real(client, sales)
        if how == "written":
            raise Unavailable("the line died")
        return told

    monkeypatch.setattr(InProcess, "bought", fails)
    async with opener(TEXT, sales=SOLD) as shop:
        with pytest.raises(Unavailable):
            await buys(shop, ANNA, "K1")
        assert await types(shop) == []
        with pytest.raises(Unavailable):
            await shop.settle()
        assert await types(shop) == ["soft_opt_in.recorded"]
        await shop.settle()
        assert await types(shop) == ["soft_opt_in.recorded"]
        assert (await shop.story("more"))[-2:] == ["sent hello", "finished"]


async def test_a_crash_between_the_call_and_the_commit_doubles_nothing(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next life works on the order again."""
    async with opener(TEXT, sales=SOLD) as shop:
        store = shop.system.store

        async def dies(batch: object) -> None:
            raise RuntimeError("the power is off")

        with monkeypatch.context() as patched:
            patched.setattr(type(store), "commit", lambda self, batch: dies(batch))
            with pytest.raises(RuntimeError):
                await buys(shop, ANNA, "K1")
        assert await types(shop) == ["soft_opt_in.recorded"]
        assert await shop.story("more") == []
    async with opener(TEXT, sales=SOLD) as shop:
        await shop.settle()
        assert await types(shop) == ["soft_opt_in.recorded"]
        assert (await shop.story("more"))[-2:] == ["sent hello", "finished"]


async def test_what_a_flow_emits_is_no_sale(opener: Opener) -> None:
    """Only the shop knows what was sold; it may send an event of the project's own."""
    emits = """
event club_order
    order_id          text
    category          text
    could_object      flag
    words             text
topic beans "Coffees"
    for marketing
    consent "Coffees like those that you bought."
flow again "Again"
    start on cart_updated
    enter every time

    emit club_order with order_id "K9", category "coffee", could_object yes, words "checkout-7"
"""
    sold = (
        'similar = { beans = "coffee" }\n[sales.club_order]\norder = "order_id"\ngoods = "category"\n'
        'offered = "could_object"\nnotice = "words"\n'
    )
    async with opener(emits, sales=sold) as shop:
        await shop.happens("cart_updated", ANNA, cart_id="1")
        assert await shop.story("again") == ["entered", "emitted emit_1 club_order", "finished"]
        assert await types(shop) == []
        told = {"order_id": "K9", "category": "Coffee", "could_object": True, "words": "checkout-7"}
        await shop.happens("club_order", ANNA, **told)
        assert await types(shop) == ["soft_opt_in.recorded"]


async def test_many_orders_are_told_of_in_parts(opener: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    """No call holds the consent service up for long."""
    sizes: list[int] = []
    real: Any = InProcess.bought

    async def counts(client: ConsentClient, sales: Any) -> list[bool]:
        sizes.append(len(sales))
        return list(await real(client, sales))

    monkeypatch.setattr(InProcess, "bought", counts)
    async with opener(TEXT, sales=SOLD) as shop:
        now = shop.clock()
        events = [
            Event(f"o-{number}", "order_placed", f"guest{number}@example.com", now, order(f"K{number}"))
            for number in range(450)
        ]
        assert set(await shop.system.inbox.accept_events(events)) == {None}
        await shop.settle()
        assert sizes == [200, 200, 50]
        assert len(await shop.system.consent.changes(0)) == 450
