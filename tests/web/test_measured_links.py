"""Opening and clicks: counted for people who agreed, once, and never for machines; consent is not touched."""

import re

import pytest
from house import HOUR, URL, House, path

from consent.contract import Links
from engine.core.bundle import Bundle
from engine.run.machines import BURST, QUARANTINE, TOO_SOON
from engine.store.batch import Batch

pytestmark = pytest.mark.anyio

MAIL = "0a" * 16
BEANS, TOURS = "https://kafija.example/beans?a=1&b=2", "https://kafija.example/tours"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}
SECOND = 1000
AGREED = ("newsletter", "measurement")


def links(house: House, key: str = MAIL) -> tuple[str, str, str]:
    """The paths of the two links and of the pixel of a mail with this key."""
    html = house.marks.html(f'<a href="{BEANS}">Beans</a><a href="{TOURS}">Tours</a>', key, Links())
    beans, tours, pixel = (path(url) for url in re.findall(r'(?:href|src)="([^"]+)"', html))
    return beans, tours, pixel


async def measured(house: House, *topics: str) -> str:
    """Someone who agreed to be measured (as the engine knows), and got a mail an hour ago."""
    subject = await house.join("anna@example.com")
    batch = Batch()
    batch.change(Bundle(subject), Bundle(subject, 1, agreed=frozenset(topics or AGREED)))
    await house.store.commit(batch)
    await house.mail(subject, MAIL)
    house.clock.now += HOUR
    return subject


async def counted(house: House) -> list[tuple[str, str]]:
    """Events about mails, once all that waits has waited long enough: kind and link."""
    house.clock.now += QUARANTINE
    await house.measurement.settle(house.clock.now)
    return [(event.kind, event.data.get("link", "")) for event in await house.received()]


async def test_a_link_leads_on_to_where_it_led_and_counts(house: House) -> None:
    """302 with the target as written, no referrer, no cookie; the event tells of mail and link."""
    subject = await measured(house)
    beans, _, _ = links(house)
    when = house.clock.now
    answer = await house.http.get(beans, headers=FIREFOX)
    assert (answer.status_code, answer.headers["location"]) == (302, BEANS)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert await counted(house) == [("email_clicked", BEANS)]
    (event,) = await house.received()
    assert (event.contact, event.at) == (subject, when)
    assert event.data == {
        "flow": "welcome",
        "step": "first",
        "template": "gift",
        "topic": "newsletter",
        "link": BEANS,
    }


async def test_the_pixel_is_a_picture_and_counts(house: House) -> None:
    """A GIF of one transparent pixel, which nobody keeps."""
    await measured(house)
    *_, pixel = links(house)
    answer = await house.http.get(pixel, headers=FIREFOX)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a\x01\x00\x01\x00")
    assert "set-cookie" not in answer.headers
    assert await counted(house) == [("email_opened", "")]


async def test_a_mail_counts_as_opened_once_and_each_link_as_clicked_once(house: House) -> None:
    """However often it is looked at again, and on whatever day."""
    await measured(house)
    beans, tours, pixel = links(house)
    for _ in range(3):
        for link in (pixel, beans, pixel, beans, tours):
            await house.http.get(link, headers=FIREFOX)
            house.clock.now += HOUR
            await house.measurement.settle(house.clock.now)
    assert sorted(await counted(house)) == [
        ("email_clicked", BEANS),
        ("email_clicked", TOURS),
        ("email_opened", ""),
    ]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "POST"])
async def test_only_a_get_counts(house: House, method: str) -> None:
    """HEAD is answered as GET is, without counting; there is no other method."""
    await measured(house)
    for link, status in zip(links(house), (302, 302, 200), strict=True):
        answer = await house.http.request(method, link, headers=FIREFOX)
        assert answer.status_code == (status if method == "HEAD" else 405)
    assert await counted(house) == []


