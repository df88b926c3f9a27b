"""Scanners that open links in a browser, run what stands on the page, and wait a minute."""

import asyncio
from pathlib import Path

import pytest
from house import Clock
from kafija import LANGUAGES
from playwright.async_api import async_playwright
from roastery import Roastery, opened
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from virtual_time import ARGUMENTS, chromium, waited

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MINUTE = 60_000
_TABS = 4
"""Open at a time."""
PAGES = {"/c/", "/r/", "/u/", "/p/", "/v/"}
TRAP = """<!doctype html><form method="post"><input name="stop" value="all"></form>
<script>
  document.forms[0].action = location.hash.slice(1);
  setTimeout(() => document.forms[0].submit(), 55_000);
</script>"""


async def browse(links: list[str]) -> None:
    """Open each link in a browser that reaches this machine alone, and let its page live for a minute."""
    waiting = iter(links)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))

        async def look() -> None:
            for link in waiting:
                tab = await browser.new_page()  # in the old one time has come to an end
                await waited(tab, link, MINUTE)
                await tab.close()

        async with asyncio.TaskGroup() as tabs:
            for _ in range(_TABS):
                tabs.create_task(look())
        await browser.close()


async def test_a_browser_that_waits_a_minute_on_every_link_of_every_mail_writes_nothing(
    roastery: Roastery,
) -> None:
    """The picture and the counted links included; in the other languages, in which the same pages say other
    words, on those of a mail of each kind. Each table of both stores, and each file, is what it was."""
    first, *others = LANGUAGES
    mails = await roastery.everything((first,))
    mails += await roastery.everything(others, ("our_story", "order_confirmation"))
    links = sorted({link for mail in mails for link in mail.links if link.startswith(f"{roastery.url}/")})
    assert {link.removeprefix(roastery.url)[:3] for link in links} >= {*PAGES, "/l/", "/o/"}
    before = await roastery.stored()
    await browse(links)
    assert await roastery.stored() == before


async def test_a_browser_that_waits_a_minute_on_the_links_of_one_mail_and_one_proof_writes_nothing(
    roastery: Roastery,
) -> None:
    """The same for few links, so that it can be asked often: what confirms, refuses, stops and chooses."""
    mails = await roastery.everything(LANGUAGES[:1], ("our_story",))
    links = sorted({link for mail in mails for link in mail.links if link.startswith(f"{roastery.url}/")})
    links = [link for link in links if link.removeprefix(roastery.url)[:3] in PAGES]
    before = await roastery.stored()
    await browse(links)
    assert await roastery.stored() == before


def trapped(app: ASGIApp) -> ASGIApp:
    """The shop's pages, and one that they do not have: its script submits a form."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        shown = HTMLResponse(TRAP) if scope.get("path") == "/trap" else app
        await shown(scope, receive, send)

    return answer


async def test_the_browser_of_the_harness_runs_scripts_and_waits(tmp_path: Path, clock: Clock) -> None:
    """A page whose script submits a form after 55 seconds is noticed: someone has been unsubscribed."""
    async with opened(tmp_path, clock, trapped) as roastery:
        [mail, *_] = await roastery.everything(("en",), ("our_story",))
        [stop, *_] = [link for link in mail.links if "/u/" in link]
        before = await roastery.stored()
        await browse([stop, f"{roastery.url}/trap#{stop}"])
        after = await roastery.stored()
        assert {name for name in after if before.get(name) != after[name]} == {
            "consent.db",
            "consent.db.marks",
            "consent.db.stops",
        }
