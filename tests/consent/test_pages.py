"""Pages behind links, preferences, and the feed."""

import asyncio

import pytest

from consent.contract import LinkRefused, Reason, Visit

pytestmark = pytest.mark.anyio


async def test_reading_a_page_writes_nothing(stored):
    """However often a scanner follows a link."""
    anna = await stored.join("anna@kafija.example")
    await stored.sign_up("anna@kafija.example", "offers")
    [(confirm, refuse)] = await stored.mail_proofs()
    conn = stored.service.store.writer

    def changes():
        with conn.begin() as transaction:
            found = conn.exec_driver_sql("SELECT total_changes()").scalar_one()
            transaction.rollback()
        return found

    before = changes()
    for _ in range(3):
        assert (await stored.client.confirmation(confirm)).valid
        assert (await stored.client.confirmation(refuse)).valid
        assert (await stored.client.unsubscription(stored.unsubscribe_token(anna))).valid
        assert (await stored.client.preferences(stored.preferences_token(anna))).valid
        assert not (await stored.client.confirmation("x")).valid
    assert changes() == before


async def test_the_confirmation_page_shows_the_words_in_the_persons_language(world):
    """With the address shortened: the link may have been forwarded."""
    await world.sign_up("anna@kafija.example", "newsletter", "offers", language="lv")
    [(confirm, _)] = await world.mail_proofs()
    view = await world.client.confirmation(confirm)
    assert (view.valid, view.language, view.address) == (True, "lv", "a…@kafija.example")
    assert [(one.topic, one.title, one.wording, one.state) for one in view.topics] == [
        ("newsletter", "Jaunumi", "Vēlos saņemt jaunumus.", "pending"),
        ("offers", "Offers", "I want offers by e-mail, at most two a month.", "pending"),
    ]
    await world.client.confirm(confirm, Visit())
    assert (await world.client.confirmation(confirm)).reason == "used"


async def test_the_unsubscribe_page_names_its_topic(world):
    """And shows where the person stands with everything else."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    view = await world.client.unsubscription(world.unsubscribe_token(anna))
    assert (view.valid, view.topic, view.address) == (True, "newsletter", "a…@kafija.example")
    assert {one.topic: one.state for one in view.topics} == {"newsletter": "active", "offers": "active"}


async def test_links_of_nobody_show_nothing(world):
    """A forged link and one of a stranger look the same."""
    for view in (
        await world.client.unsubscription("x"),
        await world.client.unsubscription(world.unsubscribe_token("f" * 32)),
        await world.client.preferences(world.preferences_token("f" * 32)),
        await world.client.confirmation("x"),
    ):
        assert (view.valid, view.reason, view.address, view.topics) == (False, "unknown", "", ())


async def test_the_preferences_page_offers_every_topic_that_rests_on_consent(world):
    """With the whole address, for the link came to it freshly."""
    anna = await world.join("anna@kafija.example", "newsletter")
    view = await world.client.preferences(world.preferences_token(anna))
    assert view.address == "anna@kafija.example"
    assert {one.topic: one.state for one in view.topics} == {"newsletter": "active", "offers": "none"}
    assert {one.topic for one in await world.client.offered()} == {"newsletter", "offers"}
    world.clock.pass_(31 * 86_400_000)


async def test_an_old_preferences_link_has_expired(world):
    """After 30 days one asks for a fresh one."""
    anna = await world.join("anna@kafija.example")
    token = world.preferences_token(anna)
    world.clock.pass_(31 * 86_400_000)
    assert (await world.client.preferences(token)).reason == "expired"
    with pytest.raises(LinkRefused) as fault:
        await world.client.choose(token, [], "en", Visit())
    assert fault.value.reason == "expired"


async def test_choosing_keeps_withdraws_and_asks(world):
    """What is active and wanted stays, what is not wanted stops, what is new waits for a proof mail."""
    anna = await world.join("anna@kafija.example", "newsletter")
    token = world.preferences_token(anna)
    receipt = await world.client.choose(token, ["offers"], "en", Visit())
    news, offers = await world.client.decide([world.ask(anna), world.ask(anna, "offers")])
    assert (news.reason, offers.reason) == (Reason.WITHDRAWN, Reason.NOT_CONFIRMED)
    assert (receipt.type, receipt.topics) == ("withdrawn", ("newsletter",))
    [proof] = await world.client.proofs()
    assert proof.wording == ("I want offers by e-mail, at most two a month.",)
    [(confirm, _)] = await world.mail_proofs()
    await world.client.confirm(confirm, Visit())
    leaves = world.count("leaves")
    await world.client.choose(token, ["offers"], "en", Visit())
    assert world.count("leaves") == leaves
    with pytest.raises(ValueError, match="orders"):
        await world.client.choose(token, ["orders"], "en", Visit())


async def test_choosing_nothing_withdraws_everything(world):
    """Pending wishes too."""
    anna = await world.join("anna@kafija.example", "newsletter")
    await world.sign_up("anna@kafija.example", "offers")
    [(confirm, _)] = await world.mail_proofs()
    await world.client.choose(world.preferences_token(anna), [], "en", Visit())
    decided = await world.client.decide([world.ask(anna), world.ask(anna, "offers")])
    assert [one.reason for one in decided] == [Reason.WITHDRAWN, Reason.WITHDRAWN]
    with pytest.raises(LinkRefused):
        await world.client.confirm(confirm, Visit())


async def test_the_feed_tells_of_consent_withdrawal_and_language(world):
    """In order, with the language that the person chose, and nothing else."""
    anna = await world.join("anna@kafija.example", "newsletter", language="lv")
    await world.client.choose(world.preferences_token(anna), ["newsletter"], "en", Visit())
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    changes = await world.client.changes(0)
    assert [(one.subject, one.topic, one.type, one.language) for one in changes] == [
        (anna, "newsletter", "confirmed", "lv"),
        (anna, "", "language.changed", "en"),
        (anna, "newsletter", "withdrawn", ""),
    ]
    assert [one.domain for one in changes] == ["kafija.example", "", ""]
    assert await world.client.changes(changes[0].seq) == changes[1:]
    assert await world.client.changes(0, 1) == changes[:1]


async def test_the_feed_yields_as_soon_as_a_change_has_committed(world):
    """What was missed comes first, then each batch by itself; nobody polls."""
    anna = await world.join("anna@kafija.example")
    feed = world.client.feed(0)
    [first] = await anext(feed)
    assert first.type == "confirmed"
    waiting = asyncio.ensure_future(anext(feed))
    await world.client.decide([world.ask(anna)])
    assert not waiting.done()
    await world.client.withdraw(world.unsubscribe_token(anna), "one_click", False, Visit())
    [second] = await asyncio.wait_for(waiting, 5)
    assert (second.subject, second.type) == (anna, "withdrawn")
    await feed.aclose()
    await world.join("bob@kafija.example")


@pytest.mark.parametrize("language", ["x" * 50_000, "lv\x1b[2J", "Latvian", "l", "<b>"])
async def test_what_is_no_tag_of_a_language_cannot_be_chosen(world, language):
    """Everything that is mailed to somebody goes by it, and the feed tells it."""
    anna = await world.join("anna@kafija.example")
    token = world.preferences_token(anna)
    for words in ({"language": language}, {"language": "lv", "read": language}):
        with pytest.raises(ValueError, match="as in `lv`"):
            await world.client.choose(token, ["newsletter"], visit=Visit(), **words)
    assert (await world.client.preferences(token)).language == "en"
