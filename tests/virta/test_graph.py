"""`virta graph` with people in the flows, in files, and beside stores that cannot be read."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest
from played import play
from stall import make_stall

from dsl.graph import graph_from_json, program_from_json
from virta.command import run


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("graph") / "stall")


@pytest.fixture
def copy(stall: Path, tmp_path: Path) -> Path:
    """A stall whose stores may be changed."""
    return Path(shutil.copytree(stall, tmp_path / "stall"))


def drawn(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["graph", *words]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    return told.out


def test_where_a_project_has_run_its_people_are_drawn(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anna bought, Berta left, Carl waits; without being asked for."""
    text = drawn(capsys, str(stall), "welcome")
    assert "3 entered" in text
    assert '["send hello<br/>3 mailed"]' in text
    assert '("wait for order_placed up to 3 days<br/>1 here now, 1 passed")' in text
    assert '-->|"on order_placed: 1"|' in text
    assert '-->|"timeout: 0"|' in text


def test_people_can_be_left_out(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As they are where nothing has run."""
    plain = drawn(capsys, str(stall), "welcome", "--no-counts")
    assert "entered" not in plain
    assert plain == drawn(capsys, str(make_stall(stall.parent / "fresh")), "welcome")


def test_every_notation_has_the_people(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same numbers everywhere."""
    svg = ElementTree.fromstring(drawn(capsys, str(stall), "welcome", "--format", "svg"))
    titles = [element.text for element in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert "wait for order_placed up to 3 days (1 here now, 1 passed)" in titles
    assert "\\n1 here now, 1 passed" in drawn(capsys, str(stall), "welcome", "--format", "dot")
    data = json.loads(drawn(capsys, str(stall), "welcome", "--format", "json"))
    assert data["counts"]["entered"] == 3
    wait = next(step for step, of in data["counts"]["steps"].items() if of["here"])
    assert data["counts"]["steps"][wait] == {
        **{"here": 1, "passed": 1},
        **{"sent": None, "skipped": None, "unknown": None},
    }
    assert data["counts"]["arms"][wait] == {"order_placed": 1, "timeout": 0}
    assert data["counts"]["steps"]["hello"]["sent"] == 3
    assert data["counts"]["elsewhere"] == 0


def test_the_json_is_the_graph_that_the_engine_reads(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With people beside it or without; one flow or the whole program."""
    one = graph_from_json(drawn(capsys, str(stall), "welcome", "--format", "json").encode())
    whole = program_from_json(drawn(capsys, str(stall), "--format", "json").encode())
    bare = program_from_json(drawn(capsys, str(stall), "--format", "json", "--no-counts").encode())
    assert one in whole.flows
    assert whole == bare
    assert one.sealed().digest == one.digest


def test_people_at_steps_that_are_gone_are_counted_apart(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After an edit of the flow nobody is lost, and nobody stands where he does not."""
    flow = copy / "flows" / "welcome.flow"
    flow.write_text(flow.read_text("utf-8").split("    wait for")[0], "utf-8")
    counts = json.loads(drawn(capsys, str(copy), "welcome", "--format", "json"))["counts"]
    assert counts["elsewhere"] == 1
    assert [step["here"] for step in counts["steps"].values()] == [0]


@pytest.mark.parametrize(
    ("form", "ending"), [("svg", "svg"), ("mermaid", "mmd"), ("dot", "dot"), ("json", "json")]
)
def test_several_flows_go_to_a_folder(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, ending: str
) -> None:
    """One file each, named for the flow and told; the folder is made."""
    out = tmp_path / "a" / "drawings"
    told = drawn(capsys, str(stall), "welcome", "thanks", "--format", form, "--out", str(out))
    assert told.splitlines() == [str(out / f"{name}.{ending}") for name in ("welcome", "thanks")]
    assert {path.name for path in out.iterdir()} == {f"welcome.{ending}", f"thanks.{ending}"}
    assert (out / f"thanks.{ending}").read_text("utf-8") == drawn(
        capsys, str(stall), "thanks", "--format", form
    ).replace("%% thanks\n", "")
    assert len(drawn(capsys, str(stall), "--format", form, "--out", str(out)).splitlines()) == 3


def test_a_folder_that_cannot_be_made_is_told(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2."""
    (tmp_path / "taken").write_text("", "utf-8")
    assert run(["graph", str(stall), "--out", str(tmp_path / "taken")]) == 2
    assert "taken cannot be written" in capsys.readouterr().err


def test_a_drawing_in_svg_is_one_flow(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several need a folder, and it is said so."""
    assert run(["graph", str(stall), "--format", "svg"]) == 2
    assert "`--out`" in capsys.readouterr().err


def test_people_that_are_not_there_are_told_if_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2; unasked, the flow is drawn without."""
    fresh = make_stall(tmp_path / "stall")
    assert run(["graph", str(fresh), "welcome", "--counts"]) == 2
    assert "nothing has run here yet" in capsys.readouterr().err
    assert not (fresh / "data" / "engine.db").exists()


@pytest.fixture
def locked(copy: Path) -> Iterator[Path]:
    """A stall whose store another program holds for itself alone."""
    with closing(sqlite3.connect(copy / "data" / "engine.db", isolation_level=None)) as store:
        store.execute("PRAGMA journal_mode=DELETE")
        store.execute("BEGIN EXCLUSIVE")
        yield copy


def test_a_locked_store_hides_no_flow(
    locked: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn without people and said so; asked for them, it is refused."""
    monkeypatch.setattr("engine.insight.records.PATIENCE", 10)
    assert run(["graph", str(locked), "welcome"]) == 0
    out, err = capsys.readouterr()
    assert "send hello" in out
    assert err.startswith("virta: Drawn without people: ")
    assert "is locked by another program. Try again when that one is done.\n" in err
    assert run(["graph", str(locked), "welcome", "--counts"]) == 2
    assert "is locked by another program" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP TABLE journal", "was written by another version of Virta"),
        ("UPDATE graph SET body = '{}'", "was written by another version of Virta"),
        ("ALTER TABLE journey RENAME COLUMN node TO step", "was written by another version of Virta"),
    ],
)
def test_a_store_of_another_version_hides_no_flow(
    copy: Path, capsys: pytest.CaptureFixture[str], change: str, told: str
) -> None:
    """Whatever differs in it."""
    with closing(sqlite3.connect(copy / "data" / "engine.db")) as store, store:
        store.execute(change)
    assert run(["graph", str(copy), "welcome"]) == 0
    out, err = capsys.readouterr()
    assert "send hello" in out
    assert told in err
    assert err.count("\n") == 1


def test_what_is_no_store_hides_no_flow(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is none of ours."""
    for path in (copy / "data").glob("engine.db*"):
        path.unlink()
    (copy / "data" / "engine.db").write_bytes(b"no database at all, but long enough to be read as one" * 40)
    assert run(["graph", str(copy), "welcome"]) == 0
    assert "cannot be read as a database: file is not a database." in capsys.readouterr().err


def test_reading_changes_nothing(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No file of the project is other than before, none is there that was not."""

    def state() -> dict[str, str]:
        files = [path for path in copy.rglob("*") if path.is_file()]
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = state()
    drawn(capsys, str(copy))
    assert state() == before
