"""People who are set aside are listed in the studio, and can be tried again there."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from opened_studio import opened, words
from starlette.testclient import TestClient

from engine.insight.records import open_records

OWN = {"Sec-Fetch-Site": "same-origin"}
CAUSE, ERROR = "KeyError at engine.core.waits:18", "KeyError: 'size' (engine.core.waits:18)"
SINCE, DUE = 1_772_434_800_000, 1_772_438_400_000


@pytest.fixture
def folder(stall: Path, tmp_path: Path) -> Path:
    """A copy of the stall, two people of which are set aside for one cause, and one for another."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    with closing(sqlite3.connect(folder / "data" / "engine.db")) as engine, engine:
        contacts = [row[0] for row in engine.execute("SELECT id FROM contact ORDER BY id LIMIT 2")]
        for contact in contacts:
            put = "INSERT INTO aside VALUES (?, ?, 'fired', ?, ?, 'welcome', 'greeting')"
            engine.execute(put, [contact, SINCE, ERROR, CAUSE])
            engine.execute("INSERT INTO retry VALUES (?, 'person', 2, ?, 0)", [contact, DUE])
        put = "INSERT INTO aside VALUES (?, ?, 'happened', 'TypeError: x', 'TypeError at here:1', '', '')"
        engine.execute(put, [b"n" * 16, SINCE])
    return folder


@pytest.fixture
def studio(folder: Path) -> Iterator[TestClient]:
    yield from opened(folder)


def orders(folder: Path) -> list[tuple[str, bytes]]:
    with open_records(folder / "data" / "engine.db") as records:
        return [(row.kind, row.body) for row in records.instructions()]


def contacts(folder: Path) -> list[str]:
    with open_records(folder / "data" / "engine.db") as records:
        return [one.contact for one in records.set_aside() if one.cause == CAUSE]


def test_all_are_listed_by_what_failed(studio: TestClient) -> None:
    """With the error, where they stood, how often they were tried, and when they are tried next; every page
    leads there."""
    page = studio.get("/set-aside")
    told = words(page.text)
    assert "3 people, at whom Virta itself failed" in told
    for part in (CAUSE, ERROR, "Try all 2 again now", "welcome at greeting", "2 Mar 2026, 07:00", "08:00"):
        assert part in told, part
    assert "TypeError at here:1" in told
    assert "Try all 1" not in told
    for path in ("/", "/flows", "/people"):
        assert "3 people are set aside" in words(studio.get(path).text)


def test_one_is_tried_again_and_all_of_a_cause(studio: TestClient, folder: Path) -> None:
    """Each button gives the order that the command gives."""
    contact, _ = contacts(folder)
    for data in ({"of": "contact", "value": contact}, {"of": "cause", "value": CAUSE}):
        answer = studio.post("/set-aside", data=data, headers=OWN, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/studio/set-aside?asked")
    assert orders(folder) == [
        ("retry", f'{{"contact":"{contact}","cause":""}}'.encode()),
        ("retry", f'{{"contact":"","cause":"{CAUSE}"}}'.encode()),
    ]
    assert "The engine was asked to try again" in words(studio.get("/set-aside?asked").text)


@pytest.mark.parametrize("data", [{}, {"of": "cause", "value": ""}, {"of": "everybody", "value": "x"}])
def test_only_the_buttons_are_obeyed(studio: TestClient, folder: Path, data: dict[str, str]) -> None:
    """And no other site's."""
    assert studio.post("/set-aside", data=data, headers=OWN).status_code == 400
    sent = {"of": "cause", "value": CAUSE}
    assert studio.post("/set-aside", data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert orders(folder) == []


def test_the_story_of_whoever_is_set_aside_begins_with_it(studio: TestClient, folder: Path) -> None:
    """As by `virta why`, even if what is known of them cannot be read."""
    contact, _ = contacts(folder)
    with closing(sqlite3.connect(folder / "data" / "engine.db")) as engine, engine:
        engine.execute("UPDATE contact SET body = x'c1' WHERE id = ?", [bytes.fromhex(contact)])
    page = studio.get("/people", params={"address": contact})
    assert page.status_code == 200
    said = "Set aside since 2026-03-02 07:00 at greeting of welcome, was tried 2 times more in vain"
    assert said in words(page.text)
    assert "Try again now" in words(page.text)
