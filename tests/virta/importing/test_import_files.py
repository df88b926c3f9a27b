"""Files as people have them: zips, encodings, separators, and what is no table at all."""

import random
import zipfile
from pathlib import Path

import pytest
from exports import mailchimp, written, zipped

from virta.importing.files import look_at, parts_of
from virta.importing.table import Fault, Row, open_table
from virta.settings import BrokenProject


def cells(path: Path, encoding: str = "") -> list[list[str]]:
    """All rows of the one table in a file, its header first."""
    [part] = parts_of([path])
    with open_table(look_at(part, encoding)) as table:
        return [list(table.header), *(row.cells for row in table.rows if isinstance(row, Row))]


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("cp1252", "Windows-1252"),
    ],
)
def test_files_of_every_encoding_that_a_spreadsheet_writes_are_read(
    tmp_path: Path, encoding: str, shown: str
) -> None:
    """With a mark in front or without; bytes that are no UTF-8 are Windows-1252, and that is told."""
    path = written(tmp_path / "a.csv", "Email,Name\nbela@example.com,Béla\n", encoding)
    assert cells(path) == [["Email", "Name"], ["bela@example.com", "Béla"]]
    looked = look_at(parts_of([path])[0])
    assert (looked.encoding_shown, looked.guessed) == (shown, encoding == "cp1252")


def test_utf_16_without_a_mark_is_known_by_its_zeros(tmp_path: Path) -> None:
    """As some programs write it."""
    path = tmp_path / "a.csv"
    path.write_bytes("Email;Name\nanna@example.com;Anna\n".encode("utf-16-le"))
    assert cells(path)[1] == ["anna@example.com", "Anna"]


def test_an_encoding_can_be_said(tmp_path: Path) -> None:
    """Nobody can tell a Baltic table from a western one by its bytes."""
    path = written(tmp_path / "a.csv", "Email,Name\nanna@example.com,Bērziņa\n", "cp1257")
    assert cells(path)[1][1] != "Bērziņa"
    assert cells(path, "windows-1257")[1][1] == "Bērziņa"
    with pytest.raises(BrokenProject, match="`klingon` is no encoding"):
        cells(path, "klingon")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(tmp_path: Path, separator: str) -> None:
    """Whatever the country's spreadsheet takes for it; a line that only Excel reads is passed over."""
    text = f"Email{separator}Name\nanna@example.com{separator}Anna\n"
    assert cells(written(tmp_path / "a.csv", text))[1] == ["anna@example.com", "Anna"]
    assert cells(written(tmp_path / "b.csv", f"sep={separator}\r\n{text}"))[1] == ["anna@example.com", "Anna"]


def test_lines_break_inside_of_quotes(tmp_path: Path) -> None:
    """A row is told by the line in which it begins."""
    text = 'Email,Notes\r\nanna@example.com,"first\r\nsecond, ""third"""\r\nbela@example.com,\r\n'
    [part] = parts_of([written(tmp_path / "a.csv", text)])
    with open_table(look_at(part)) as table:
        assert list(table.rows) == [
            Row(2, ["anna@example.com", 'first\r\nsecond, "third"']),
            Row(4, ["bela@example.com", ""]),
        ]


def test_a_quote_that_is_never_closed_ends_the_reading(tmp_path: Path) -> None:
    """Otherwise everybody behind it would be lost in one cell, those who had left among them."""
    path = written(tmp_path / "a.csv", 'Email,Notes\nanna@example.com,"oh\nbela@example.com,\n')
    with pytest.raises(BrokenProject, match=r"a\.csv, line 2: a quote opens there and is not closed"):
        cells(path)


def test_a_row_that_is_too_wide_is_a_fault_and_one_too_narrow_is_not(tmp_path: Path) -> None:
    """A separator in a cell without quotes puts all behind it into the wrong columns; empty cells at the end
    are left out by some programs."""
    text = "Email,Name,City\na@example.com,A,B,C\nb@example.com\n\n  , ,\nc@example.com,C,,,\n"
    [part] = parts_of([written(tmp_path / "a.csv", text)])
    with open_table(look_at(part)) as table:
        wide, narrow, empty = table.rows
    assert isinstance(wide, Fault)
    assert (wide.line, wide.why) == (2, "the row has 4 cells, the header 3")
    assert narrow == Row(3, ["b@example.com"])
    assert isinstance(empty, Row)
    assert empty.line == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no header that can be read"),
        ("\n\n", "has no header that can be read"),
        ("anna@example.com,Anna\n", "has no header: its first line holds an address"),
    ],
)
def test_a_file_without_a_header_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """Nobody is imported as the name of a column."""
    with pytest.raises(BrokenProject, match=says):
        cells(written(tmp_path / "a.csv", text))


def test_a_zip_gives_its_tables_and_nothing_else(tmp_path: Path) -> None:
    """What a Mac puts beside each file is passed over; nothing is unpacked."""
    path = mailchimp(tmp_path / "audience.zip")
    names = [part.shown for part in parts_of([path])]
    assert [name.partition(": ")[2].partition("_")[0] for name in names] == [
        "subscribed",
        "unsubscribed",
        "cleaned",
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["audience.zip"]


def test_a_zip_that_swells_is_left_alone(tmp_path: Path) -> None:
    """By what it says of itself, before anything is read."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as member:
        for _ in range(80):
            member.write(bytes(1 << 20))
    with pytest.raises(BrokenProject, match=r"would unpack to 80 MiB from 0\.1: that is no export"):
        parts_of([path])


def test_spreadsheets_locked_and_damaged_zips_are_told_apart(tmp_path: Path) -> None:
    """Each with what to do about it."""
    sheet = zipped(tmp_path / "people.xlsx", [("[Content_Types].xml", "<x/>"), ("a.csv", "Email\n")])
    with pytest.raises(BrokenProject, match=r"people\.xlsx is a spreadsheet; save it as CSV \(UTF-8\)"):
        parts_of([sheet])
    with pytest.raises(BrokenProject, match="holds no table"):
        parts_of([zipped(tmp_path / "pictures.zip", [("a.png", "x")])])
    with pytest.raises(BrokenProject, match="is a folder"):
        parts_of([tmp_path])
    with pytest.raises(BrokenProject, match="No such file"):
        parts_of([tmp_path / "nowhere.csv"])
    whole = mailchimp(tmp_path / "a.zip")
    body = bytearray(whole.read_bytes())
    body[60:90] = random.Random(1).randbytes(30)
    (tmp_path / "torn.zip").write_bytes(body)
    [part, *_] = parts_of([tmp_path / "torn.zip"])
    with pytest.raises(BrokenProject, match="is damaged"):
        look_at(part)
