"""A flow is paused and resumed in the studio, and every page says what is held back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened_studio import opened, words
from starlette.testclient import TestClient

from engine.insight.records import open_records
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
