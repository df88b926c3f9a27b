"""Mails with `links.browser`: kept as they were written when they go out, shown by their link, forgotten."""

import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from storefront import Shop, open_shop

from virta.mailbox.reader import Mail
from virta.mailbox.running import Running, start

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ODD = "o'hara&sons@example.com"
FLOW = """
flow hello "Hello"
    topic news
    start on subscribed where topic is "news"

    send greeting
    wait 1 day
    send plain_word
"""
MAIL = """---
subject: Hello
preheader: The first of the harvest
---
<body><p>Hello, <b>{{ contact.first_name | default("friend") }}</b> & all, kāda kūka</p>
<p><a href="https://kafija.example/beans?a=1&amp;b=2" target="_blank">Beans</a></p>
<p><a href="{{ links.browser }}">In the browser</a> <a href="{{ links.preferences }}">Preferences</a>
<a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ sender.imprint }}</p></body>
"""


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    """A mail server of this test's own."""
    with start(tmp_path / "mailbox") as running:
        yield running


@asynccontextmanager
async def shop_of(folder: Path, mailbox: Running, mail: str = MAIL, **more: object) -> AsyncIterator[Shop]:
    """A shop whose `greeting` is that mail."""
    given = (("templates/greeting.html", mail.encode()),)
    async with open_shop(folder, FLOW, mailbox.url, mailbox.folder, templates=given, **more) as shop:
        yield shop


async def get(shop: Shop, url: str, method: str = "GET") -> httpx2.Response:
    """What the shop's own pages answer."""
    transport = httpx2.ASGITransport(shop.system.pages)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
        return await client.request(method, urlsplit(url).path)


def html_of(mail: Mail) -> str:
    """Its HTML part, as it was written."""
    part = mail.parsed().get_body(("html",))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def link_of(mail: Mail) -> str:
    """Where it says that it is to be seen; the same in both parts."""
    links = re.findall(r'href="([^"]+/v/[^"]+)"', html_of(mail))
    text = mail.parsed().get_body(("plain",))
    assert text is not None
    assert len(links) == 1
    assert f"In the browser: {links[0]}" in text.get_content()
    return links[0]


def rows(folder: Path) -> list[tuple[bytes, int]]:
    """The keys and moments of the mails that are kept in the store on disk."""
    with sqlite3.connect(f"file:{folder / 'engine.db'}?mode=ro", uri=True) as store:
        found = store.execute("SELECT key, at FROM kept_mail").fetchall()
    store.close()
    return found


def stored(folder: Path) -> bytes:
    """All that the engine's store has on disk."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("engine.db*")))


async def test_the_link_shows_the_mail_as_it_was_sent(tmp_path: Path, mailbox: Running) -> None:
    """The same HTML, each reader's own mail; no browser may keep it."""
    async with shop_of(tmp_path, mailbox) as shop:
        await shop.join("anna@example.com", "news")
        await shop.join("berta@example.com", "news")
        first, second = shop.mails()
        assert link_of(first) != link_of(second)
        for mail in (first, second):
            shown = await get(shop, link_of(mail))
            assert shown.status_code == 200
            assert shown.text == html_of(mail)
        assert shown.headers["content-type"] == "text/html; charset=utf-8"
        assert shown.headers["cache-control"] == "private, no-store"


async def test_a_mail_without_the_link_is_not_kept(tmp_path: Path, mailbox: Running) -> None:
    """Not a row is written for it."""
    async with shop_of(tmp_path, mailbox) as shop:
        await shop.join("anna@example.com", "news")
        assert len(rows(tmp_path)) == 1
        await shop.until(shop.clock() + 2 * DAY)
        assert len(shop.mails()) == 2
        assert len(rows(tmp_path)) == 1


async def test_who_agreed_to_be_measured_is_not_by_a_mail_that_is_kept(
    tmp_path: Path, mailbox: Running
) -> None:
    """The mail itself leads through measured links, all but Virta's own; the page leads where they led."""
    async with shop_of(tmp_path, mailbox) as shop:
        await shop.join("anna@example.com", "news", "measurement")
        (mail,) = shop.mails()
        sent, shown = html_of(mail), (await get(shop, link_of(mail))).text
        assert sent.count("/l/") == sent.count("/o/") == 1
        assert "/l/" not in shown
        assert "/o/" not in shown
        assert 'href="https://kafija.example/beans?a=1&amp;b=2"' in shown
        for own in ("/v/", "/u/", "/p/"):
            (link,) = re.findall(f'href="([^"]+{own}[^"]+)"', shown)
            assert f'href="{link}"' in sent
            assert (await get(shop, link)).status_code == 200


