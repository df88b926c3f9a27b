"""A flow is paused and resumed in the studio, and every page says what is held back."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened_studio import opened, words
from starlette.testclient import TestClient

from engine.core.bundle import Effect, MailBody
from engine.insight.records import open_records
from engine.store.batch import Batch
from engine.store.store import Store
from engine.store.unknown import Unknown
from virta.command import run

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def folder(stall: Path, tmp_path: Path) -> Path:
    """A copy of the stall, to be changed."""
    return Path(shutil.copytree(stall, tmp_path / "stall"))


@pytest.fixture
def studio(folder: Path) -> Iterator[TestClient]:
    yield from opened(folder)


def kinds(folder: Path) -> list[tuple[str, bytes]]:
    """The orders that stand in the store."""
    with open_records(folder / "data" / "engine.db") as records:
        rows = records.instructions()
    assert all(row.by.endswith(", in the studio") for row in rows)
    return [(row.kind, row.body) for row in rows]


def test_a_flow_is_paused_and_resumed_on_its_page(studio: TestClient, folder: Path) -> None:
    """The page says before how many are under way, and each page afterwards that it is paused, since when
    and by whom."""
    before = words(studio.get("/flows/welcome").text)
    assert "Hold it back" in before
    assert "under way" in before
    answer = studio.post("/flows/welcome/hold", data={"order": "pause"}, headers=OWN, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/flows/welcome#hold")
    assert kinds(folder) == [("pause", b'{"flow":"welcome","all":false}')]
    for page in ("/", "/flows", "/flows/welcome", "/mails", "/people", "/log"):
        assert "welcome is paused since" in words(studio.get(page).text), page
    assert "Resume it" in words(studio.get("/flows/welcome").text)
    studio.post("/flows/welcome/hold", data={"order": "resume"}, headers=OWN)
    assert [kind for kind, _ in kinds(folder)] == ["pause", "resume"]
    assert "is paused since" not in words(studio.get("/").text)


def test_what_a_command_orders_is_on_every_page(studio: TestClient, folder: Path) -> None:
    """A halt cannot be overlooked."""
    assert run(["halt", str(folder)]) == 0
    assert "Everything is halted since" in words(studio.get("/flows").text)


def test_a_flow_that_was_cancelled_says_so_and_who_did_it(studio: TestClient, folder: Path) -> None:
    """On its own page only."""
    assert run(["cancel", "welcome", str(folder)]) == 0
    assert "Cancelled 20" in words(studio.get("/flows/welcome").text)
    assert "whoever had not been mailed leaves." in words(studio.get("/flows/welcome").text)
    assert "Cancelled" not in words(studio.get("/flows/thanks").text)


def test_mails_of_which_nobody_knows_are_on_the_page_of_their_flow(studio: TestClient, folder: Path) -> None:
    """With the command that lists them."""
    body = MailBody("thanks", "1" * 32, "thank_you", "thank_you", "orders", True, 5, "t", {}, {}, {}, {})
    lost = Unknown(5, Effect("2" * 32, "3" * 32, "mail", body))
    store = Store(folder / "data" / "engine.db")
    asyncio.run(store.commit(Batch(unknown=[lost])))
    store.close()
    told = "Of 1 mail nobody knows whether it went out"
    assert told in words(studio.get("/flows/thanks").text)
    assert told not in words(studio.get("/flows/welcome").text)


@pytest.mark.parametrize(
    ("path", "data", "headers", "status"),
    [
        ("/flows/welcome/hold", {"order": "pause"}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/flows/welcome/hold", {"order": "pause"}, {}, 403),
        ("/flows/welcome/hold", {"order": "halt"}, OWN, 400),
        ("/flows/nothing/hold", {"order": "pause"}, OWN, 404),
    ],
)
def test_only_the_form_of_the_page_is_obeyed(
    studio: TestClient, folder: Path, path: str, data: dict[str, str], headers: dict[str, str], status: int
) -> None:
    """Other sites, other orders and other flows change nothing."""
    assert studio.post(path, data=data, headers=headers).status_code == status
    assert kinds(folder) == []
