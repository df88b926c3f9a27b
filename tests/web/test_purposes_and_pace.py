"""What people agree to beside the topics, how often they are written to, and breaks: on form and page."""

import re
from html import unescape

import pytest
from house import DAY, OFFERS, POLICY, House, heading, hidden
from msgspec.structs import replace

from consent.contract import Frequency

pytestmark = pytest.mark.anyio

PERSONAL = replace(
    OFFERS,
    topic="personalisation",
    title={"en": "Recommendations", "uz": "Tavsiyalar"},
    wording={"en": "You may use what I buy to recommend coffees."},
)
MEASURED = replace(
    OFFERS, topic="measurement", title={"en": "Openings"}, wording={"en": "You may count clicks."}
)


@pytest.fixture
async def shop(house: House) -> House:
    """A project that asks for both purposes."""
    await house.consent.publish(replace(POLICY, purposes=(*POLICY.purposes, PERSONAL, MEASURED)))
    return house


def field_of(page: str, legend: str) -> str:
    """The inside of the fieldset with this legend."""
    for inside in re.findall(r"<fieldset.*?</fieldset>", page, re.DOTALL):
        if f"<legend>{legend}</legend>" in inside:
            return unescape(inside)
    raise AssertionError(page)


def picked(page: str) -> set[str]:
    """The ids of everything that is ticked or chosen."""
    return {re.search(r'id="([\w-]+)"', box)[1] for box in re.findall(r"<input[^>]* checked>", page)}


async def choose(house: House, subject: str, **fields: object) -> str:
    """Send the preferences page with these fields; the page that answers."""
    data = {"save": "yes", "topic": ["newsletter"], "language": "en", **fields}
    answer = await house.http.post(house.preferences(subject), data=data)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_purposes_stand_below_the_topics_under_a_heading_of_their_own(shop: House):
    """Not ticked, and said to be a free choice."""
    page = (await shop.http.get("/signup")).text
    assert "measurement" not in field_of(page, "What may we send you?")
    inside = field_of(page, "May we also do this?")
    assert re.findall(r'value="(\w+)"', inside) == ["personalisation", "measurement"]
    assert "your mail is complete without it" in inside
    assert picked(page) == set()
    assert page.index("What may we send you?") < page.index("May we also do this?")


async def test_a_project_that_asks_for_no_purpose_shows_no_heading(house: House):
    """On neither page."""
    subject = await house.join("anna@example.com")
    for link in ("/signup", house.preferences(subject)):
        assert "May we also do this?" not in (await house.http.get(link)).text


async def test_a_purpose_alone_is_no_sign_up_by_the_form(shop: House):
    """There would be nothing to send; what was ticked stays ticked."""
    answer = await shop.sign_up("anna@example.com", "personalisation")
    assert answer.status_code == 422
    assert "Tick at least one box" in answer.text
    assert picked(answer.text) == {"beside-1"}


async def test_the_proof_mail_and_the_pages_name_the_purposes_after_the_topics(shop: House):
    """Each with its own sentence; nothing is agreed before the button."""
    await shop.sign_up("anna@example.com", "measurement", "offers")
    [proof] = await shop.consent.proofs()
    assert proof.wording == (OFFERS.wording["en"], "You may count clicks.")
    assert (await shop.states(proof.ask.subject))["measurement"] == "pending"
    [(confirm, _)] = await shop.mailed()
    page = (await shop.http.get(confirm)).text
    assert page.index("I want offers") < page.index("You also allow:") < page.index("You may count clicks.")
    assert "You may count clicks." in (await shop.http.post(confirm)).text
    assert (await shop.states(proof.ask.subject))["measurement"] == "active"


async def test_a_purpose_is_withdrawn_at_once_and_agreed_to_by_a_fresh_mail(shop: House):
    """And each page speaks of agreeing, not of getting."""
    subject = await shop.join("anna@example.com", "newsletter", "personalisation")
    page = await choose(shop, subject, topic=["newsletter", "measurement"])
    states = await shop.states(subject)
    assert (states["personalisation"], states["measurement"]) == ("withdrawn", "pending")
    assert "You did not agree to this." in page
    assert "Waiting for you" in page
    [(confirm, _)] = await shop.mailed()
    asked = (await shop.http.get(confirm)).text
    assert "is to get this" not in asked
    assert "Yes, I agree" in asked
    assert heading((await shop.http.post(confirm)).text) == "Thank you, it is noted"
    assert (await shop.states(subject))["measurement"] == "active"


