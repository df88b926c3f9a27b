"""A table that Virta writes, in a spreadsheet: what stands in a cell is shown, never reckoned with."""

import csv
from pathlib import Path

import pytest

from virta.importing.table import Fault
from virta.importing.telling import FaultsFile

BEFORE = ("", " ", "\t", "\r", "\n", "\u00a0", "\u3000", " \t ")
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("before", BEFORE)
def test_a_cell_that_begins_like_a_formula_begins_with_a_quote(
    tmp_path: Path, before: str, sign: str
) -> None:
    """Also behind a tab, a blank, a line break or a wide blank, and with a full-width sign; in every column
    that holds what somebody else wrote."""
    hostile = f'{before}{sign}HYPERLINK("https://elsewhere.example")'
    faults = FaultsFile(tmp_path / "faults.csv")
    faults.add(Fault(hostile, 2, hostile, hostile, hostile))
    faults.close()
    with (tmp_path / "faults.csv").open(encoding="utf-8-sig", newline="") as file:
        _, row = csv.reader(file)
    assert row == [f"'{hostile}", "2", *[f"'{hostile}"] * 3]


def test_other_cells_stay_as_they_are(tmp_path: Path) -> None:
    """A sign within a text is no formula."""
    faults = FaultsFile(tmp_path / "faults.csv")
    faults.add(Fault("people.csv", 2, "a+b", "1=1", "mail anna@example.com"))
    faults.close()
    assert "people.csv,2,a+b,1=1,mail anna@example.com" in (tmp_path / "faults.csv").read_text("utf-8-sig")