async def test_the_store_keeps_no_address_of_a_mail_that_shows_it(tmp_path: Path, mailbox: Running) -> None:
    """The page shows the mail as it was sent all the same, in both kinds."""
    said = '<p title="{{ contact.email }}">For {{ contact.email }}</p>'
    async with shop_of(tmp_path, mailbox, MAIL.replace("<p>Hello", f"{said}<p>Hello")) as shop:
        await shop.join(ODD, "news")
        (mail,) = shop.mails()
        assert "For o&#39;hara&amp;sons@example.com</p>" in html_of(mail)
        assert (await get(shop, link_of(mail))).text == html_of(mail)
        assert len(rows(tmp_path)) == 1
        key = urlsplit(mail.parsed()["Message-ID"].strip("<>")).path.partition("@")[0]
        kept = await shop.system.store.kept_mail(key)
        assert kept is not None
        assert "hara" not in kept.text
    assert b"kept_mail" in stored(tmp_path)
    assert b"o'hara" not in stored(tmp_path)


@pytest.mark.parametrize(
    ("said", "sent"),
    [('contact.email.split("@")[1].split(".")[1]', "com"), ('contact.email[:3] ~ "***"', "ann***")],
)
async def test_a_template_that_takes_the_address_apart_is_sent_all_the_same(
    tmp_path: Path, mailbox: Running, said: str, sent: str
) -> None:
    """What cannot be kept without the address is not kept: the link says that it is not there, and not what
    the mail left out."""
    mail_of = MAIL.replace("<p>Hello", f"<p>{{{{ {said} }}}}</p><p>Hello")
    async with shop_of(tmp_path, mailbox, mail_of) as shop:
        await shop.join("anna@example.com", "news")
        (mail,) = shop.mails()
        assert f"<p>{sent}</p>" in html_of(mail)
        assert rows(tmp_path) == []
        assert (await get(shop, link_of(mail))).status_code == 410


async def test_a_mail_in_plain_text_is_kept_as_text(tmp_path: Path, mailbox: Running) -> None:
    """A template of its own kind; the page is HTML in which its links can be followed."""
    text = (
        "---\nsubject: Hello\n---\nA < B\n{{ links.browser }}\n{{ links.unsubscribe }} {{ sender.imprint }}\n"
    )
    given = (("templates/greeting.txt", text.encode()),)
    flow = FLOW.replace("send greeting", "send  greeting")  # for which no HTML is put beside it
    async with open_shop(tmp_path, flow, mailbox.url, mailbox.folder, templates=given) as shop:
        await shop.join("anna@example.com", "news")
        (mail,) = shop.mails()
        (link,) = re.findall(r"https?://\S+/v/\S+", mail.parsed().get_content())
        shown = await get(shop, link)
        assert shown.status_code == 200
        assert f'A &lt; B\n<a href="{link}">{link}</a>' in shown.text


@pytest.mark.parametrize(("fault", "left"), [("refuse", 0), ("hang", 1), ("defer_once", 1)])
async def test_only_what_may_have_gone_out_stays(tmp_path: Path, fault: str, left: int) -> None:
    """A refused mail is not kept; one whose outcome is unknown may be with its reader; one that went at the
    second attempt has the link and the body of that attempt."""
    with start(tmp_path / "mailbox", **{fault: "anna@*"}) as mailbox:
        async with shop_of(tmp_path, mailbox) as shop:
            await shop.join("anna@example.com", "news")
            assert fault != "refuse" or "skipped greeting server_refused" in await shop.story("hello")
            if fault == "defer_once":
                assert len(rows(tmp_path)) == 1
                shop.clock.set(shop.clock() + 61_000)
                await shop.settle()
            assert [at for _, at in rows(tmp_path)] == [shop.clock()] * left
            for mail in shop.mails():
                assert (await get(shop, link_of(mail))).text == html_of(mail)


async def test_the_link_works_in_the_life_after(tmp_path: Path, mailbox: Running) -> None:
    """Ninety days long, of which the store is the only memory."""
    async with shop_of(tmp_path, mailbox) as shop:
        await shop.join("anna@example.com", "news")
        now = shop.clock()
    async with shop_of(tmp_path, mailbox, now=now + 90 * DAY) as shop:
        (mail, *_) = shop.mails()
        assert (await get(shop, link_of(mail))).text == html_of(mail)
        shop.clock.set(now + 90 * DAY + 1)
        assert (await get(shop, link_of(mail))).status_code == 410
        await shop.system.shown.tidy()
        assert not any(at == now for _, at in rows(tmp_path))
