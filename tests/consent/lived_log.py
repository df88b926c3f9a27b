"""A log in which nearly everything has happened: what can be changed in it stands for all exports."""

import msgspec
from asked_to_move import letters
from moved_in import SAID, bring, order, row, take_all_back

from consent.contract import Basis, MailClass, Outcome, Purpose, Sale, Visit
from consent.contract.imports import Stood
from consent.ledger.policy import publish
from consent.subscriber.hold import lift, place

DAY = 86_400_000


async def live(world):
    """People join, get mails, leave by all ways, come back, are brought, merged, moved, held, erased."""
    similar = Purpose("similar", Basis.SOFT_OPT_IN, {"en": "Similar"}, {}, "Kafija SIA", similar="coffee")
    beside = Purpose(
        "personalisation", Basis.CONSENT, {"en": "For you"}, {"en": "You may look."}, "Kafija SIA"
    )
    world.policy = msgspec.structs.replace(world.policy, purposes=(*world.policy.purposes, similar, beside))
    world.service.write(lambda tx: publish(tx, world.policy))
    client = world.client
    anna = await world.join("anna@kafija.example", "newsletter", "offers", "personalisation")
    bob = await world.join("bob@kafija.example")
    claimed = await world.send(world.ask(anna), world.ask(bob))
    [_, to_bob] = claimed.permits
    await client.withdraw(world.unsubscribe_token(anna), "one_click", False, Visit())
    order_mail = world.ask(bob, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="o-1")
    await world.send(world.ask(anna), world.ask(anna, "offers"), order_mail, world.ask("e" * 32))
    world.clock.pass_(DAY)
    await world.sign_up("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    await client.confirm(confirm, Visit())
    await world.send(world.ask(anna), outcome=Outcome.DEFERRED)
    await client.bought([Sale(bob, "similar", "order-1", world.clock.now, "coffee", "A box.")])
    await world.send(world.ask(bob, "similar"))
    await client.complained(to_bob.key)
    cora = await world.join("cora@kafija.example")
    await client.record(cora, "restricted", "operator:letter")
    await client.record(cora, "restriction.lifted", "operator:letter")
    stated = msgspec.structs.replace(SAID, topics=("newsletter",))
    bring(world, row("dace@kafija.example", confirmed_at=1), what=order(attested=stated))
    bring(world, row("egon@kafija.example"), what=order("1" * 12))
    bring(world, row("egon@kafija.example", Stood.UNSUBSCRIBED), what=order("2" * 12))
    await world.send(world.ask(await world.subject("dace@kafija.example")))
    take_all_back(world)
    world.clock.pass_(8 * DAY)
    await client.ask_to_move(world.preferences_token(cora), "cora.new@kafija.example", Visit("192.0.2.9"))
    _, links = (await letters(world))["new_address"]
    await client.confirm(world.token(links.confirm), Visit())
    filip = await world.join("filip@kafija.example")
    await client.merge(anna, filip, "shop")
    await world.send(world.ask(anna), world.ask(filip))
    gita = await world.join("gita@kafija.example")
    end = world.clock.now + 30 * DAY
    world.service.write(lambda tx: place(tx, gita, end, "operator", "a claim"))
    await client.record(gita, "objected.marketing", "operator:letter")
    world.service.write(lambda tx: lift(tx, gita, "operator"))
    await client.erase(gita, "operator")
    await world.sign_up("hugo@kafija.example")
    [(_, refuse)] = await world.mail_proofs()
    await client.refuse(refuse, Visit())
    await world.join("iris@kafija.example", "offers")
    world.note = await client.checkpoint()
    return world
