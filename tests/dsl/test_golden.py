"""Whole texts and what becomes of them. `pytest --update` writes the golden files anew."""

import re
from pathlib import Path

import msgspec
import pytest
from golden_cases import GOLDEN, compiled_case

from dsl.found.report import as_text, summary
from dsl.graph import program_from_json, to_json

GOOD = sorted((GOLDEN / "good").glob("*.flow"))
BAD = sorted((GOLDEN / "bad").glob("*.flow"))
CODE = re.compile(r'"([EW]\d{3})"')


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_text_gives_this_graph(path: Path, update: bool) -> None:
    """No finding at all, and segments and flows exactly as recorded, digests included."""
    found = compiled_case(path)
    assert as_text(found.findings, found.sources) == ""
    assert found.program is not None
    shown = msgspec.json.format(
        msgspec.json.encode(
            {"segments": found.program.segments, "flows": found.program.flows}, order="deterministic"
        ),
        indent=1,
    ).decode()
    expected = path.with_suffix(".json")
    if update:
        expected.write_text(shown + "\n", "utf-8")
    assert shown + "\n" == expected.read_text("utf-8")


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_program_survives_its_json(path: Path) -> None:
    """Reading what was written gives an equal program with equal digests."""
    program = compiled_case(path).program
    assert program is not None
    again = program_from_json(to_json(program))
    assert again == program
    assert all(flow.sealed().digest == flow.digest for flow in again.flows)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_text_gives_this_report(path: Path, update: bool) -> None:
    """The whole report as recorded; the code that the file is named for is in it; errors leave no program."""
    found = compiled_case(path)
    report = f"{as_text(found.findings, found.sources)}\n{summary(found.findings)}\n"
    expected = path.with_suffix(".txt")
    if update:
        expected.write_text(report, "utf-8")
    assert report == expected.read_text("utf-8")
    code = path.stem[:4]
    assert code in {finding.code for finding in found.findings}
    assert (found.program is None) == bool(found.stopping)


def test_every_code_has_a_bad_text() -> None:
    """A finding that no golden case shows is a finding that nobody has read."""
    root = Path(__file__).parent.parent.parent / "dsl"
    emitted = {code for path in root.rglob("*.py") for code in CODE.findall(path.read_text("utf-8"))}
    assert emitted
    assert emitted == {path.stem[:4] for path in BAD}
