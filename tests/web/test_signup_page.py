"""`/signup`."""

import dataclasses
import re
from html import unescape

import pytest
from house import BRAND, LANGUAGES, POLICY, House, heading, hidden, joined
from msgspec.structs import replace

from consent.times import Times
from web.api.keys import ApiKeys

pytestmark = pytest.mark.anyio


def boxes(page: str) -> list[str]:
    """The check boxes on a page, as they are written."""
    return re.findall(r'<input type="checkbox"[^>]*>', page)


def unserved(page: bytes) -> bytes:
    """A page of the form without the moment at which it was served."""
    return re.sub(rb'(name="served" value=")[^"]+', rb"\1", page)


async def test_the_form_has_one_unticked_box_for_each_topic_that_rests_on_consent(house: House):
    """With its wording beside it; service mail is not on offer."""
    page = (await house.http.get("/signup")).text
    assert [re.search(r'value="(\w+)"', box)[1] for box in boxes(page)] == ["newsletter", "offers"]
    assert not any("checked" in box for box in boxes(page))
    assert "I want news &amp; tips by e-mail, at most four a month." in joined(page)
    assert 'I want offers by <span class="unbroken">e-mail</span>, at most two a month.' in page


async def test_nothing_in_the_address_bar_ticks_a_box(house: House):
    """A link from elsewhere cannot prepare an agreement."""
    page = await house.http.get("/signup?topic=newsletter&email=anna@example.com&ticked=newsletter")
    assert "checked" not in page.text
    assert "anna" not in page.text


async def test_everyone_is_shown_the_same_bytes(house: House):
    """But for when it was served: the page that is kept as evidence holds nothing about who saw it."""
    one = await house.http.get("/signup", headers={"User-Agent": "A", "Referer": "https://a.example/"})
    two = await house.browser(**{"User-Agent": "B"}).get("/signup")
    house.clock.now += 1
    three = await house.http.get("/signup")
    assert one.content == two.content != three.content
    assert unserved(two.content) == unserved(three.content)


async def test_signing_up_queues_one_proof_mail_in_the_language_of_the_form(house: House):
    """Nothing is agreed by it."""
    answer = await house.sign_up("anna@example.com", "newsletter", "offers", language="lv")
    assert answer.status_code == 200
    assert heading(answer.text) == "Ieskaties savā pastkastē"
    assert '<html lang="lv">' in answer.text
    [proof] = await house.consent.proofs()
    assert proof.language == "lv"
    assert len(proof.wording) == 2
    assert await house.states(proof.ask.subject) == {"newsletter": "pending", "offers": "pending"}


async def test_the_exact_bytes_of_the_page_are_kept_as_evidence(house: House):
    """Once, however many sign up on them, and with nothing said of when each was served."""
    shown = await house.http.get("/signup?language=fi")
    await house.sign_up("anna@example.com", language="fi")
    await house.sign_up("berta@example.com", language="fi")
    assert house.rows("SELECT body FROM forms") == [(unserved(shown.content),)]


async def test_the_answer_is_the_same_byte_for_byte_whoever_it_is_for(house: House):
    """New, waiting, signed up, withdrawn or refused: nobody learns who is on the list."""
    names = await house.of_each_kind()
    [subject] = await house.consent.subjects(["active@example.com"])
    assert subject is not None
    answers = [await house.sign_up(f"{name}@example.com") for name in names]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.multi_items()) for answer in answers}) == 1
    assert (await house.states(subject))["newsletter"] == "active"


@pytest.mark.parametrize(
    ("email", "topics", "words"),
    [
        ("anna@example.com", [], ["Tick at least one box"]),
        ("", ["offers"], ["Write your e-mail address"]),
        ("anna(at)example", ["offers"], ["Write your e-mail address"]),
        ("a" * 400 + "@example.com", ["offers"], ["Write your e-mail address"]),
        ("", [], ["Tick at least one box", "Write your e-mail address"]),
        ("anna@example", [], ["Tick at least one box", "Write your e-mail address"]),
        ("anna@example.com", ["orders"], ["Tick at least one box"]),
        ("anna@example.com\nBcc: b@example.com", ["offers"], ["Write your e-mail address"]),
    ],
)
async def test_what_is_missing_is_said_in_place_and_what_was_typed_is_kept(house, email, topics, words):
    """With a title that says so, a summary that leads to the field, and the fault beside it; nothing is
    recorded."""
    before = house.everything_stored()
    fields = hidden((await house.http.get("/signup")).text)
    answer = await house.http.post("/signup", data={**fields, "email": email, "topic": topics})
    assert answer.status_code == 422
    assert "<title>Please check: " in answer.text
    summary = re.search(r'<div class="alert".*?</div>', answer.text, re.DOTALL)[0]
    assert summary.count("<li>") == len(words)
    for word in words:
        assert answer.text.count(word) == 1
        assert word not in summary
    typed = re.search(r'<input type="email"[^>]* value="([^"]*)"', answer.text)
    assert unescape(typed[1]) == email
    ticked = {re.search(r'value="(\w+)"', box)[1] for box in boxes(answer.text) if "checked" in box}
    assert ticked == {"offers"} & set(topics)
    assert house.everything_stored() == before


