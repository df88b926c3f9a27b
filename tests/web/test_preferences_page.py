"""`/p/TOKEN`."""

import re

import pytest
from house import DAY, House, heading, hidden, joined

pytestmark = pytest.mark.anyio


def ticked(page: str) -> list[str]:
    """The values of the boxes that are ticked."""
    boxes = re.findall(r'<input type="checkbox"[^>]*>', page)
    return [re.search(r'value="(\w+)"', box)[1] for box in boxes if "checked" in box]


async def test_the_page_shows_the_address_and_what_one_gets(house: House):
    """Every topic on offer, with the state in words, not by the tick alone."""
    subject = await house.join("anna@example.com")
    page = await house.http.get(house.preferences(subject))
    assert "anna@example.com" in page.text
    assert ticked(page.text) == ["newsletter"]
    assert page.text.count("You get this.") == 1
    assert page.text.count("You do not get this.") == 1


async def test_an_unticked_topic_is_stopped_and_a_new_one_waits_for_its_link(house: House):
    """A tick is a wish, not yet an agreement."""
    subject = await house.join("anna@example.com")
    link = house.preferences(subject)
    fields = hidden((await house.http.get(link)).text)
    answer = await house.http.post(link, data={**fields, "topic": "offers", "language": "en"})
    assert answer.status_code == 200
    assert heading(answer.text) == "Saved"
    assert "Waiting for you" in answer.text
    assert await house.states(subject) == {"newsletter": "withdrawn", "offers": "pending"}
    told = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", answer.text)
    assert told[1:3] == [("Stopped", "News and tips"), ("Waiting for your link", "Offers")]
    assert "Agreed" not in dict(told)


def receipt(page: str) -> list[tuple[str, str]]:
    """What the receipt says, but for when."""
    return re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page)[1:]


async def test_a_receipt_says_what_was_changed_and_nothing_of_what_was_agreed_to_before(house: House):
    """A break alone is what its entry tells; the topic that goes on stands in the list above."""
    subject = await house.join("anna@example.com")
    link = house.preferences(subject)
    data = {"save": "yes", "topic": "newsletter", "language": "en"}
    broke = (await house.http.post(link, data={**data, "pause": "30", "frequency": "weekly"})).text
    [*told, (entry, leaf)] = receipt(broke)
    assert told == [("How often", "At most one mail a week"), ("Break", "Until 1 April 2026")]
    assert entry == "Entry in our log"
    assert house.rows(f"SELECT type FROM leaves WHERE seq = {int(leaf)}") == [("paused",)]
    assert "You get this again after the break." in broke
    assert "You get this again after the break." in (await house.http.get(link)).text
    spoke = (await house.http.post(link, data={**data, "pause": "0", "language": "lv"})).text
    assert receipt(spoke)[:2] == [("Pārtraukums", "Bez pārtraukuma"), ("Valoda", "Latviešu")]


async def test_whoever_saves_the_page_as_it_came_gets_no_receipt_of_what_did_not_happen(house: House):
    """But what holds, and a way back to the choices."""
    link = house.preferences(await house.join("anna@example.com"))
    fields = hidden((await house.http.get(link)).text)
    page = (await house.http.post(link, data={**fields, "topic": "newsletter", "language": "en"})).text
    assert "You get this." in page
    assert "Your receipt" not in page
    [back] = re.findall(r'<a href="([^"]*)">Back to your choices</a>', page)
    assert heading((await house.http.get(link + back)).text) == "What you get from Kafija"


async def test_a_topic_that_waits_is_shown_ticked_so_that_saving_keeps_it(house: House):
    """Saving the page as it came changes nothing about the topics."""
    subject = await house.join("anna@example.com")
    await house.sign_up("anna@example.com", "offers")
    link = house.preferences(subject)
    page = (await house.http.get(link)).text
    assert ticked(page) == ["newsletter", "offers"]
    assert "Waiting for you" in page
    data = {**hidden(page), "topic": ["newsletter", "offers"], "language": "en"}
    await house.http.post(link, data=data)
    assert await house.states(subject) == {"newsletter": "active", "offers": "pending"}


async def test_a_topic_that_was_stopped_and_is_wanted_again_waits_for_its_link(house: House):
    """Only a fresh confirmation leads back, and the page says what to do."""
    subject = await house.join("anna@example.com")
    await house.http.post(house.unsubscribe(subject), data={"stop": "topic"})
    link = house.preferences(subject)
    answer = await house.http.post(link, data={"save": "yes", "topic": "newsletter", "language": "en"})
    assert "Waiting for you" in answer.text
    assert (await house.states(subject))["newsletter"] == "withdrawn"
    [(confirm, _)] = await house.mailed()
    assert (await house.http.post(confirm)).status_code == 200
    assert (await house.states(subject))["newsletter"] == "active"


async def test_the_language_of_the_mail_can_be_chosen(house: House):
    """The answer already speaks it."""
    subject = await house.join("anna@example.com")
    link = house.preferences(subject)
    answer = await house.http.post(link, data={"save": "yes", "topic": "newsletter", "language": "lv"})
    assert '<html lang="lv">' in answer.text
    assert '<html lang="lv">' in (await house.http.get(link)).text


