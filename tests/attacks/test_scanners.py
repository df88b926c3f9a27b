"""Link scanners, previews and prefetchers open every link of every mail; nothing is written by that."""

import re
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from kafija import LANGUAGES, compiled
from roastery import Roastery, Sent

pytestmark = pytest.mark.anyio

AHEAD = {"Sec-Purpose": "prefetch;prerender", "Purpose": "prefetch", "X-Moz": "prefetch"}
_LEADS = re.compile(r"""(?:href|action|src)\s*=\s*["']([^"'#]*)""", re.IGNORECASE)


async def crawl(http: httpx2.AsyncClient, base: str, links: list[str]) -> set[str]:
    """Ask for each of our own addresses in every way that is no POST, and for all to which their pages lead,
    be it by a link, a picture or the action of a form; all that were asked for."""
    seen: set[str] = set()
    waiting = list(links)
    while waiting:
        link = waiting.pop()
        if link in seen or not link.startswith(f"{base}/"):
            continue
        seen.add(link)
        for method, headers in (("HEAD", {}), ("OPTIONS", {}), ("GET", AHEAD), ("GET", {})):
            answer = await http.request(method, link, headers=headers)
        places = _LEADS.findall(answer.text) if "html" in answer.headers.get("content-type", "") else []
        places.append(answer.headers.get("location", ""))
        for place in filter(None, places):
            waiting.append(urljoin(link, unescape(place)))
            form = f"{urljoin(link, unescape(place))}?List-Unsubscribe=One-Click&stop=all&save=yes"
            waiting += [form] if "?" not in place and not urlsplit(link).query else []
    return seen


async def nothing_comes_of_looking(roastery: Roastery, mails: list[Sent]) -> None:
    """Not a row of the consent store, not a row of the engine's, not a byte of a file differs afterwards."""
    links = [f"{roastery.url}/signup", *sorted({link for mail in mails for link in mail.links})]
    before = await roastery.stored()
    async with roastery.browser() as http:
        seen = await crawl(http, roastery.url, links)
    assert await roastery.stored() == before
    paths = {urlsplit(link).path[:3] for link in seen}
    assert {"/c/", "/r/", "/u/", "/p/", "/v/", "/l/", "/o/", "/si"} <= paths
    assert set(before) >= {"consent.db", "engine.db"}


async def test_a_crawler_over_the_links_of_a_mail_of_each_kind_writes_nothing(roastery: Roastery) -> None:
    """GET, HEAD, OPTIONS and looks ahead, also with what a form would send in the address."""
    mails = await roastery.everything(("lv",), ("our_story", "order_confirmation", "cart_reminder"))
    assert len(mails) == 5
    await nothing_comes_of_looking(roastery, mails)


@pytest.mark.slow
async def test_a_crawler_over_every_link_of_every_mail_writes_nothing(roastery: Roastery) -> None:
    """The same for all mails of the shop, in all its languages."""
    mails = await roastery.everything()
    assert {(mail.name, mail.language) for mail in mails} == {
        (file.name, language)
        for file in compiled().template_files
        if not file.partial
        for language in LANGUAGES
    }
    await nothing_comes_of_looking(roastery, mails)


async def test_the_harness_sees_what_a_press_writes(roastery: Roastery) -> None:
    """One POST by a person, and consent's store differs: what finds nothing would find something."""
    mails = await roastery.everything(("en",), ("our_story",))
    before = await roastery.stored()
    [link] = [link for link in mails[0].links if "/u/" in link][:1]
    async with roastery.browser() as http:
        assert (await http.post(link, data={"stop": "all"})).status_code == 200
    after = await roastery.stored()
    assert before["consent.db"] != after["consent.db"]
    assert {name for name in before if before[name] != after[name]} >= {"consent.db", "consent.db.stops"}
