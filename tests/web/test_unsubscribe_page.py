"""`/u/TOKEN`: the page, and the one-click way of RFC 8058."""

import re

import pytest
from house import House, heading

pytestmark = pytest.mark.anyio

ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


async def test_the_page_offers_to_stop_one_topic_or_all(house: House):
    """The topic is the mail's; the address is shortened."""
    subject = await house.join("anna@example.com", "newsletter", "offers")
    page = await house.http.get(house.unsubscribe(subject))
    assert page.status_code == 200
    assert "Stop “News and tips”" in page.text
    assert "Stop everything" in page.text
    assert "a…@example.com" in page.text


@pytest.mark.parametrize(
    ("stop", "states"),
    [
        ("topic", {"newsletter": "withdrawn", "offers": "active"}),
        ("all", {"newsletter": "withdrawn", "offers": "withdrawn"}),
    ],
)
async def test_each_button_stops_what_it_says(house: House, stop: str, states: dict[str, str]):
    """And gives a receipt."""
    subject = await house.join("anna@example.com", "newsletter", "offers")
    answer = await house.http.post(house.unsubscribe(subject), data={"stop": stop})
    assert answer.status_code == 200
    assert heading(answer.text) == "Stopped"
    assert "Signed state of the log" in answer.text
    assert await house.states(subject) == states


async def test_fewer_mails_can_be_had_instead_of_none(house: House):
    """One press: at most one mail a month, every topic kept; the offer is gone then."""
    subject = await house.join("anna@example.com", "newsletter", "offers")
    link = house.unsubscribe(subject)
    assert 'value="monthly"' in (await house.http.get(link)).text
    answer = await house.http.post(link, data={"stop": "monthly"})
    assert answer.status_code == 200
    assert heading(answer.text) == "Fewer mails from now on"
    assert await house.states(subject) == {"newsletter": "active", "offers": "active"}
    view = await house.consent.preferences(house.preferences(subject).rpartition("/")[2])
    assert view.frequency == "monthly"
    assert 'value="monthly"' not in (await house.http.get(link)).text
    before = house.everything_stored()
    assert (await house.http.post(link, data={"stop": "monthly"})).status_code == 200
    assert house.everything_stored() == before


