"""`/c/TOKEN` and `/r/TOKEN`."""

import re
from dataclasses import replace
from html import unescape

import pytest
from house import DAY, House, heading, hidden, joined

from consent.address import read_address
from consent.ledger.tokens import Scope, Tokens
from consent.subscriber.history import history

pytestmark = pytest.mark.anyio


async def test_the_page_shows_what_will_be_agreed_to_and_a_button(house: House):
    """The address is shortened: the link may have been passed on."""
    await house.sign_up("anna@example.com", "newsletter", "offers")
    [(confirm, _)] = await house.mailed()
    page = await house.http.get(confirm)
    assert page.status_code == 200
    assert "a…@example.com" in page.text
    assert "anna@example.com" not in page.text
    assert "I want news &amp; tips by e-mail, at most four a month." in joined(page.text)
    assert "I want offers by e-mail, at most two a month." in joined(page.text)
    assert page.text.count("<button") == 1


async def test_pressing_the_button_confirms_and_gives_a_receipt(house: House):
    """It says what, when on the clock of the sender, at which entry of the log, with its signed state."""
    await house.sign_up("anna@example.com")
    [(confirm, _)] = await house.mailed()
    answer = await house.http.post(confirm)
    assert answer.status_code == 200
    assert heading(answer.text) == "Thank you, you are signed up"
    assert "2 March 2026, 11:00:00 (GMT+02:00)" in answer.text
    [subject] = await house.consent.subjects(["anna@example.com"])
    assert (await house.states(subject))["newsletter"] == "active"
    note = re.search(r"<pre[^>]*>\n(.*?)</pre>", answer.text, re.DOTALL)
    assert unescape(note[1]) == await house.consent.checkpoint()
    [change] = [change for change in await house.consent.changes(0) if change.type == "confirmed"]
    assert f"<dd>{change.seq}</dd>" in answer.text


async def pressed(house: House, link: str) -> None:
    """Look at a page, and a minute later press its button as a browser does."""
    fields = hidden((await house.http.get(link)).text)
    house.clock.now += 60_000
    assert (await house.http.post(link, data=fields)).status_code == 200


def leaves(house: House) -> list[str]:
    """The types of all leaves, in order."""
    return [str(kind) for (kind,) in house.rows("SELECT type FROM leaves ORDER BY seq")]


@pytest.mark.parametrize("which", [0, 1])
async def test_that_the_page_was_fetched_is_written_with_the_press_of_its_button(house: House, which: int):
    """Just before what the button does, with the moment of the fetch; looking alone writes nothing."""
    await house.sign_up("anna@example.com")
    [links] = await house.mailed()
    for _ in range(3):
        await house.http.get(links[which])
    before, seen = leaves(house), house.clock.now
    await pressed(house, links[which])
    assert leaves(house)[len(before) :] == [
        "link.fetched",
        *(["confirmed"], ["refused", "suppressed"])[which],
    ]
    known = house.service.read(lambda store: history(store, read_address("anna@example.com")))
    assert known is not None
    [told] = [one for one in known.events if one.type == "link.fetched"]
    assert told.evidence is not None
    assert (told.evidence["fetched"], told.at, told.holds) == (seen, seen + 60_000, True)


async def test_a_button_counts_without_the_moment_and_no_moment_is_believed_of_another_page(house: House):
    """One that is made up, or stood in somebody else's page, says nothing."""
    await house.sign_up("anna@example.com")
    await house.sign_up("berta@example.com")
    [(annas, _), (bertas, _)] = await house.mailed()
    fields = hidden((await house.http.get(annas)).text)
    assert (await house.http.post(bertas, data=fields)).status_code == 200
    garbled = {"content-type": "multipart/form-data; boundary=x"}
    assert (await house.http.post(annas, content=b"--x\r\nbroken", headers=garbled)).status_code == 200
    assert "link.fetched" not in leaves(house)
    assert leaves(house).count("confirmed") == 2


async def test_the_page_speaks_the_language_of_the_sign_up(house: House):
    """Unless another is asked for; then the words to agree to keep the language that they were asked in."""
    await house.sign_up("anna@example.com", language="lv")
    [(confirm, _)] = await house.mailed()
    page = (await house.http.get(confirm, headers={"Accept-Language": "fi"})).text
    assert '<html lang="lv">' in page
    page = (await house.http.get(f"{confirm}?language=fi")).text
    assert '<html lang="fi">' in page
    assert '<li class="said" lang="lv">' in page
    answer = (await house.http.post(f"{confirm}?language=fi")).text
    assert '<html lang="fi">' in answer


