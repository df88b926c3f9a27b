"""Where a person stands, in their own eyes: on the pages, in `why` and in the studio."""

import pytest
from msgspec.structs import replace

from consent.address import read_address
from consent.contract import Basis, LinkRefused, Purpose, Sale, Visit
from consent.subscriber.history import history

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ANNA = "anna@kafija.example"


def told(world):
    """Anna's history."""
    return world.service.read(lambda reading: history(reading, read_address(ANNA)))


def stands(world):
    """Where Anna stands, by topic: state, leaf, since when."""
    return {one.topic: (one.state, one.leaf, one.since) for one in told(world).standings}


async def shown(world, anna):
    """The same on the preferences page, without leaf and time."""
    view = await world.client.preferences(world.preferences_token(anna))
    return {one.topic: one.state for one in view.topics}


async def complained(world, anna):
    """Anna gets a mail and calls it spam; the leaf and the time of that."""
    ask = world.ask(anna)
    await world.send(ask)
    world.clock.pass_(DAY)
    await world.client.complained(ask.key)
    return world.count("leaves") - 1, world.clock.now


async def test_whoever_complained_is_not_said_to_agree(world):
    """To what was agreed, and to what was only asked for: neither counts any more. The link is dead, and
    saving the page as it is shown asks for nothing."""
    anna = await world.join(ANNA)
    await world.sign_up(ANNA, "offers")
    world.clock.pass_(DAY)
    await world.sign_up(ANNA, "offers")
    [(confirm, _)] = await world.mail_proofs()
    leaf, at = await complained(world, anna)
    assert stands(world) == {"newsletter": ("withdrawn", leaf, at), "offers": ("withdrawn", leaf, at)}
    assert await shown(world, anna) == {"newsletter": "withdrawn", "offers": "withdrawn"}
    with pytest.raises(LinkRefused):
        await world.client.confirm(confirm, Visit())
    await world.client.choose(world.preferences_token(anna), (), "", Visit())
    assert world.types().count("requested") == 2
    world.clock.pass_(30 * DAY)
    await world.join(ANNA, "newsletter")
    assert stands(world)["newsletter"] == ("active", world.count("leaves") - 1, world.clock.now)


async def test_a_stranger_who_types_the_address_does_not_move_since_when(world):
    """A wish that changes nothing leaves the time alone, while the address is stopped and after."""
    anna = await world.join(ANNA)
    agreed = stands(world)
    leaf, at = await complained(world, anna)
    world.clock.pass_(40 * DAY)
    await world.sign_up(ANNA)
    assert world.types().count("requested") == 2
    assert stands(world) == {"newsletter": ("withdrawn", leaf, at)}
    with world.service.store.reader.begin():
        rows = world.service.store.reader.exec_driver_sql("SELECT seq, at FROM standings").all()
    assert [tuple(row) for row in rows] == [agreed["newsletter"][1:]]


async def test_a_wish_that_lapsed_is_over_since_it_lapsed(world):
    """Not since it was made, and not since somebody looked."""
    await world.sign_up(ANNA)
    asked = world.clock.now
    world.clock.pass_(40 * DAY)
    [(state, _, since)] = stands(world).values()
    assert (state, since) == ("expired", asked + 3 * DAY)


async def test_a_damaged_address_hides_nobodys_history(world):
    """It is shown as it was asked for."""
    anna = await world.join(ANNA)
    world.damage()
    found = told(world)
    assert (found.subject, found.address) == (anna, ANNA)
    assert [event.type for event in found.events][-1] == "confirmed"


def words(world):
    """The words in Anna's history that stood before her, by the type of the leaf."""
    return [(one.type, one.language, one.wording) for one in told(world).events if one.topic == "newsletter"]


async def choose(world, anna, *topics, language=""):
    """By the page of her choices."""
    await world.client.choose(world.preferences_token(anna), topics, language, Visit())


async def test_the_words_are_those_of_the_language_that_was_read_then(world):
    """Whatever she speaks today: she never read the others."""
    anna = await world.join(ANNA, language="lv")
    await choose(world, anna, "newsletter", language="en")
    read = ("lv", "Vēlos saņemt jaunumus.")
    assert told(world).language == "en"
    assert words(world) == [(kind, *read) for kind in ("notice.served", "requested", "confirmed")]
    await choose(world, anna)
    assert words(world)[-1] == ("withdrawn", *read)


async def test_words_that_are_asked_for_anew_are_those_of_the_new_language(world):
    """Each time in which it was asked."""
    anna = await world.join(ANNA, language="lv")
    await choose(world, anna, language="en")
    world.clock.pass_(DAY)
    await world.join(ANNA, language="en")
    assert [language for _, language, _ in words(world)] == [*["lv"] * 4, *["en"] * 3]


async def test_a_topic_that_does_not_speak_the_language_was_read_in_another(world):
    """In the default one, which is what the page had shown."""
    await world.join(ANNA, "offers", language="lv")
    assert {one.language for one in told(world).events if one.topic == "offers"} == {"en"}


async def test_nobody_who_was_brought_has_read_the_words(world):
    """A sale brings a customer to a topic whose sentence nobody showed them; what they leave later is no
    more theirs."""
    wording = {"en": "You bought from us."}
    similar = Purpose("similar", Basis.SOFT_OPT_IN, {"en": "s"}, wording, "Kafija SIA", similar="coffee")
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, similar)))
    [bert] = await world.client.subjects([ANNA])
    sale = Sale(bert, "similar", "1", world.clock.now, "coffee", "a box at the checkout")
    assert await world.client.bought([sale]) == [True]
    await choose(world, bert)
    kinds = [(one.type, one.language, one.wording) for one in told(world).events if one.topic == "similar"]
    assert kinds == [("soft_opt_in.recorded", "", ""), ("objected", "", "")]
