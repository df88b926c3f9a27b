"""`/v/TOKEN`: a mail in the browser. Looking writes nothing, and what is not to be seen is told in words."""

import html
import re

import pytest
from house import DAY, LANGUAGES, House, heading, path

from consent.contract import Links
from engine.mail.kept import STAND_IN, Kept
from web.ui.words import catalogues

pytestmark = pytest.mark.anyio

MAIL = "0a" * 16
PAGE = '<html><body><p>Kūka & <a href="https://kafija.example/" target="_blank">x</a></p></body></html>'
TEXT = 'Hello <b>\n\nBeans: https://kafija.example/beans?a=1&b="2".\nBye'


async def kept(house: House, text: str = PAGE, *, as_html: bool = True) -> str:
    """The path of the link to a mail to Anna that is kept."""
    subject = await house.join("anna@example.com")
    await house.store.keep_mails([Kept(MAIL, subject, house.clock.now, as_html, text)])
    return path(house.marks.view(MAIL))


async def test_the_mail_is_shown_byte_by_byte_under_a_policy_of_its_own(house: House) -> None:
    """It runs nothing, is kept and listed nowhere, and tells nobody where its reader was."""
    answer = await house.http.get(await kept(house))
    assert answer.status_code == 200
    assert answer.content == PAGE.encode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert policy[0].split()[0] == "sandbox"
    assert not {"allow-scripts", "allow-same-origin", "allow-forms", "allow-top-navigation"} & set(
        policy[0].split()
    )
    assert {"default-src 'none'", "style-src 'unsafe-inline'", "img-src data: https:"} <= set(policy)
    assert {"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} <= set(policy)
    assert "set-cookie" not in answer.headers


async def test_a_mail_in_plain_text_is_shown_as_it_is_and_its_links_work(house: House) -> None:
    """What looks like a tag is text; a stop behind a link is none of it."""
    answer = await house.http.get(await kept(house, TEXT, as_html=False))
    shown = re.search(r"<pre>(.*)</pre>", answer.text, re.DOTALL)
    assert shown is not None
    assert html.unescape(re.sub(r"<[^>]+>", "", shown[1])) == TEXT
    assert re.findall(r'href="([^"]*)"', shown[1]) == ["https://kafija.example/beans?a=1&amp;b="]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_mail_that_is_not_kept_any_more_is_told_in_the_readers_language(
    house: House, language: str
) -> None:
    """410 from the last day on, whether or not it was deleted yet; and afterwards."""
    link = await kept(house)
    house.clock.now += 90 * DAY
    assert (await house.http.get(link)).status_code == 200
    house.clock.now += 1
    words = catalogues()[language]["problem"]
    for _ in range(2):
        answer = await house.http.get(link, headers={"Accept-Language": language})
        assert answer.status_code == 410
        assert heading(answer.text) == words["gone_title"]
        assert words["gone_text"] in html.unescape(answer.text)
        await house.shown.tidy()
    assert await house.store.kept_mail(MAIL) is None


async def test_what_is_too_old_is_deleted_and_nothing_else(house: House) -> None:
    """In parts, however many there are."""
    subject = await house.join("anna@example.com")
    now = house.clock.now
    await house.store.keep_mails(
        [Kept(f"{number:032x}", subject, now + number, True, PAGE) for number in range(25)]
    )
    await house.store.forget_mails(now + 20, part=7)
    left = [n for n in range(25) if await house.store.kept_mail(f"{n:032x}") is not None]
    assert left == [20, 21, 22, 23, 24]


async def test_tokens_that_are_cut_altered_or_of_another_use_show_nothing(house: House) -> None:
    """404 with a page for people; a token of the pixel of the same mail is none either."""
    token = (await kept(house)).removeprefix("/v/")
    pixel = re.findall(r"/o/([\w-]+)\.gif", house.marks.html("", MAIL, Links()))[0]
    other = house.marks.view("0b" * 16).rpartition("/")[2]
    for wrong in (
        token[:-4],
        token[4:],
        token[::-1],
        token[:16] + other[16:],
        token.swapcase(),
        token + "AAAA",
        pixel,
        MAIL,
        "x",
        "%FF",
        "x" * 5000,
    ):
        answer = await house.http.get(f"/v/{wrong}")
        assert answer.status_code == 404, wrong
        assert heading(answer.text) == "This link does not work"
        assert "Kūka" not in answer.text
    assert (await house.http.get(f"/v/{other}")).status_code == 410  # it was made here; nothing is kept
    assert (await house.http.get(f"/l/{token}")).status_code == 404


async def test_looking_at_a_mail_writes_nothing(house: House) -> None:
    """GET and HEAD, over and over; every other method is refused. Nothing is heard of it either."""
    link = await kept(house, PAGE.replace("Kūka", STAND_IN))
    before, engine = house.everything_stored(), house.store.image()
    for method in ("GET", "HEAD", "GET", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "POST"):
        answer = await house.http.request(method, link, headers={"User-Agent": "Firefox"})
        assert answer.status_code == (200 if method in ("GET", "HEAD") else 405)
        assert "set-cookie" not in answer.headers
    await house.measurement.finish()
    assert house.everything_stored() == before
    assert house.store.image() == engine
    assert await house.received() == []


async def test_head_has_the_headers_of_get(house: House) -> None:
    """As RFC 9110 9.3.2 asks."""
    link = await kept(house)
    seen, headed = await house.http.get(link), await house.http.head(link)
    assert (headed.status_code, headed.headers) == (seen.status_code, seen.headers)


async def test_the_readers_address_comes_from_the_consent_service(house: House) -> None:
    """Written for HTML, for a link, and part by part. Where it is known no more, the mail is not shown."""
    sign, at, domain = STAND_IN.partition("@")
    body = f'<a href="https://kafija.example/?e=%F4%8F%BF%BC%40%F4%8F%BF%BD">{sign}{at}{domain}</a> ({sign})'
    subject = await house.join("o'hara&sons@example.com")
    await house.store.keep_mails(
        [
            Kept(MAIL, subject, house.clock.now, True, body),
            Kept("0b" * 16, "f" * 32, house.clock.now, False, f"For {STAND_IN}."),
        ]
    )
    answer = await house.http.get(path(house.marks.view(MAIL)))
    written = "o&#39;hara&amp;sons"
    target = "https://kafija.example/?e=o%27hara%26sons%40example.com"
    assert answer.text == f'<a href="{target}">{written}@example.com</a> ({written})'
    assert (await house.http.get(path(house.marks.view("0b" * 16)))).status_code == 410
