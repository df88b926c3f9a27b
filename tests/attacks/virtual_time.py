"""A browser whose pages live in a time of their own: a minute of theirs passes at once."""

import asyncio
import shutil

import pytest
from playwright.async_api import Error, Page

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def chromium() -> str:
    """The path of Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("This test needs Chromium, so that `chromium` can be called.", pytrace=False)
    return found


async def waited(page: Page, url: str, milliseconds: int) -> None:
    """Open `url`, and once it is loaded let that much of the page's time pass; it stands while the network is
    waited for (CDP, `Emulation.setVirtualTimePolicy`)."""
    try:
        await page.goto(url)
    except Error as fault:
        if "net::ERR_NAME_NOT_RESOLVED" not in str(fault):  # it led elsewhere, where this browser cannot go
            raise
    session = await page.context.new_cdp_session(page)
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    session.once("Emulation.virtualTimeBudgetExpired", lambda _: over.set_result(None))
    budget = {"policy": "pauseIfNetworkFetchesPending", "budget": milliseconds}
    await session.send("Emulation.setVirtualTimePolicy", budget)
    await over
    await session.detach()