async def test_a_link_for_all_mail_stops_all(house: House):
    """There is no topic to choose; fewer mails are offered all the same."""
    subject = await house.join("anna@example.com")
    page = await house.http.get(house.unsubscribe(subject, ""))
    assert re.findall(r'name="stop" value="(\w+)"', page.text) == ["all", "monthly"]
    answer = await house.http.post(house.unsubscribe(subject, ""), data={"stop": "all"})
    assert answer.status_code == 200
    assert (await house.states(subject))["newsletter"] == "withdrawn"


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (ONE_CLICK, "application/x-www-form-urlencoded"),
        (MULTIPART, "multipart/form-data; boundary=x"),
        (ONE_CLICK, ""),
        (ONE_CLICK, "text/plain"),
        (ONE_CLICK + b"\r\n", "application/x-www-form-urlencoded; charset=utf-8"),
        (b"list-unsubscribe=one-click", "application/x-www-form-urlencoded"),
    ],
)
async def test_one_click_stops_the_topic_without_redirect_or_cookie(house, body: bytes, media: str):
    """As the mail provider sends it: no cookie, no Origin, no Sec-Fetch-Site (RFC 8058 3.1)."""
    subject = await house.join("anna@example.com", "newsletter", "offers")
    headers = {"Content-Type": media} if media else {}
    answer = await house.http.post(house.unsubscribe(subject), content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.history == []
    assert "set-cookie" not in answer.headers
    assert await house.states(subject) == {"newsletter": "withdrawn", "offers": "active"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_one_click_works_from_a_web_mail_program_too(house: House, headers: dict[str, str]):
    """The token is the whole right; no browser adds it by itself."""
    subject = await house.join("anna@example.com")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await house.http.post(house.unsubscribe(subject), content=ONE_CLICK, headers=headers | form)
    assert answer.status_code == 200
    assert (await house.states(subject))["newsletter"] == "withdrawn"


async def test_stopping_twice_is_as_good_as_once(house: House):
    """And the second time records nothing."""
    subject = await house.join("anna@example.com")
    first = await house.http.post(house.unsubscribe(subject), content=ONE_CLICK)
    before = house.everything_stored()
    second = await house.http.post(house.unsubscribe(subject), content=ONE_CLICK)
    assert (first.status_code, second.status_code) == (200, 200)
    assert house.everything_stored() == before
    page = await house.http.get(house.unsubscribe(subject))
    assert heading(page.text) == "You no longer get “News and tips”"
    assert 'value="topic"' not in page.text
    assert "One press is enough" not in page.text
    assert '<a href="/signup?language=en">Sign up</a>' in page.text


async def test_what_else_goes_on_is_said_where_there_is_something_else(house: House):
    """Of one topic alone nothing stays as it is."""
    one = await house.join("anna@example.com", "newsletter")
    two = await house.join("berta@example.com", "newsletter", "offers")
    pages = [(await house.http.get(house.unsubscribe(subject))).text for subject in (one, two)]
    assert ["Everything else that you signed up for" in page for page in pages] == [False, True]


@pytest.mark.parametrize("body", [b"", b"x=1", b"stop=nothing", b"List-Unsubscribe=maybe", b"\xff\xfe"])
async def test_a_post_that_does_not_say_what_to_stop_is_asked_again(house: House, body: bytes):
    """With the buttons, and nothing is stopped."""
    subject = await house.join("anna@example.com")
    before = house.everything_stored()
    answer = await house.http.post(house.unsubscribe(subject), content=body)
    assert answer.status_code == 400
    assert "Please press one of the buttons" in answer.text
    assert "Stop everything" in answer.text
    assert house.everything_stored() == before


async def test_a_link_to_stop_never_grows_old(house: House):
    """Ten years later it still works."""
    subject = await house.join("anna@example.com")
    link = house.unsubscribe(subject)
    house.clock.now += 10 * 365 * 86_400_000
    assert (await house.http.post(link, content=ONE_CLICK)).status_code == 200
    assert (await house.states(subject))["newsletter"] == "withdrawn"


async def test_a_press_that_changes_nothing_names_no_entry_of_the_log(house: House):
    """The first "at most one a month" has one, the second has none to show."""
    address = house.unsubscribe(await house.join("anna@example.com", "newsletter"))
    first, second = [await house.http.post(address, data={"stop": "monthly"}) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 200)
    assert ["Entry in our log" in page.text for page in (first, second)] == [True, False]


async def test_a_link_of_somebody_erased_is_answered_as_if_it_had_stopped_all(house: House):
    """Nothing is kept and nothing goes, so a mail program sees no failure; links that no mail ever had are
    unknown as before, so that nobody learns by guessing."""
    subject = await house.join("anna@example.com")
    link, choices = house.unsubscribe(subject), house.preferences(subject)
    await house.consent.erase(subject, "operator")
    before = house.everything_stored()
    answers = [
        await house.http.get(link),
        await house.http.post(link, content=ONE_CLICK),
        await house.http.post(link, data={"stop": "all"}),
        await house.http.post(link, data={"stop": "monthly"}),
        await house.http.get(choices),
    ]
    assert [one.status_code for one in answers] == [200] * 5
    assert {heading(one.text) for one in answers} == {"Nothing is sent because of this any more"}
    assert house.everything_stored() == before
    for guessed in (house.unsubscribe("f" * 32), f"{link[:-1]}{'A' if link[-1] != 'A' else 'B'}"):
        assert (await house.http.get(guessed)).status_code == 404
        assert (await house.http.post(guessed, content=ONE_CLICK)).status_code == 404
