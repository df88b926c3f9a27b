"""Questions at the terminal that nobody answers, and orders that come to nothing."""

import fcntl
import io
import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from played import play

from virta.command import run
from virta.operating import erasing, resolving
from virta.operating.resolving import LEFTOVERS, SET_ASIDE, Act
from virta.settings import BrokenProject
from virta.terminal.asking import Unanswered, ask

CARL = "carl@example.com"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("unanswered") / "stall")


@pytest.fixture
def stall(played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    shutil.copytree(played, tmp_path / "stall")
    return tmp_path / "stall"


class Terminal(io.StringIO):
    """Somebody sits there, and types this; then Ctrl-D, or Ctrl-C."""

    def __init__(self, typed: str, interrupts: bool) -> None:
        super().__init__(typed)
        self.interrupts = interrupts

    def isatty(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        line = super().readline(-1 if size is None else size)
        if not line and self.interrupts:
            raise KeyboardInterrupt
        return line


@pytest.fixture(params=[False, True], ids=["ctrl-d", "ctrl-c"])
def leaving(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits at the terminal leaves at the first question."""
    monkeypatch.setattr(sys, "stdin", Terminal("", request.param))


@contextmanager
def engine_runs(folder: Path) -> Iterator[None]:
    """As a running engine holds its lock."""
    with (folder / "data" / "engine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def orders(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "data" / "engine.db")) as engine:
        ((count,),) = engine.execute("SELECT count(*) FROM control").fetchall()
    return int(count)


@pytest.mark.usefixtures("leaving")
def test_leaving_is_no_answer() -> None:
    """Not even an empty one."""
    with pytest.raises(Unanswered):
        ask("Which? ")


def test_an_answer_is_what_stands_on_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the blanks around it."""
    monkeypatch.setattr(sys, "stdin", Terminal("  yes \n", interrupts=False))
    assert ask("Well? ") == "yes"


@pytest.mark.usefixtures("leaving")
def test_who_leaves_has_nobody_erased(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, and the exit code is that of whoever does not agree."""
    assert run(["consent", "erase", CARL, str(stall)]) == 2
    assert capsys.readouterr().err == "Nothing was changed.\n"
    assert run(["consent", "show", CARL, str(stall)]) == 0


@pytest.mark.usefixtures("leaving")
def test_who_leaves_applies_nothing(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As whoever says no."""
    flow = stall / "flows" / "welcome.flow"
    flow.write_text(flow.read_text("utf-8").replace("up to 3 days", "up to 500 days"), "utf-8")
    assert run(["apply", str(stall)]) == 3
    assert "Nothing was applied." in capsys.readouterr().err


@pytest.mark.usefixtures("leaving")
def test_who_leaves_the_doctor_chose_nothing(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was listed is still there."""
    left = stall / "data" / "engine.db.part"
    left.write_bytes(b"half")
    assert run(["doctor", str(stall), "--resolve"]) == 0
    assert capsys.readouterr().out.endswith("Nothing was done.\n")
    assert left.exists()


def test_a_mere_enter_at_the_doctor_s_question_does_nothing(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And that is said: there would be something to resolve."""
    (stall / "data" / "engine.db.part").write_bytes(b"half")
    monkeypatch.setattr(sys, "stdin", Terminal("\n", interrupts=False))
    assert run(["doctor", str(stall), "--resolve"]) == 0
    told = capsys.readouterr().out
    assert told.endswith("Nothing was done.\n")
    assert "There is nothing to resolve." not in told


def test_an_erasure_that_is_not_done_is_asked_for_again_by_the_id(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """While somebody reads the engine's store as it was, it is not done, and the address is known no more."""
    with closing(sqlite3.connect(stall / "data" / "engine.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM control").fetchall()
        assert run(["consent", "erase", CARL, str(stall), "--yes", "--format", "json"]) == 1
        told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["erasure"]["primary"] == 0
    again = f"`virta consent erase {told['found']['subject']}`."
    assert again in told["says"][-1]
    assert run(["consent", "erase", CARL, str(stall), "--yes"]) == 1
    assert "Nobody is known here" in capsys.readouterr().out
    assert run(["consent", "erase", told["found"]["subject"], str(stall), "--yes"]) == 0
    assert "All stores had forgotten them" in capsys.readouterr().out


def test_an_erasure_that_a_running_engine_has_not_begun_names_the_id(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then the address may be known no more."""
    monkeypatch.setattr(erasing, "PATIENCE", 0.0)
    with engine_runs(stall):
        assert run(["consent", "erase", CARL, str(stall), "--yes", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["says"][0] == "The engine runs, but has not come to it yet. It will."
    assert f"`virta consent erase {told['found']['subject']}`." in told["says"][1]


def test_where_nobody_is_there_to_ask_the_plan_is_shown_all_the_same(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whoever reads the log knows what would go."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run(["consent", "erase", CARL, str(stall)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("To be erased:\n")
    assert told.endswith("Nobody is there to ask: say --yes.\n")


def test_nothing_is_half_done_where_an_engine_runs(stall: Path) -> None:
    """Leftovers may not go then, so no order is given for those who are chosen with them."""
    left, before = stall / "data" / "engine.db.part", orders(stall)
    left.write_bytes(b"half")
    chosen = [Act(SET_ASIDE, "somebody", "try them again"), Act(LEFTOVERS, left.name, "remove it")]
    data = stall / "data"
    with engine_runs(stall), pytest.raises(BrokenProject, match=r"An engine runs.*Nothing was done\."):
        resolving.resolve(data / "engine.db", data, chosen, whole=False)
    assert (orders(stall), left.exists()) == (before, True)
    assert len(resolving.resolve(data / "engine.db", data, chosen, whole=False).given or ()) == 1
    assert (orders(stall), left.exists()) == (before + 1, False)