async def test_a_purpose_can_be_asked_for_by_the_api(shop: House):
    """In `topics`, like any other."""
    body = {"email": "anna@example.com", "topics": ["newsletter", "personalisation"]}
    key = {"Authorization": "Bearer test-key-for-everything"}
    assert (await shop.http.post("/v1/signups", json=body, headers=key)).status_code == 202
    [proof] = await shop.consent.proofs()
    assert len(proof.wording) == 2


async def test_how_often_is_chosen_and_shown_again(house: House):
    """As it comes, until someone says otherwise."""
    subject = await house.join("anna@example.com")
    link = house.preferences(subject)
    assert "frequency-any" in picked((await house.http.get(link)).text)
    assert "At most one mail a month" in await choose(house, subject, frequency="monthly")
    assert "frequency-monthly" in picked((await house.http.get(link)).text)
    await choose(house, subject, frequency="nonsense")
    view = await house.consent.preferences(link.rpartition("/")[2])
    assert view.frequency is Frequency.MONTHLY
    await choose(house, subject, frequency="any")
    assert "frequency-any" in picked((await house.http.get(link)).text)


async def test_a_break_is_taken_kept_lengthened_and_ended(house: House):
    """The page tells its last day; saving anything else leaves it alone."""
    subject = await house.join("anna@example.com")
    link = house.preferences(subject)
    assert picked((await house.http.get(link)).text) >= {"pause-0"}
    assert "Until 1 April 2026" in await choose(house, subject, pause="30")
    page = (await house.http.get(link)).text
    assert "pause-keep" in picked(page)
    assert "Stay on the break; it ends on: 1 April 2026" in page
    assert "1 April 2026" in await choose(house, subject, pause="keep")
    house.clock.now += 10 * DAY
    assert "Until 10 June 2026" in await choose(house, subject, pause="90")
    assert "No break" in await choose(house, subject, pause="0")
    assert "pause-keep" not in (await house.http.get(link)).text


async def test_the_end_of_a_break_is_told_as_each_language_writes_days(house: House):
    """By Babel, Uzbek too."""
    subject = await house.join("anna@example.com")
    await choose(house, subject, pause="30")
    told = {"lv": "2026. gada 1. aprīlis", "fi": "1. huhtikuuta 2026", "uz": "1-aprel, 2026"}
    for language, day in told.items():
        page = await house.http.get(house.preferences(subject), params={"language": language})
        assert day in page.text, language


async def test_a_link_can_lead_directly_to_fewer_mails(house: House):
    """`#frequency` and `#pause` name parts of the page."""
    subject = await house.join("anna@example.com")
    page = (await house.http.get(house.preferences(subject))).text
    assert '<fieldset id="frequency"' in page
    assert '<fieldset id="pause"' in page


async def test_everything_can_be_stopped_from_the_preferences_page(shop: House):
    """Whatever is ticked: topics, purposes and what still waits for its link."""
    subject = await shop.join("anna@example.com", "newsletter", "personalisation")
    await shop.sign_up("anna@example.com", "offers")
    [(confirm, _)] = await shop.mailed()
    fields = hidden((await shop.http.get(shop.preferences(subject))).text)
    answer = await shop.http.post(shop.preferences(subject), data={**fields, "stop": "all"})
    assert heading(answer.text) == "Stopped"
    assert set((await shop.states(subject)).values()) == {"withdrawn", "none"}
    assert (await shop.http.post(confirm)).status_code == 410


async def test_uzbek_is_written_with_its_own_signs():
    """o‘ and g‘ with U+2018, the apostrophe with U+2019, never the straight one."""
    from web.ui.words import catalogues

    told = " ".join(text for section in catalogues()["uz"].values() for text in section.values())
    assert not re.search(r"[oOgG]['’ʻʼ`]", told)
    assert "'" not in told
    assert "o‘" in told
