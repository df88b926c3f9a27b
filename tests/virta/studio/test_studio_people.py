"""The studio's pages of people: what they got, what they agreed to, and where to look further."""

import asyncio
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from opened_studio import opened, words
from starlette.testclient import TestClient

from engine.core.bundle import Bundle, replace
from engine.core.restriction import Restriction
from engine.store.batch import Batch
from engine.store.store import Store


def test_a_story_links_to_its_mails_the_log_and_the_preferences(studio: TestClient) -> None:
    """Each line that tells of a mail leads to that very mail."""
    page = studio.get("/people?address=anna@example.com").text
    mails = re.findall(r'<p>Got the mail (\w+) from [^<]+<a href="/studio(/mails/\d+)">', page)
    assert [name for name, _ in mails] == ["hello", "order_thanks"]
    assert "Asked for" in page
    assert "Entered" not in words(page)  # mails and consent come first; all is one click away
    everything = words(studio.get("/people?address=anna@example.com&show=all").text)
    assert everything.index("Entered") < everything.index("Got the mail hello")
    assert "Welcome" in words(studio.get(mails[0][1]).text)
    assert "Order o-1" in words(studio.get(mails[1][1]).text)
    assert re.search(r'href="/p/[^"]+">Their preferences page', page)
    assert "I want news from the coffee stall by e-mail." in page
    assert "No mail was refused." in page


@pytest.mark.parametrize(
    "change",
    ["update evidence set sealed = zeroblob(40)", "update subjects set wrapped = zeroblob(60)"],
)
def test_a_damaged_row_of_somebody_is_told_of(change: str, stall: Path, tmp_path: Path) -> None:
    """The page says what is damaged, and shows what is not."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    with closing(sqlite3.connect(folder / "data" / "consent.db")) as store, store:
        store.execute(change)
    for client in opened(folder):
        answer = client.get("/people?address=anna@example.com")
        assert answer.status_code == 200
        assert "no longer what the log committed to" in words(answer.text)


def test_whose_data_is_not_to_be_used_is_said_to_be_restricted(stall: Path, tmp_path: Path) -> None:
    """Since when, and what that means for them."""
    folder = Path(shutil.copytree(stall, tmp_path / "stall"))
    with closing(Store(folder / "data" / "engine.db")) as store:
        batch = Batch()
        for known in asyncio.run(_everybody(store)).values():
            batch.change(known, replace(known, restricted=Restriction(1_772_434_800_000)))
        asyncio.run(store.commit(batch))
    for client in opened(folder):
        page = words(client.get("/people?address=anna@example.com").text)
        assert "Restricted since" in page
        assert "kept, and not used" in page


async def _everybody(store: Store) -> dict[str, Bundle]:
    return await store.load(await store.contacts("0" * 32, 100))


def test_a_story_can_be_narrowed(studio: TestClient) -> None:
    """To what was agreed, for one."""
    page = words(studio.get("/people?address=anna@example.com&show=consent").text)
    assert "Confirmed “News”" in page
    assert "Got the mail" not in page


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("nobody@example.com", 404, "Nobody with the address nobody@example.com is known here"),
        ("<script>alert(1)</script>", 400, "is no e-mail address"),
    ],
)
def test_who_is_unknown_gets_a_clear_answer(address: str, status: int, told: str, studio: TestClient) -> None:
    """In words, with the form to try again; what was asked is shown harmlessly."""
    answer = studio.get("/people", params={"address": address})
    assert answer.status_code == status
    assert told in words(answer.text)
    assert "<script" not in answer.text
