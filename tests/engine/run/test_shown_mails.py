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
