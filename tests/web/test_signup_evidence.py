"""What is kept of a form that somebody signed up on."""

import dataclasses
import hashlib
import re

import pytest
from house import KEY, MONDAY, House, hidden

from consent.contract import ShownBox
from consent.subscriber.history import history_of
from consent.times import Times
from web.subscriber.boxes import boxes_of

pytestmark = pytest.mark.anyio
ANNA = "anna@example.com"


async def kept(house: House, email: str = ANNA) -> dict[str, object]:
    """The evidence of somebody's wish, which holds."""
    [subject] = await house.consent.subjects([email])
    assert subject is not None
    found = house.service.read(lambda reading: history_of(reading, subject))
    assert found is not None
    events = [event for event in found.events if event.type == "requested"]
    assert all(event.holds for event in events)
    evidence = events[-1].evidence
    assert evidence is not None
    return evidence


async def told(house: House, **wish: object) -> dict[str, object]:
    """The evidence of a wish by the API."""
    given = {"email": ANNA, "topics": ["newsletter"], **wish}
    answer = await house.http.post("/v1/signups", json=given, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == 202, answer.text
    return await kept(house)


async def test_each_box_is_kept_with_its_label_and_both_its_states(house: House):
    """In the language shown: nobody's box was ticked before they came, and one of the two was sent ticked."""
    await house.sign_up(ANNA, "newsletter", language="lv")
    evidence = await kept(house)
    assert evidence["words"] == "shown by us"
    assert evidence["boxes"] == [
        {
            "topic": "newsletter",
            "label": "Jaunumi un padomi Vēlos e-pastā saņemt jaunumus, ne vairāk kā četras vēstules mēnesī.",
            "at_first": "not ticked",
            "sent": "ticked",
        },
        {
            "topic": "offers",
            "label": "Offers I want offers by e-mail, at most two a month.",
            "at_first": "not ticked",
            "sent": "not ticked",
        },
    ]


async def test_a_box_that_the_page_ticks_by_itself_is_said_to_be_ticked():
    """The states are those of the page, whatever anybody means it to do."""
    page = (
        b'<label>Other <input type="checkbox" name="else" checked></label>'
        b'<label for="a"><input type="checkbox" name="topic" value="news" id="a" checked>'
        b"<span><strong>News &amp; tips</strong>\n once a week</span></label> not a label"
        b'<label><input type="checkbox" name="topic" value="offers"> Offers</label>'
    )
    assert boxes_of(page) == (
        ShownBox("news", "News & tips once a week", True),
        ShownBox("offers", "Offers", False),
    )


async def test_form_version_and_showing_are_tied_to_what_was_sent(house: House):
    """The version is the digest of the page, which is kept; when it was served was signed with it."""
    shown = await house.http.get("/signup")
    fields = hidden(shown.text)
    house.clock.now += 42_000
    await house.http.post("/signup", data={**fields, "email": ANNA, "topic": "offers"})
    evidence = await kept(house)
    assert (evidence["form"], evidence["form_version"]) == ("signup", fields["form"])
    assert (evidence["served"], evidence["at"]) == (MONDAY, MONDAY + 42_000)
    [(page,)] = house.rows("SELECT body FROM forms")
    assert isinstance(page, bytes)
    assert evidence["shown"] == hashlib.sha256(page).hexdigest()
    assert shown.content == page.replace(
        b'name="served" value=""', f'name="served" value="{fields["served"]}"'.encode()
    )
    without_id = page.replace(f'name="form" value="{fields["form"]}"'.encode(), b'name="form" value=""')
    assert hashlib.sha256(without_id).hexdigest() == evidence["form_version"]


@pytest.mark.parametrize("forged", ["", "AAAA.BBBB", "other"])
async def test_a_showing_that_was_not_ours_is_none(house: House, forged: str):
    """A button counts without it, and nothing is said of when the form was served."""
    fields = hidden((await house.http.get("/signup")).text)
    if forged == "other":  # signed, of another form
        forged = await house.consent.serve_form("ab" * 32)
    answer = await house.http.post(
        "/signup", data={**fields, "served": forged, "email": ANNA, "topic": "offers"}
    )
    assert answer.status_code == 200
    assert (await kept(house))["served"] == 0


async def test_a_form_that_nobody_took_is_sent_again_as_it_was_served(house: House):
    """What is held behind the button has the showing too."""
    fields = hidden((await house.http.get("/signup")).text)
    again = await house.http.post("/signup", data={**fields, "email": ANNA, "topic": []})
    assert re.search(r'name="served" value="[^"]+"', again.text)


async def test_age_and_country_are_kept_where_they_are_asked(house: House):
    """With how old one had to be: else no auditor sees that it was asked."""
    parts = dataclasses.replace(house.service.parts, times=Times(minimum_age={"LV": 13, "": 16}))
    house.service.parts = parts
    evidence = await told(house, age=15, country="LV")
    assert (evidence["age"], evidence["country"], evidence["least_age"]) == (15, "LV", 13)


async def test_where_no_age_is_asked_none_is_told(house: House):
    """Nothing stands there that nobody said."""
    await house.sign_up(ANNA)
    assert not {"age", "country", "least_age"} & (await kept(house)).keys()


async def test_words_that_a_shop_does_not_tell_are_said_to_be_untold(house: House):
    """They are not taken to be ours."""
    evidence = await told(house)
    assert (evidence["words"], evidence["boxes"], evidence["shown"]) == ("not told", [], "")


async def test_words_that_a_shop_tells_are_kept_as_told(house: House):
    """With the form, its version, and what it says of the box."""
    boxes = [
        {"topic": "newsletter", "label": "Yes, write to me!", "ticked": False},
        {"topic": "offers", "label": "Offers, too"},
    ]
    evidence = await told(house, form="footer", form_version="2026-03", boxes=boxes)
    assert (evidence["words"], evidence["form"], evidence["form_version"]) == (
        "told by the caller",
        "footer",
        "2026-03",
    )
    assert evidence["boxes"] == [
        {"topic": "newsletter", "label": "Yes, write to me!", "at_first": "not ticked", "sent": "ticked"},
        {"topic": "offers", "label": "Offers, too", "at_first": "not told", "sent": "not ticked"},
    ]


async def test_words_of_some_topics_are_told_in_part(house: House):
    """One of two that were wished for."""
    evidence = await told(
        house, topics=["newsletter", "offers"], boxes=[{"topic": "offers", "label": "Offers"}]
    )
    assert evidence["words"] == "told in part"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"form_version": "x" * 201}, "`form_version` is longer than 200 characters."),
        ({"boxes": [{"topic": "a", "label": "x" * 5001}]}, "`boxes[0]` is longer than 5000 characters."),
        ({"boxes": [{"topic": "a", "label": "x"}] * 101}, "`boxes` has more than 100 boxes."),
        ({"boxes": [{"topic": "a"}]}, "label"),
    ],
)
async def test_a_form_that_cannot_be_kept_is_refused(house: House, change: dict[str, object], words: str):
    """In words."""
    wish = {"email": ANNA, "topics": ["newsletter"], **change}
    answer = await house.http.post("/v1/signups", json=wish, headers={"Authorization": f"Bearer {KEY}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "wrong_shape")
    assert words in answer.json()["error"]["message"]
