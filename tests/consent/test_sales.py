"""Sales that shops tell of: each counts once, however often it is told, and a no counts from the first."""

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from consent.contract import Basis, Purpose, Reason, Sale, Visit
from consent.store.tables import reports
from consent.subscriber.history import history_of

pytestmark = pytest.mark.anyio
ANNA, BERT = "anna@kafija.example", "bert@kafija.example"
YEAR = 366 * 86_400_000


async def reason(world, subject, topic="similar"):
    """Why a mail would be denied now."""
    [decision] = await world.client.decide([world.ask(subject, topic)])
    return decision.reason


@pytest.fixture
async def sale(world):
    """A customer's order of coffee; the topic `similar` rests on such."""
    similar = Purpose("similar", Basis.SOFT_OPT_IN, {"en": "s"}, {}, "Kafija SIA", similar="coffee")
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, similar)))
    anna = await world.subject(ANNA)
    return Sale(anna, "similar", "order-1", world.clock.now, "coffee", "checkout-7", "order_placed")


async def test_a_sale_told_again_is_recorded_once(world, sale):
    """In one call or in two, as after a crash between the call and what the caller makes of it."""
    assert await world.client.bought([sale, sale]) == [True, True]
    assert await world.client.bought([sale]) == [True]
    assert world.types().count("soft_opt_in.recorded") == 1
    assert await world.client.bought([replace(sale, sale="order-2")]) == [True]
    assert world.types().count("soft_opt_in.recorded") == 2
    assert await world.client.bought([sale]) == [True]  # older than the newest, and known all the same
    assert world.types().count("soft_opt_in.recorded") == 2


async def test_the_same_order_of_two_people_counts_for_both(world, sale):
    """A shop may begin its numbers anew, or correct an address."""
    bert = await world.subject(BERT)
    assert await world.client.bought([sale, replace(sale, subject=bert)]) == [True, True]


async def test_an_old_sale_brings_nobody_back_who_went_silent(world, sale):
    """A new one does: it is a sign of life, and a sale of its own."""
    assert await world.client.bought([sale]) == [True]
    world.clock.pass_(3 * YEAR)
    await world.client.keep_times()
    assert await reason(world, sale.subject) is Reason.STALE
    assert await world.client.bought([sale]) == [False]
    assert await reason(world, sale.subject) is Reason.STALE
    assert await world.client.bought([replace(sale, sale="order-2", at=world.clock.now)]) == [True]
    assert await reason(world, sale.subject) is None


async def test_who_objects_stays_away_whatever_they_buy(world, sale):
    """The same sale, told again, and any other one."""
    assert await world.client.bought([sale]) == [True]
    token = world.unsubscribe_token(sale.subject, "similar")
    await world.client.withdraw(token, "one_click", False, Visit())
    assert await world.client.bought([sale, replace(sale, sale="order-2")]) == [False, False]
    assert await reason(world, sale.subject) is Reason.OBJECTED


async def test_a_no_at_the_checkout_is_an_objection(world, sale):
    """Kept with its facts; no later sale, in which nothing was said, changes it."""
    no = replace(sale, objected=True)
    assert await world.client.bought([no, no]) == [False, False]
    assert world.types().count("objected") == 1
    assert await world.client.bought([replace(sale, sale="order-2")]) == [False]
    assert await reason(world, sale.subject) is Reason.OBJECTED
    told = world.service.read(lambda reading: history_of(reading, sale.subject))
    [objected] = [one for one in told.events if one.type == "objected"]
    assert (objected.evidence["sale"], objected.evidence["objected"]) == ("order-1", True)
    assert objected.holds is True


async def test_a_customer_who_says_no_later_is_heard(world, sale):
    """Nothing else need be known of such a sale: a no wants no facts."""
    assert await world.client.bought([sale]) == [True]
    no = replace(sale, sale="", category="", offered="", objected=True)
    assert await world.client.bought([no]) == [False]
    assert await reason(world, sale.subject) is Reason.OBJECTED


async def test_a_sale_that_is_corrected_by_a_no_is_an_objection(world, sale):
    """The shop told of the order before, without it; told once more, the no counts once."""
    no = replace(sale, objected=True)
    assert await world.client.bought([sale]) == [True]
    assert await world.client.bought([no, no]) == [False, False]
    assert await world.client.bought([sale]) == [False]
    assert world.types().count("objected") == 1
    assert await reason(world, sale.subject) is Reason.OBJECTED


async def test_a_no_that_is_told_again_does_not_undo_what_was_agreed_to_since(world, sale):
    """But another no does, though neither says of which sale it is."""
    newsletter = replace(sale, topic="newsletter", sale="", objected=True)
    await world.client.publish(_on_sales(world.policy))
    assert await world.client.bought([newsletter]) == [False]
    await world.client.publish(world.policy)
    await world.join(ANNA)
    await world.client.publish(_on_sales(world.policy))
    await world.client.bought([newsletter])
    assert world.types().count("objected") == 1
    await world.client.bought([replace(newsletter, at=newsletter.at + 1)])
    assert world.types().count("objected") == 2
    assert await reason(world, sale.subject, "newsletter") is Reason.OBJECTED


