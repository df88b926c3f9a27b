"""`virta consent merge`: an operator makes two contacts one person."""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from consent_of_stall import opened
from stall import make_stall

from consent.client import InProcess
from engine.store.store import Store
from virta.command import run
from virta.database_url import engine_place
from virta.keys import make_development_keys
from virta.settings import read_settings

ANNA, OTHER = "anna@example.com", "a.liepa@example.com"
Merge = Callable[..., tuple[int, str]]


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """One that knows Anna by two addresses; by the other she wants no marketing."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    (folder / "data").mkdir(exist_ok=True)
    with closing(opened(folder)) as service:
        client = InProcess(service)
        _, other = asyncio.run(client.subjects([ANNA, OTHER]))
        assert other is not None
        asyncio.run(client.record(other, "objected.marketing", "operator"))
    return folder


@pytest.fixture
def merge(stall: Path, capsys: pytest.CaptureFixture[str]) -> Merge:
    """Run the command: its exit code, and all that it says."""

    def merged(*said: str) -> tuple[int, str]:
        code = run(["consent", "merge", *said[:2], str(stall), *said[2:]])
        found = capsys.readouterr()
        return code, found.out + found.err

    return merged


def test_two_contacts_become_one(merge: Merge, stall: Path) -> None:
    """With what either had stopped; said again, nothing changes."""
    code, says = merge(ANNA, OTHER, "--yes")
    assert code == 0
    assert says.startswith("They are one from now on: subject ")
    code, says = merge(ANNA, OTHER, "--yes", "--format", "json")
    assert (code, json.loads(says)["heard"]) == (0, "again")
    with closing(opened(stall)) as service:
        ids = asyncio.run(InProcess(service).subjects([ANNA, OTHER]))
        assert ids[0] == ids[1] == json.loads(says)["subject"]
        types = [change.type for change in asyncio.run(InProcess(service).changes(0))]
    assert types == ["objected.marketing", "objected.marketing", "merged"]


def test_who_is_one_with_another_is_erased_by_either_id(
    merge: Merge, stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The engine forgets whoever they are one with, at once; said again by that id, it is told so."""
    with closing(opened(stall)) as service:
        anna, other = asyncio.run(InProcess(service).subjects([ANNA, OTHER]))
    assert anna is not None
    assert other is not None
    merge(ANNA, OTHER, "--yes")
    Store(engine_place(stall, read_settings(stall))).close()
    for _ in range(2):
        assert run(["consent", "erase", other, str(stall), "--yes"]) == 0
        assert f"Subject {anna} was erased on" in capsys.readouterr().out
    with closing(Store(engine_place(stall, read_settings(stall)))) as store:
        [gone] = asyncio.run(store.forgetting.everybody())
    assert (gone.contact, gone.clean, gone.told) == (anna, True, True)


def test_nobody_is_made_one_unasked(merge: Merge) -> None:
    """Where nobody can be asked, it wants `--yes`; of a stranger, nothing is changed."""
    assert merge(ANNA, OTHER) == (2, "Nobody is there to ask: say --yes.\n")
    code, says = merge(ANNA, "stranger@example.com", "--yes")
    assert (code, says) == (1, "One of the two is nobody who is known here; nothing was changed.\n")
    code, says = merge(ANNA, "nobody", "--yes")
    assert code == 2
    assert "is neither an e-mail address nor the id of a person" in says