@pytest.mark.parametrize(
    "header",
    [
        {"Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"X-Purpose": "preview"},
        {"X-Moz": "prefetch"},
        {"User-Agent": ""},
        {"User-Agent": "Mozilla/5.0"},
        {"User-Agent": "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": "python-requests/2.32"},
        {"User-Agent": "Barracuda Sentinel (EE)"},
        {
            "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
        },
    ],
)
async def test_machines_are_led_on_and_not_counted(house: House, header: dict[str, str]) -> None:
    """Who looks ahead, and who says that it is a program."""
    await measured(house)
    beans, _, pixel = links(house)
    assert (await house.http.get(beans, headers=FIREFOX | header)).status_code == 302
    assert (await house.http.get(pixel, headers=FIREFOX | header)).status_code == 200
    assert await counted(house) == []


@pytest.mark.parametrize(
    "proxy", ["(via ggpht.com GoogleImageProxy)", "YahooMailProxy; https://help.yahoo.com"]
)
async def test_proxies_that_fetch_when_the_mail_is_opened_count(house: House, proxy: str) -> None:
    """Gmail's and Yahoo's."""
    await measured(house)
    await house.http.get(links(house)[2], headers={"User-Agent": f"Mozilla/5.0 {proxy}"})
    assert await counted(house) == [("email_opened", "")]


async def test_what_comes_with_the_mail_is_a_scanner(house: House) -> None:
    """Within ten seconds nobody has read it; afterwards it may be a person."""
    await measured(house)
    beans, _, pixel = links(house)
    house.clock.now += TOO_SOON - HOUR - 1
    await house.http.get(pixel, headers=FIREFOX)
    await house.http.get(beans, headers=FIREFOX)
    assert await counted(house) == []
    await house.http.get(beans, headers=FIREFOX)
    assert await counted(house) == [("email_clicked", BEANS)]


async def test_a_burst_over_the_links_of_a_mail_is_a_scanner(house: House) -> None:
    """Two different links within two seconds; then nothing counts of the mail for a minute."""
    await measured(house)
    beans, tours, pixel = links(house)
    for link in (pixel, beans, beans, tours):
        await house.http.get(link, headers=FIREFOX)
        house.clock.now += BURST // 4
    house.clock.now += 30 * SECOND
    await house.measurement.settle(house.clock.now)
    await house.http.get(beans, headers=FIREFOX)
    assert await counted(house) == []
    await house.http.get(tours, headers=FIREFOX)
    assert await counted(house) == [("email_clicked", TOURS)]


async def test_two_links_one_after_the_other_are_a_person(house: House) -> None:
    """Each counts."""
    await measured(house)
    beans, tours, _ = links(house)
    for link in (beans, tours):
        await house.http.get(link, headers=FIREFOX)
        house.clock.now += BURST
        await house.measurement.settle(house.clock.now)
    assert await counted(house) == [("email_clicked", BEANS), ("email_clicked", TOURS)]


async def test_without_agreement_links_work_and_nothing_counts(house: House) -> None:
    """Also when it was there as the mail went out, and was withdrawn since."""
    await measured(house, "newsletter")
    beans, _, pixel = links(house)
    assert (await house.http.get(beans, headers=FIREFOX)).headers["location"] == BEANS
    assert (await house.http.get(pixel, headers=FIREFOX)).status_code == 200
    assert await counted(house) == []


async def test_links_never_expire(house: House) -> None:
    """Nor do they need the mail to be known: an engine that lost its memory leads on, and counts nothing."""
    beans, _, pixel = links(house, "0b" * 16)
    house.clock.now += 10 * 365 * 24 * HOUR
    assert (await house.http.get(beans, headers=FIREFOX)).headers["location"] == BEANS
    assert (await house.http.get(pixel, headers=FIREFOX)).status_code == 200
    assert await counted(house) == []


async def test_forged_cut_and_swapped_tokens_lead_nowhere(house: House) -> None:
    """404 with a page for people; the pixel is a picture all the same, and counts nothing."""
    await measured(house)
    beans, tours, pixel = links(house)
    token = beans.removeprefix("/l/")
    for wrong in (
        token[:-8],
        token[8:],
        token[::-1],
        f"{tours.removeprefix('/l/')[:16]}{token[16:]}",
        pixel.removeprefix("/o/").removesuffix(".gif") + "A" * 4,
        "https:%2F%2Fevil.example",
        "%FF",
        "x" * 5000,
    ):
        answer = await house.http.get(f"/l/{wrong}", headers=FIREFOX)
        assert answer.status_code == 404
        assert "location" not in answer.headers
        assert "evil.example" not in answer.text
        shown = await house.http.get(f"/o/{wrong}.gif", headers=FIREFOX)
        assert shown.status_code == (404 if "%2F" in wrong else 200)  # there a slash makes it another path
        assert "location" not in shown.headers
    assert (await house.http.get(f"/l/{pixel[3:-4]}", headers=FIREFOX)).status_code == 404
    assert (await house.http.get(f"/o/{token}.gif", headers=FIREFOX)).status_code == 200
    assert await counted(house) == []


async def test_nothing_that_a_scanner_does_to_a_measured_mail_touches_consent(house: House) -> None:
    """GET, HEAD and more on every link, over and over: not a row of the consent store differs."""
    subject = await measured(house)
    every = [*links(house), house.unsubscribe(subject), house.preferences(subject)]
    every.append(path(house.marks.view(MAIL)))
    before = house.everything_stored()
    for method in ("GET", "HEAD", "OPTIONS", "GET"):
        for link in every:
            await house.http.request(method, link, headers=FIREFOX)
            house.clock.now += 5 * SECOND
            await house.measurement.settle(house.clock.now)
    assert await counted(house) != []
    assert house.everything_stored() == before


async def test_a_redirect_cannot_carry_a_header_of_its_own(house: House) -> None:
    """Line breaks in a target are no target; other letters are encoded."""
    html = house.marks.html('<a href="https://kafija.example/&#13;&#10;Set-Cookie:x=1">x</a>', MAIL, Links())
    assert "/l/" not in html
    html = house.marks.html('<a href="https://kafija.example/kūka?v=o‘g‘">x</a>', MAIL, Links())
    (url,) = re.findall(r'href="([^"]+)"', html)
    assert url.startswith(f"{URL}/l/")
    answer = await house.http.get(path(url), headers=FIREFOX)
    assert answer.headers["location"] == "https://kafija.example/k%C5%ABka?v=o%E2%80%98g%E2%80%98"
