"""Somebody asks for another address, and the mails that go because of it."""

from consent.contract import Visit

OLD, NEW = "anna@kafija.example", "anna.new@kafija.example"


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
