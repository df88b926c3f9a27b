"""Another address for the same person: both mailboxes are asked, one button decides, and no stop is lost."""

import pytest
from sqlalchemy import select

from consent.contract import About, LinkRefused, MailClass, Reason, Visit
from consent.store.tables import leaves

pytestmark = pytest.mark.anyio
OLD, NEW = "anna@kafija.example", "anna.new@kafija.example"
DAY = 86_400_000


async def ask(world, subject, email=NEW):
    """Ask for another address on the page behind a link that was just mailed."""
    await world.client.ask_to_move(world.preferences_token(subject), email, Visit("192.0.2.9"))


async def letters(world):
    """Send the proof mails that wait: by what they are about, recipient and links."""
    proofs = await world.client.proofs()
    about = {proof.ask.key: proof.about for proof in proofs}
    asks = [proof.ask for proof in proofs]
    decided = {one.key: one.links for one in await world.client.decide(asks)}
    claimed = await world.client.claim("proofs", asks, [])
    await world.client.settle("proofs", [world.settled(permit) for permit in claimed.permits])
    return {about[permit.key]: (permit.recipient, decided[permit.key]) for permit in claimed.permits}


async def move(world, subject, email=NEW):
    """Ask, get both mails, press the button in the new mailbox; the receipt."""
    await ask(world, subject, email)
    sent = await letters(world)
    return await world.client.confirm(world.token(sent[About.NEW_ADDRESS][1].confirm), Visit("192.0.2.9"))


async def test_nothing_changes_before_the_button_was_pressed(world):
    """Two mails go: one asks the new address, one tells the old one, which has nothing to confirm."""
    anna = await world.join(OLD)
    world.clock.pass_(DAY)
    await ask(world, anna)
    sent = await letters(world)
    assert {about: to for about, (to, _) in sent.items()} == {About.NEW_ADDRESS: NEW, About.OLD_ADDRESS: OLD}
    assert sent[About.OLD_ADDRESS][1].confirm == ""
    [permit] = (await world.send(world.ask(anna))).permits
    assert permit.recipient == OLD


async def test_the_button_changes_the_address_and_active_topics_go_on(world):
    """By the leaf `address.changed`; the person is the same, and so is their id."""
    anna = await world.join(OLD)
    world.clock.pass_(DAY)
    receipt = await move(world, anna)
    assert (receipt.subject, receipt.type, receipt.topics) == (anna, "address.changed", ("newsletter",))
    assert world.types()[-2:] == ["merged", "address.changed"]
    [permit] = (await world.send(world.ask(anna))).permits
    assert permit.recipient == NEW
    assert await world.subject(OLD) == await world.subject(NEW) == anna
