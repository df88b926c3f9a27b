"""The parser's tables are kept, and never trusted when they are damaged."""

from pathlib import Path

import pytest

from dsl.found.source import read_source
from dsl.parse import parse_source
from dsl.read import parser
from virta.project.parser_tables import warm_up


def reads() -> bool:
    """Whether the parser that stands can read a text."""
    source, _ = read_source("a.flow", b"use shop\n")
    declarations, findings = parse_source(source, "EUR")
    return len(declarations) == 1 and not findings


def kept(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_tables_are_made_once_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is made."""
    warm_up(tmp_path, keep=True)
    before = kept(tmp_path).read_bytes()

    def fail() -> bytes:
        raise AssertionError("made again")

    monkeypatch.setattr(parser, "tables", fail)
    warm_up(tmp_path, keep=True)
    assert kept(tmp_path).read_bytes() == before
    assert reads()


@pytest.mark.parametrize("damage", ["", "nothing", "half", "cnowhere\nTables\n."])
def test_damaged_tables_are_made_anew(tmp_path: Path, damage: str) -> None:
    """Cut off, emptied, overwritten or of modules that are no more: the parser stands all the same."""
    warm_up(tmp_path, keep=True)
    whole = kept(tmp_path).read_bytes()
    kept(tmp_path).write_bytes(whole[: len(whole) // 2] if damage == "half" else damage.encode())
    warm_up(tmp_path, keep=True)
    assert reads()
    assert len(kept(tmp_path).read_bytes()) == len(whole)


def test_a_folder_that_cannot_be_written_to_is_no_fault(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    warm_up(tmp_path / "file", keep=True)
    assert reads()


def test_nothing_is_kept_where_python_keeps_nothing(tmp_path: Path) -> None:
    """As PYTHONDONTWRITEBYTECODE asks."""
    warm_up(tmp_path, keep=False)
    assert list(tmp_path.iterdir()) == []
    assert reads()


def test_older_tables_go(tmp_path: Path) -> None:
    """One grammar, one file."""
    (tmp_path / "grammar.old.tables").write_bytes(b"old")
    warm_up(tmp_path, keep=True)
    assert kept(tmp_path).name == f"grammar.{parser.digest()}.tables"