@pytest.mark.parametrize("data", [{}, {"topic": "offers"}, {"save": "no"}])
async def test_a_post_that_is_not_the_pages_form_stops_nothing(house: House, data: dict[str, str]):
    """An empty POST must not read as "I want nothing"."""
    subject = await house.join("anna@example.com")
    before = house.everything_stored()
    answer = await house.http.post(house.preferences(subject), data=data)
    assert answer.status_code == 400
    assert house.everything_stored() == before


async def test_topics_and_languages_that_are_not_on_the_page_are_left_out(house: House):
    """Service mail cannot be chosen, nor a language that nobody speaks here."""
    subject = await house.join("anna@example.com")
    data = {"save": "yes", "topic": ["newsletter", "orders", "nonsense"], "language": "<b>"}
    answer = await house.http.post(house.preferences(subject), data=data)
    assert answer.status_code == 200
    assert await house.states(subject) == {"newsletter": "active", "offers": "none"}
    assert '<html lang="en">' in (await house.http.get(house.preferences(subject))).text


async def test_topics_on_a_receipt_are_named_in_the_language_that_was_chosen_with_it(house: House):
    """As in the list above."""
    link = house.preferences(await house.join("anna@example.com"))
    page = (await house.http.post(link, data={"save": "yes", "language": "lv"})).text
    assert receipt(page)[:2] == [("Tu atteicies", "Jaunumi un padomi"), ("Valoda", "Latviešu")]


async def test_stopping_everything_is_answered_as_such(house: House):
    """With what still comes, and nothing of how often."""
    link = house.preferences(await house.join("anna@example.com"))
    page = (await house.http.post(link, data={"save": "yes", "stop": "all"})).text
    assert heading(page) == "Stopped"
    assert "no more news or offers from us" in page
    assert "Mail about your orders comes all the same." in page
    assert "How often" not in page


async def test_a_link_that_does_not_count_says_so_in_other_languages_too(house: House):
    """Where looking led to it."""
    for link in ("/p/nonsense", "/nothing"):
        page = (await house.http.get(link)).text
        assert '<a href="?language=lv" hreflang="lv"' in page
        assert "<h1>" in (await house.http.get(f"{link}?language=lv")).text
    assert "hreflang" not in (await house.http.post("/p/nonsense")).text


async def test_an_old_link_shows_nothing(house: House):
    """It says why, whichever of the two it was, and to use the newest mail's."""
    subject = await house.join("anna@example.com")
    link = house.preferences(subject)
    house.clock.now += 31 * DAY
    for answer in (await house.http.get(link), await house.http.post(link, data={"save": "yes"})):
        assert answer.status_code == 410
        assert heading(answer.text) == "This link no longer counts"
        assert "for a limited time, and not beyond a change of address" in answer.text
        assert "newest mail" in answer.text
        assert "anna@example.com" not in answer.text
    spoken = await house.browser(**{"accept-language": "lv"}).get(link)
    assert '<html lang="lv">' in spoken.text


async def test_the_topics_speak_the_language_that_the_page_is_looked_at_in(house: House):
    """As far as they have it, and are marked where they have not. What is chosen there was read in it."""
    subject = await house.join("anna@example.com", language="lv")
    link = house.preferences(subject)
    own, english = (await house.http.get(link)).text, (await house.http.get(f"{link}?language=en")).text
    assert "<strong>Jaunumi un padomi</strong>" in own
    assert re.search(
        r'<label class="choice"[^>]* lang="en">\n<input[^>]*>\n<span><strong>Offers</strong>', own
    )
    assert "<strong>News and tips</strong>" in english
    assert "I want news &amp; tips by e-mail" in joined(english)
    data = {"save": "yes", "topic": ["newsletter", "offers"], "language": "lv"}
    assert "News and tips" in (await house.http.post(f"{link}?language=en", data=data)).text
    assert '<option value="lv" lang="lv" selected>' in english
    stop = house.unsubscribe(subject)
    assert "Stop “News and tips”" in (await house.http.get(f"{stop}?language=en")).text


async def test_whoever_changes_too_much_reads_what_was_saved_and_what_was_not(house: House):
    """429, and when to come again. What stops mail was done."""
    subject = await house.join("anna@example.com")
    link = house.preferences(subject)
    data = {"save": "yes", "topic": "newsletter", "language": "en"}
    for turn in range(20):
        frequency = ("weekly", "any")[turn % 2]
        assert (await house.http.post(link, data={**data, "frequency": frequency})).status_code == 200
    more = await house.http.post(link, data={**data, "topic": "offers", "language": "lv"})
    assert (more.status_code, more.headers["retry-after"]) == (429, "3600")
    assert heading(more.text) == "Not everything was saved"
    assert "Waiting for you" not in more.text
    assert receipt(more.text)[0] == ("Stopped", "News and tips")
    await house.sign_up("anna@example.com", "offers")
    again = await house.http.post(link, data={**data, "topic": "offers", "language": "lv"})
    assert again.status_code == 429
    assert "Waiting for you" in again.text
    assert await house.states(subject) == {"newsletter": "withdrawn", "offers": "pending"}
    assert '<a href="?language=en">Back to your choices</a>' in more.text
