"""Quick fixes: the help of a finding, carried out."""

from pathlib import Path

import pytest
from edited_project import FLOW, SCHEMA, Edited, edited_project
from lsprotocol.types import CodeAction, Range, TextEdit

from virta.language_server.mending import edited, quick_fixes
from virta.language_server.positions import Text


def fixes(project: Edited) -> list[CodeAction]:
    """All fixes for a file."""
    everything = project.snapshot.text(project.file).everything
    return quick_fixes(project.snapshot, project.file, "file:///x", everything)


def mended(project: Edited) -> list[str]:
    """The text of the file after each of the fixes, by itself."""
    found = []
    for fix in fixes(project):
        assert fix.edit is not None
        edits = [each for each in (fix.edit.changes or {})["file:///x"] if isinstance(each, TextEdit)]
        found.append(edited(project.snapshot.text(project.file), edits))
    return found


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("topic news", "topic nws"),
        ("    wait 2 days", "    sleep 2 days"),
        ("    send gift", "    sned gift"),
        ("if clicked hello", "if clicked helo"),
        ("total > 5 EUR", "total > €5"),
        ("trigger.total", "trigger.totl"),
        ('"Thanks"', "“Thanks”"),
        ("order_refunded where order_id is trigger", "order_refunded where order_id == trigger"),
    ],
)
def test_what_the_help_says_takes_the_place_of_the_fault(tmp_path: Path, right: str, wrong: str) -> None:
    """The outcome is what was meant."""
    assert FLOW.count(right) == 1
    assert FLOW in mended(edited_project(tmp_path, text=FLOW.replace(right, wrong)))


def test_a_line_that_is_one_too_many_goes(tmp_path: Path) -> None:
    """With its line end."""
    text = SCHEMA.replace("    seats        number\n", "    seats        number\n    at           moment\n")
    assert mended(edited_project(tmp_path, "schema.flow", text)) == [SCHEMA]


@pytest.mark.parametrize(
    "wrong",
    [
        FLOW.replace("send gift", "send something_else"),  # the help is to make a file
        FLOW.replace("    topic news\n", ""),  # the help shows a line for elsewhere
        FLOW.replace("50% plain", "60% plain"),  # two arms, and nobody knows which
    ],
)
def test_a_help_that_may_be_meant_otherwise_is_no_fix(tmp_path: Path, wrong: str) -> None:
    """What is underlined stays."""
    project = edited_project(tmp_path, text=wrong)
    assert project.snapshot.findings != ()
    assert fixes(project) == []


def test_only_what_is_asked_about_is_mended(tmp_path: Path) -> None:
    """A fault in another line has its fix there."""
    wrong = FLOW.replace("topic news", "topic nws").replace("clicked hello", "clicked helo")
    project = edited_project(tmp_path, text=wrong)
    text = project.snapshot.text(project.file)
    asked = Range(text.position(2, 1), text.position(2, 12))
    (fix,) = quick_fixes(project.snapshot, project.file, "file:///x", asked)
    assert fix.title == "Write `news`"


def test_several_edits_do_not_disturb_one_another() -> None:
    """Whatever their order."""
    text = Text("😀 one two\nthree")
    edits = [
        TextEdit(Range(text.position(1, 3), text.position(1, 6)), "1"),
        TextEdit(Range(text.position(2, 1), text.position(2, 6)), "3"),
        TextEdit(Range(text.position(1, 7), text.position(1, 10)), "2"),
    ]
    assert edited(text, edits) == "😀 1 2\n3"
