"""The parser's tables are kept, and never trusted when they are damaged."""

from pathlib import Path

import pytest

from dsl import parser as tables
from dsl.parser import kept

GRAMMAR = 'start: "a" NAME _NL\nNAME: /b+/\n_NL: /\\n/\n%declare _INDENT _DEDENT\n'


def test_tables_are_made_once_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is made."""
    place = tmp_path / "grammar.x.tables"
    assert kept(GRAMMAR, place).parse("abb\n").children == ["bb"]
    made = place.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(tables, "_keep", fail)
    assert kept(GRAMMAR, place).parse("abb\n").children == ["bb"]
    assert place.read_bytes() == made


@pytest.mark.parametrize("damage", [b"", b"nothing", b"\x80\x04K\x01."])
def test_damaged_tables_are_made_anew(tmp_path: Path, damage: bytes) -> None:
    """Cut off, overwritten, or of another kind: the parser stands all the same."""
    place = tmp_path / "grammar.x.tables"
    place.write_bytes(damage)
    assert kept(GRAMMAR, place).parse("ab\n").children == ["b"]
    assert kept(GRAMMAR, place).parse("ab\n").children == ["b"]
    assert place.read_bytes() != damage


def test_tables_cut_short_are_made_anew(tmp_path: Path) -> None:
    """Half a file is no file."""
    place = tmp_path / "grammar.x.tables"
    kept(GRAMMAR, place)
    whole = place.read_bytes()
    place.write_bytes(whole[: len(whole) // 2])
    assert kept(GRAMMAR, place).parse("ab\n").children == ["b"]


def test_a_folder_that_cannot_be_written_to_is_no_fault(tmp_path: Path) -> None:
    """They are made each time then. A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    assert kept(GRAMMAR, tmp_path / "file" / "grammar.x.tables").parse("ab\n").children == ["b"]


def test_older_tables_go(tmp_path: Path) -> None:
    """One grammar, one file."""
    (tmp_path / "grammar.old.tables").write_bytes(b"old")
    kept(GRAMMAR, tmp_path / "grammar.new.tables")
    assert [each.name for each in tmp_path.iterdir()] == ["grammar.new.tables"]
