"""The studio on a small phone: nothing sticks out, and a finger meets what it presses."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from played import play
from playwright.sync_api import Browser, Page
from serving import Served

WIDTH, FINGER = 360, 44
PATHS = (
    *("/", "/flows", "/flows/welcome", "/flows/welcome/steps/hello", "/mails", "/people", "/log"),
    *(
        "/people?address=anna@example.com&show=all",
        "/people?address=nobody@example.com",
        "/set-aside",
        "/nothing",
    ),
)
TASTING = """
flow tasting "A tasting"
    topic news
    start by request

    wait 2 days
    add tag "taster"
"""
SMALL = """finger => [...document.querySelectorAll("button, .button, select, textarea, summary, input")]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < finger)
    .map(one => one.outerHTML)"""
WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
BESIDE = """() => [...document.querySelectorAll("button, .button, select, textarea, summary, input")]
    .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth)
    .map(one => one.outerHTML)"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The stall after some days, with a flow by request; two people have been set aside while it runs."""
    stall = play(tmp_path / "stall")
    (stall / "flows" / "tasting.flow").write_text(TASTING, "utf-8")
    with Served(stall, "--mailbox", "--apply", "--now", "2026-03-04T10:00") as running:
        with closing(sqlite3.connect(stall / "data" / "engine.db", timeout=30)) as engine, engine:
            for contact in (b"n" * 16, b"m" * 16):
                row = (
                    contact,
                    1_772_434_800_000,
                    "KeyError: 'size' (somewhere)",
                    "KeyError",
                    "welcome",
                    "hello",
                )
                engine.execute("INSERT INTO aside VALUES (?, ?, 'fired', ?, ?, ?, ?)", row)
        yield running


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": WIDTH, "height": 740}, has_touch=True, color_scheme="dark")
    yield page
    page.close()


def faults(page: Page) -> list[str]:
    """What would annoy a thumb on this page."""
    found = [f"{page.url}: less than {FINGER} px high: {each}" for each in page.evaluate(SMALL, FINGER)]
    found += [f"{page.url}: not to be seen without scrolling: {each}" for each in page.evaluate(BESIDE)]
    wider = page.evaluate(WIDER)
    return [*found, f"{page.url}: {wider} px too wide"] if wider > 0 else found


def test_on_a_phone_nothing_sticks_out_and_all_can_be_pressed(served: Served, phone: Page) -> None:
    """On every page of the studio, those on which somebody is started included."""
    found = []
    for path in PATHS:
        phone.goto(f"{served.url}/studio{path}")
        found += faults(phone)
    phone.goto(f"{served.url}/studio/mails")
    phone.locator("main a[href*='/mails/']").first.click()
    found += faults(phone)
    phone.goto(f"{served.url}/studio/flows/tasting/start?who=anna@example.com")
    found += faults(phone)
    phone.get_by_role("button", name="Start it for them").click()
    assert "entered" in phone.locator("main").inner_text()
    found += faults(phone)
    assert found == []


def test_a_page_that_is_too_wide_or_too_small_is_found(phone: Page) -> None:
    """So that the test above can fail."""
    phone.set_content(
        '<p style="width: 400px"><button style="height: 30px; margin-left: 380px">A</button></p>'
    )
    high, beside, wide = faults(phone)
    assert "44 px high" in high
    assert "without scrolling" in beside
    assert "px too wide" in wide
