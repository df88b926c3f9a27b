"""Every receipt that a person can get names a leaf that is there: an honest log is accused by none."""

import msgspec
import pytest
from sqlalchemy import select, update
from tampered import Export

from consent.contract import Basis, Purpose, Sale, Visit
from consent.ledger.policy import publish
from consent.proof.checkpoint import read_checkpoint, read_note
from consent.proof.tree import leaf_hash, merkle_root
from consent.store.tables import evidence, leaves
from consent.subscriber.history import history_of

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"


async def confirmed(world):
    """A first confirmation."""
    await world.sign_up(ANNA)
    [(confirm, _)] = await world.mail_proofs()
    return await world.client.confirm(confirm, Visit())


async def confirmed_again(world):
    """By a second link to what the first one has confirmed already."""
    await world.sign_up(ANNA)
    [(first, _)] = await world.mail_proofs()
    world.clock.pass_(36 * 3_600_000)
    await world.sign_up(ANNA, "newsletter", "offers")
    [(second, _)] = await world.mail_proofs()
    await world.client.confirm(second, Visit())
    return await world.client.confirm(first, Visit())


async def renewed(world):
    """Of words that were changed since."""
    await confirmed(world)
    first, *others = world.policy.purposes
    other = msgspec.structs.replace(first, wording={"en": "I want news, and offers too."})
    changed = msgspec.structs.replace(world.policy, purposes=(other, *others))
    world.service.write(lambda tx: publish(tx, changed))
    world.clock.pass_(2 * 86_400_000)
    await world.sign_up(ANNA)
    [(confirm, _)] = await world.mail_proofs()
    return await world.client.confirm(confirm, Visit())


async def withdrawn(world):
    """One topic, by one click."""
    anna = await world.join(ANNA, "newsletter", "offers")
    return await world.client.withdraw(world.unsubscribe_token(anna), "one_click", False, Visit())


async def withdrawn_twice(world):
    """The second press, while others came and went."""
    anna = await world.join(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    await world.join("bob@kafija.example")
    return await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())


async def all_withdrawn(world):
    """All topics."""
    anna = await world.join(ANNA, "newsletter", "offers")
    return await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())


async def all_of_nothing(world):
    """Everything, of somebody who has no topic: what others could bring them to."""
    await world.join("bob@kafija.example")
    [anna] = await world.client.subjects([ANNA])
    return await world.client.withdraw(world.unsubscribe_token(anna, ""), "page", True, Visit())


async def objected(world):
    """A customer, who had never agreed."""
    similar = Purpose("similar", Basis.SOFT_OPT_IN, {"en": "Similar"}, {}, "Kafija SIA", similar="coffee")
    policy = msgspec.structs.replace(world.policy, purposes=(*world.policy.purposes, similar))
    world.service.write(lambda tx: publish(tx, policy))
    anna = await world.subject(ANNA)
    sale = Sale(anna, "similar", "order-1", world.clock.now, "coffee", "A box under the till.")
    await world.client.bought([sale])
    return await world.client.withdraw(world.unsubscribe_token(anna, "similar"), "page", False, Visit())


async def chosen(world, *topics, language="en", pause=None):
    """What somebody with one topic chooses on the page for preferences, after somebody else was there."""
    anna = await world.join(ANNA)
    await world.join("bob@kafija.example")
    token = world.preferences_token(anna)
    return await world.client.choose(token, topics, language, Visit(), pause=pause)


async def broke(world):
    """A break."""
    return await chosen(world, "newsletter", pause=30)


async def spoke(world):
    """Another language."""
    return await chosen(world, "newsletter", language="lv")


async def added(world):
    """A further topic, which waits for its link."""
    return await chosen(world, "newsletter", "offers")


async def dropped(world):
    """No topic, and another language at once: the stop is what the receipt is about."""
    return await chosen(world, language="lv")


async def left_alone(world):
    """Nothing that was not so before."""
    return await chosen(world, "newsletter")


async def slowed(world):
    """At most one mail a month."""
    anna = await world.join(ANNA)
    return await world.client.slow_down(world.unsubscribe_token(anna), Visit())