def _on_sales(policy):
    """The policy, with all its topics resting on sales that rested on consent."""
    return replace(
        policy,
        purposes=tuple(
            replace(one, basis=Basis.SOFT_OPT_IN, similar="coffee") if one.basis is Basis.CONSENT else one
            for one in policy.purposes
        ),
    )


async def test_a_stop_of_the_whole_address_outweighs_a_sale(world, sale):
    """Objecting to all marketing, and a restriction until it is lifted."""
    await world.client.record(sale.subject, "restricted", "operator")
    assert await world.client.bought([sale]) == [False]
    await world.client.record(sale.subject, "restriction.lifted", "operator")
    assert await world.client.bought([sale]) == [True]
    await world.client.record(sale.subject, "objected.marketing", "operator")
    assert await world.client.bought([replace(sale, sale="order-2")]) == [False]
    assert await reason(world, sale.subject) is Reason.OBJECTED


@pytest.mark.parametrize("customer", [True, False])
async def test_whoever_objected_to_all_of_it_gets_nothing_by_a_sale_though_they_came_back(
    world, sale, customer
):
    """They confirmed one topic since, and that one alone; they had been customers before, or not."""
    if customer:
        assert await world.client.bought([sale]) == [True]
    await world.client.record(sale.subject, "objected.marketing", "operator")
    await world.join(ANNA)
    assert await reason(world, sale.subject, "newsletter") is None
    assert await world.client.bought([replace(sale, sale="order-2")]) == [False]
    assert await reason(world, sale.subject) is (Reason.OBJECTED if customer else Reason.NEVER_ASKED)


async def test_whoever_was_erased_and_buys_again_stays_unmailed(world, sale):
    """Not even when they confirm another topic: a sale is no word of theirs."""
    await world.client.erase(sale.subject, "operator")
    again = await world.subject(ANNA)
    assert again != sale.subject
    assert await world.client.bought([replace(sale, subject=again)]) == [False]
    await world.join(ANNA)
    assert await reason(world, again, "newsletter") is None
    assert await reason(world, again) is Reason.NEVER_ASKED
    assert await world.client.bought([replace(sale, subject=again, sale="order-2")]) == [True]


async def test_a_mailbox_that_works_again_is_that_of_a_customer(world, sale):
    """A bounce is no word of theirs, and a confirmation ends it."""
    await world.join(ANNA)
    ask = world.ask(sale.subject)
    await world.send(ask)
    await world.client.bounced(ask.key, "hard")
    assert await world.client.bought([sale]) == [False]
    world.clock.pass_(YEAR // 12)
    await world.join(ANNA)
    assert await world.client.bought([sale]) == [True]


async def test_what_is_kept_of_a_sale_to_know_it_again_shows_no_order(world, sale):
    """And goes with the person."""

    def keys():
        return world.service.read(lambda reading: reading.conn.scalars(select(reports.c.key)).all())

    await world.client.bought([sale])
    [key] = keys()
    assert sale.sale not in key
    await world.client.erase(sale.subject, "operator")
    assert keys() == []


async def test_a_sale_of_nobody_is_none(world, sale):
    """An id that nobody has."""
    assert await world.client.bought([replace(sale, subject="0" * 32)]) == [False]


async def test_a_sale_under_an_id_that_became_part_of_another_is_theirs(world, sale):
    """The shop knows them by the address that they have left, or the engine by the id of before."""
    bert = await world.join(BERT)
    world.clock.pass_(YEAR // 12)
    await world.client.ask_to_move(world.preferences_token(bert), ANNA, Visit())
    asks = [proof.ask for proof in await world.client.proofs()]
    decided = await world.client.decide(asks)
    claimed = await world.client.claim("proofs", asks, [])
    await world.client.settle("proofs", [world.settled(permit) for permit in claimed.permits])
    [link] = [one.links.confirm for one in decided if one.links.confirm]
    assert (await world.client.confirm(world.token(link), Visit())).subject == bert
    assert await world.client.bought([sale]) == [True]
    assert await reason(world, bert) is None


async def test_who_objected_under_another_address_is_brought_back_by_no_sale(world, sale):
    """The shop finds out later that both are one person: what a sale brought ends, and what they themselves
    have confirmed since goes on."""
    anna, bert = sale.subject, await world.join(BERT)
    await world.client.record(bert, "objected.marketing", "operator")
    world.clock.pass_(YEAR // 12)
    await world.join(ANNA)
    assert await world.client.bought([replace(sale, at=world.clock.now)]) == [True]
    assert await reason(world, anna) is None
    await world.client.merge(anna, bert, "shop")
    assert await reason(world, anna) is Reason.OBJECTED
    assert await reason(world, anna, "newsletter") is None
    assert await world.client.bought([replace(sale, sale="order-2", at=world.clock.now)]) == [False]