async def test_a_form_that_was_corrected_is_accepted(house: House):
    """What the second showing carries is enough to go on."""
    fields = hidden((await house.http.get("/signup?language=fi")).text)
    again = await house.http.post("/signup", data={**fields, "email": "anna@example.com"})
    assert again.status_code == 422
    data = {**hidden(again.text), "email": "anna@example.com", "topic": "offers"}
    assert (await house.http.post("/signup", data=data)).status_code == 200
    [proof] = await house.consent.proofs()
    assert proof.language == "fi"


async def test_markup_in_what_was_typed_stays_text(house: House):
    """The page escapes it."""
    fields = hidden((await house.http.get("/signup")).text)
    answer = await house.http.post("/signup", data={**fields, "email": '"><script>alert(1)</script>'})
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_words_that_changed_while_the_form_was_open_are_shown_anew(house: House):
    """Nobody agrees to words that they did not see: the boxes are empty again, the address is kept."""
    fields = hidden((await house.http.get("/signup")).text)
    newsletter, *others = POLICY.purposes
    changed = replace(newsletter, wording={"en": "I want a mail each day."})
    await house.consent.publish(replace(POLICY, purposes=(changed, *others)))
    before = house.everything_stored()
    data = {**fields, "email": "anna@example.com", "topic": "newsletter"}
    answer = await house.http.post("/signup", data=data)
    assert answer.status_code == 422
    assert "I want a mail each day." in answer.text
    assert "have changed" in answer.text
    assert "checked" not in answer.text
    assert 'value="anna@example.com"' in answer.text
    assert house.everything_stored() == before
    data = {**hidden(answer.text), "email": "anna@example.com", "topic": "newsletter"}
    assert (await house.http.post("/signup", data=data)).status_code == 200


@pytest.mark.parametrize("form", ["", "0" * 64, "../../etc"])
async def test_a_form_that_is_not_ours_signs_nobody_up(house: House, form: str):
    """Without the id of a page there is no proof of what was shown."""
    answer = await house.http.post(
        "/signup", data={"form": form, "email": "anna@example.com", "topic": "newsletter"}
    )
    assert answer.status_code == 422
    assert await house.consent.proofs() == []


async def test_an_address_with_letters_beyond_ascii_is_accepted(house: House):
    """`type=email` would refuse it in some browsers, so the form asks them not to judge."""
    assert "novalidate" in (await house.http.get("/signup")).text
    assert (await house.sign_up("jānis@example.com")).status_code == 200
    assert len(await house.consent.proofs()) == 1


async def test_a_project_without_topics_says_that_there_is_nothing(house: House):
    """Rather than a form without boxes."""
    await house.consent.publish(replace(POLICY, purposes=()))
    page = (await house.http.get("/signup")).text
    assert "There is nothing to sign up for" in page
    assert "<form" not in page


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_language_of_the_address_bar_wins_over_the_browsers(house: House, language: str):
    """And the other languages are offered."""
    page = (await house.http.get(f"/signup?language={language}", headers={"Accept-Language": "fi, lv"})).text
    assert f'<html lang="{language}">' in page
    assert f'hreflang="{language}" lang="{language}" aria-current="true"' in page
    assert page.count("hreflang=") == len(LANGUAGES)


async def test_without_a_wish_the_browsers_language_counts_then_the_projects(house: House):
    """Of languages that are not spoken here the next best is taken."""
    for accepted, language in [("fi-FI,fi;q=0.9,en;q=0.8", "fi"), ("xx, lv;q=0.1", "lv"), ("xx", "en")]:
        page = (await house.http.get("/signup", headers={"Accept-Language": accepted})).text
        assert f'<html lang="{language}">' in page


async def test_where_there_is_a_minimum_age_the_form_asks_for_it(house: House):
    """Who leaves it out is asked again with all that they wrote; of who is too young nothing is stored, and
    both get the page that everybody gets."""
    assert 'name="age"' not in (await house.http.get("/signup")).text
    times = Times(minimum_age={"LV": 13, "": 16})
    house.service.parts = dataclasses.replace(house.service.parts, times=times)
    house.app = house.served(house.inbox, ApiKeys.of([]), dataclasses.replace(BRAND, asks_age=True))
    http = house.browser()

    async def wish(age: str, email: str = "anna@example.com"):
        form = hidden((await http.get("/signup")).text)
        return await http.post("/signup", data={**form, "email": email, "age": age, "topic": ["newsletter"]})

    for wrong in ("", "-4", "soon", "1234", "٢٫٥"):
        again = await wish(wrong)
        assert again.status_code == 422
        assert 'id="age-fault"' in again.text
        assert 'value="anna@example.com"' in again.text
    young = await wish("15")
    assert house.rows("SELECT * FROM subjects") == []
    grown = await wish("16", "berta@example.com")
    assert (young.status_code, young.content) == (grown.status_code, grown.content)
    assert len(house.rows("SELECT * FROM subjects")) == 1
