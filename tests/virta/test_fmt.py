"""`virta fmt`: which files it takes, what it changes, and what it leaves alone."""

import io
import os
import re
import stat
import sys
from pathlib import Path

import pytest

from virta.command import run
from virta.project.rewriting import replace_content

ODD = "flow  x   # the flow\n  start on order_placed\n  finish\n"
GOOD = "flow x    # the flow\n    start on order_placed\n    finish\n"
FAULTY = "flow x\n  sned y\n"
SHOP = Path(__file__).parents[2] / "examples" / "kafija"


def given(path: Path, text: str = ODD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


class _Input:
    """Standard input that holds these bytes."""

    def __init__(self, data: bytes) -> None:
        self.buffer = io.BytesIO(data)


def test_all_flows_and_scenarios_of_a_folder_are_formatted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each changed file is named; hidden folders and other files are passed over."""
    odd = [given(tmp_path / name) for name in ("a.flow", "flows/b.flow", "scenarios/c.flow")]
    left = [given(tmp_path / name) for name in (".trash/d.flow", "notes.txt")]
    given(tmp_path / "good.flow", GOOD)
    monkeypatch.chdir(tmp_path)
    assert run(["fmt"]) == 0
    out, err = capsys.readouterr()
    assert out == "a.flow\nflows/b.flow\nscenarios/c.flow\n"
    assert err == "3 files formatted, 1 file in canonical form.\n"
    assert {path.read_text() for path in odd} == {GOOD}
    assert {path.read_text() for path in left} == {ODD}
    assert run(["fmt", "."]) == 0
    assert capsys.readouterr() == ("", "4 files in canonical form.\n")


def test_check_lists_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 as long as one file would change."""
    odd, good = given(tmp_path / "odd.flow"), given(tmp_path / "good.flow", GOOD)
    assert run(["fmt", "--check", str(odd), str(good)]) == 1
    assert capsys.readouterr() == (f"{odd}\n", "1 file would change, 1 file in canonical form.\n")
    assert odd.read_text() == ODD
    assert run(["fmt", "--check", str(good)]) == 0


def test_diff_shows_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a unified diff, without colours where no terminal is; with `--check` the exit code tells too."""
    odd = given(tmp_path / "odd.flow")
    assert run(["fmt", "--diff", str(odd)]) == 0
    shown = capsys.readouterr().out
    assert shown == (
        f"--- {odd}\n+++ {odd} (formatted)\n@@ -1,3 +1,3 @@\n"
        "-flow  x   # the flow\n-  start on order_placed\n-  finish\n"
        "+flow x    # the flow\n+    start on order_placed\n+    finish\n"
    )
    assert odd.read_text() == ODD
    assert run(["fmt", "--diff", "--check", str(odd)]) == 1


def test_a_diff_on_a_terminal_has_colours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none where NO_COLOR asks for it."""
    odd = given(tmp_path / "odd.flow", ODD.removesuffix("\n"))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert run(["fmt", "--diff", str(odd)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[32m+    finish\x1b[0m\n" in shown
    assert "\x1b[31m-  finish\x1b[0m\n\\ No newline at end of file\n" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(["fmt", "--diff", str(odd)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_standard_input_goes_to_standard_output(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formatted; with faults as it came, so that an editor loses nothing."""
    monkeypatch.setattr(sys, "stdin", _Input(ODD.encode()))
    assert run(["fmt", "-"]) == 0
    assert capsysbinary.readouterr() == (GOOD.encode(), b"")
    monkeypatch.setattr(sys, "stdin", _Input(FAULTY.encode()))
    assert run(["fmt", "-"]) == 1
    out, err = capsysbinary.readouterr()
    assert out == FAULTY.encode()
    assert b"error E102 standard input:2:3\n" in err
    monkeypatch.setattr(sys, "stdin", _Input(ODD.encode()))
    assert run(["fmt", "--check", "-"]) == 1
    assert capsysbinary.readouterr().out == b""


def test_a_file_with_faults_is_left_and_the_others_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its findings are told as `virta check` tells them."""
    faulty, odd = given(tmp_path / "a.flow", FAULTY), given(tmp_path / "b.flow")
    assert run(["fmt", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == f"{odd}\n"
    assert f"error E102 {faulty}:2:3\n  `sned` begins no header line or step of a flow.\n" in err
    assert err.endswith("1 file formatted, 1 file left as it is.\n")
    assert faulty.read_text() == FAULTY
    assert odd.read_text() == GOOD


def test_marks_and_line_ends_of_other_systems_go(tmp_path: Path) -> None:
    """A byte order mark and CR LF make a file differ, even if its words do not."""
    path = tmp_path / "a.flow"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert run(["fmt", str(path)]) == 0
    assert path.read_bytes() == GOOD.encode()


def test_the_rights_of_a_file_are_kept(tmp_path: Path) -> None:
    """Nothing else is left in the folder."""
    path = given(tmp_path / "a.flow")
    path.chmod(0o640)
    assert run(["fmt", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.flow"]


def test_a_link_stays_a_link(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it leads to is formatted, once."""
    real = given(tmp_path / "shared" / "a.flow")
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in ("a.flow", "b.flow"):
        (folder / name).symlink_to(real)
    assert run(["fmt", str(folder)]) == 0
    assert (folder / "a.flow").is_symlink()
    assert real.read_text() == GOOD
    assert capsys.readouterr().err == "1 file formatted.\n"


def test_a_write_protected_file_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Though the folder would allow to replace it; the others are done."""
    path, other = given(tmp_path / "a.flow"), given(tmp_path / "b.flow")
    path.chmod(0o444)
    assert run(["fmt", str(tmp_path)]) == 1
    assert f"virta: {path} is left as it is: it is write-protected.\n" in capsys.readouterr().err
    assert path.read_text() == ODD
    assert other.read_text() == GOOD


def test_a_failed_write_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing beside it."""
    path = given(tmp_path / "a.flow")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_content(path, b"new")
    assert path.read_text() == ODD
    assert os.listdir(tmp_path) == ["a.flow"]


def test_a_defect_of_the_formatter_is_told_as_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is left as it is, with exit code 1."""
    path = given(tmp_path / "a.flow")
    monkeypatch.setattr("dsl.format.result.shown", lambda rows: "flow x\n    start on order_paid\n")
    assert run(["fmt", str(path)]) == 1
    told = capsys.readouterr().err
    assert "Its formatted text would mean something else. This is a defect of Virta" in told
    assert path.read_text() == ODD


@pytest.mark.parametrize(("currency", "code"), [("QQQ", 0), ("EUR", 1)])
def test_the_currency_is_that_of_the_project(tmp_path: Path, currency: str, code: int) -> None:
    """An amount in a currency of its own is no fault there."""
    toml = (SHOP / "virta.toml").read_text("utf-8")
    given(tmp_path / "virta.toml", re.sub(r"^currency = .*$", f'currency = "{currency}"', toml, flags=re.M))
    given(tmp_path / "flows" / "a.flow", "segment a\n    sum of order_placed.total > 5 QQQ\n")
    assert run(["fmt", str(tmp_path / "flows")]) == code


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "There is no file or folder nowhere."),
        (["a.txt"], "a.txt is no file of flows: their names end in .flow."),
        (["-", "a.flow"], "Standard input (-) stands alone, without files."),
        (["--chek"], "Unknown option"),
    ],
)
def test_faults_of_usage_change_nothing(
    words: list[str],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit code 2, also when other files were named rightly."""
    monkeypatch.chdir(tmp_path)
    given(tmp_path / "a.txt")
    odd = given(tmp_path / "a.flow")
    assert run(["fmt", "a.flow", *words]) == 2
    assert told in capsys.readouterr().err
    assert odd.read_text() == ODD


def test_a_folder_without_flows_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to do is no fault."""
    assert run(["fmt", str(tmp_path)]) == 0
    assert capsys.readouterr().err == "There are no flows here.\n"