async def slowed_twice(world):
    """The second press."""
    await slowed(world)
    return await world.client.slow_down(world.unsubscribe_token(await world.subject(ANNA)), Visit())


PATHS = {
    confirmed: "confirmed",
    confirmed_again: "confirmed",
    renewed: "renewed",
    withdrawn: "withdrawn",
    withdrawn_twice: "withdrawn",
    all_withdrawn: "withdrawn",
    all_of_nothing: "withdrawn",
    objected: "objected",
    broke: "paused",
    spoke: "language.changed",
    added: "topic.changed",
    dropped: "withdrawn",
    left_alone: "",
    slowed: "frequency.changed",
    slowed_twice: "",
}


@pytest.mark.parametrize(("path", "kind"), PATHS.items(), ids=lambda each: getattr(each, "__name__", ""))
async def test_the_receipt_of_every_path_holds_against_the_log(world, path, kind):
    """By the store, and by both verifiers: its leaf is of its person and type, and covered by its
    checkpoint. Where a press has changed nothing there is no leaf, and it says so."""
    receipt = await path(world)
    assert (receipt.type, receipt.leaf == -1) == (kind, not kind)
    if kind:
        query = select(leaves.c.type, leaves.c.subject, leaves.c.at).where(leaves.c.seq == receipt.leaf)
        told = world.service.read(lambda reading: tuple(reading.conn.execute(query).one()))
        assert told == (receipt.type, receipt.subject, receipt.at)
    assert Export(world).failure(older=msgspec.json.encode(receipt)) is None


@pytest.mark.parametrize(("path", "topics"), {broke: (), spoke: (), left_alone: (), slowed: ()}.items())
async def test_the_receipt_of_what_is_about_no_topic_names_none(world, path, topics):
    """Whoever takes a break agrees to nothing by it."""
    assert (await path(world)).topics == topics


async def test_the_receipt_of_a_topic_names_those_that_were_added_or_left_alone(world):
    """Not what goes on as before."""
    assert (await added(world)).topics == ("offers",)
    other = await world.client.choose(
        world.preferences_token(await world.subject(ANNA)), ("offers",), "en", Visit()
    )
    assert (other.type, other.topics) == ("withdrawn", ("newsletter",))


async def both(world):
    """Two topics by one button, one of them agreed to before."""
    await confirmed(world)
    world.clock.pass_(36 * 3_600_000)
    await world.sign_up(ANNA, "offers")
    [(link, _)] = await world.mail_proofs()
    return await world.client.confirm(link, Visit())


@pytest.mark.parametrize("path", [confirmed, renewed, both])
async def test_a_receipt_is_given_again_from_leaf_and_evidence(world, path):
    """Years later, to the word; but for the checkpoint, which is any that covers the leaf. The one that the
    person holds is one of this log: its root follows from the leaves up to there."""
    given = await path(world)
    await world.join("bob@kafija.example")
    world.clock.pass_(3_600_000)
    history = world.service.read(lambda reading: history_of(reading, given.subject))
    again = history.receipts[-1]
    assert msgspec.structs.replace(again, checkpoint=given.checkpoint) == given
    assert len(history.receipts) == (1 if path is confirmed else 2)
    assert Export(world).failure(older=msgspec.json.encode(again)) is None
    held = read_checkpoint(read_note(given.checkpoint).text)
    query = select(leaves.c.body).where(leaves.c.seq < held.size).order_by(leaves.c.seq)
    bodies = world.service.read(lambda reading: reading.conn.scalars(query).all())
    assert held.size > given.leaf
    assert merkle_root([leaf_hash(bytes(body)) for body in bodies]) == held.root


async def test_no_receipt_is_given_for_evidence_that_does_not_hold(world):
    """Nor for what is kept no longer."""
    receipt = await confirmed(world)
    world.service.write(lambda tx: tx.conn.execute(update(evidence).values(sealed=b"")))
    assert world.service.read(lambda reading: history_of(reading, receipt.subject)).receipts == ()