async def test_a_link_confirms_once(house: House):
    """The second time, by a double click or a replay, it says so and records nothing."""
    await house.sign_up("anna@example.com")
    [(confirm, _)] = await house.mailed()
    await house.http.post(confirm)
    before = house.everything_stored()
    for answer in (await house.http.post(confirm), await house.http.get(confirm)):
        assert answer.status_code == 410
        assert heading(answer.text) == "This link has been used"
        assert "You agreed by it" in answer.text
        assert "The request was closed" not in answer.text
        assert "/signup" not in answer.text
    assert house.everything_stored() == before


async def test_a_link_that_is_too_old_confirms_nothing_and_leads_to_a_new_one(house: House):
    """Gone, with the way to the form."""
    await house.sign_up("anna@example.com")
    [(confirm, _)] = await house.mailed()
    house.clock.now += 4 * DAY
    for answer in (await house.http.get(confirm), await house.http.post(confirm)):
        assert answer.status_code == 410
        assert heading(answer.text) == "This link is too old"
        assert 'href="/signup?language=en"' in answer.text


async def test_a_link_whose_key_was_taken_out_leads_to_a_new_one(house: House):
    """To the form, where a link to confirm is; elsewhere to the newest mail. The form mails one that works,
    and answers somebody unknown alike."""
    await house.sign_up("anna@example.com")
    [(confirm, refuse)] = await house.mailed()
    subject = await house.join("bob@example.com")
    stop, choose = house.unsubscribe(subject), house.preferences(subject)
    url = house.service.parts.tokens.url(Scope.CONFIRM, "").removesuffix("/c/")
    fresh = Tokens(url, [b"n" * 32], house.clock)
    house.service.parts = replace(house.service.parts, tokens=fresh)
    dead = await house.http.get(confirm)
    assert dead.status_code == 404
    assert 'href="/signup?language=en"' in dead.text
    assert "sign up again and you will get a new one" in dead.text
    for link in (refuse, stop, choose):
        page = await house.http.get(link)
        assert page.status_code == 404
        assert "use the link in the newest mail" in page.text
        assert "/signup" not in page.text
    house.clock.now += 2 * DAY
    known, unknown = [await house.sign_up(f"{name}@example.com") for name in ("anna", "eve")]
    assert known.content == unknown.content
    links = [one for one, _ in await house.mailed()]
    assert len(links) == 2
    assert [(await house.http.post(one)).status_code for one in links] == [200, 200]


@pytest.mark.parametrize("kind", "crup")
async def test_a_forged_link_is_not_found_and_says_what_to_do(house: House, kind: str):
    """In the reader's language, whatever the method."""
    before = house.everything_stored()
    for token in ("x", "AAAA.BBBB", "%F0%9F%98%80", "a" * 3000):
        for method in ("GET", "POST"):
            data = {"stop": "all", "save": "yes"} if method == "POST" else None
            answer = await house.http.request(
                method, f"/{kind}/{token}", data=data, headers={"Accept-Language": "fi"}
            )
            assert answer.status_code == 404
            assert heading(answer.text) == "Tämä linkki ei toimi"
    assert house.everything_stored() == before


async def test_this_was_not_me_closes_the_request(house: House):
    """The other link is dead then."""
    await house.sign_up("anna@example.com")
    [(confirm, refuse)] = await house.mailed()
    page = await house.http.get(refuse)
    assert page.status_code == 200
    assert page.text.count("<button") == 1
    answer = await house.http.post(refuse)
    assert answer.status_code == 200
    assert heading(answer.text) == "The request is closed"
    for dead in (await house.http.post(confirm), await house.http.get(refuse)):
        assert dead.status_code == 410
        assert "The request was closed" in dead.text
        assert "You agreed by it" not in dead.text
        assert 'href="/signup?language=en"' in dead.text
    [subject] = await house.consent.subjects(["anna@example.com"])
    assert (await house.states(subject))["newsletter"] == "refused"


async def test_links_are_not_interchangeable(house: House):
    """A token of one kind moves nothing at another kind's address."""
    subject = await house.join("anna@example.com")
    await house.sign_up("berta@example.com")
    [(confirm, refuse)] = await house.mailed()
    links = {
        "c": confirm,
        "r": refuse,
        "u": house.unsubscribe(subject),
        "p": house.preferences(subject),
    }
    before = house.everything_stored()
    for kind, link in links.items():
        token = link.rpartition("/")[2]
        for other in set("crup") - {kind}:
            if (kind, other) == ("c", "r"):
                continue  # who may confirm may also refuse
            data = {"stop": "all", "save": "yes", "List-Unsubscribe": "One-Click"}
            answer = await house.http.post(f"/{other}/{token}", data=data)
            assert answer.status_code == 404, (kind, other)
    assert house.everything_stored() == before
