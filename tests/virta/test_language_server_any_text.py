"""Whatever stands in a file and wherever the cursor is, the server has an answer."""

import contextlib
from datetime import date
from pathlib import Path

import pytest
from edited_project import FILES, edited_project
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol.types import Position

from virta.language_server.completion import complete, complete_template
from virta.language_server.definition import definitions, references
from virta.language_server.folding import folds
from virta.language_server.formatting import formatting
from virta.language_server.hover import hover
from virta.language_server.renaming import NotRenamed, renamable
from virta.language_server.symbols import symbols
from virta.language_server.workspace import Workspace

EDITED = sorted(name for name in FILES if name != "virta.toml")
PIECES = ("", " ", "    ", "\t", "\n", "\r\n", *'"([{#', "{{", "%}", "send", "￼", "😀", "ī", "\ufeff")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edited_project(tmp_path_factory.mktemp("stall")).folder


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(EDITED),
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 12), st.sampled_from(PIECES)), max_size=3),
    st.integers(0, 30),
    st.integers(0, 60),
)
def test_no_text_and_no_position_break_it(
    folder: Path, file: str, cuts: list[tuple[int, int, str]], line: int, character: int
) -> None:
    """Parts of a text are cut out or put in; every question is answered all the same."""
    text = FILES[file]
    for start, length, new in cuts:
        text = text[:start] + new + text[start + length :]
    workspace = Workspace(lambda zone: date(2026, 3, 1))
    workspace.set_text(folder / file, text)
    snapshot, position = workspace.snapshot(folder), Position(line, character)
    for item in (
        *complete(snapshot, file, position),
        *complete_template(snapshot, file, position),
    ):
        assert item.text_edit is not None
    hover(snapshot, file, position)
    definitions(snapshot, file, position, str)
    references(snapshot, file, position, str, declared=True)
    for fold in folds(snapshot, file):
        assert fold.start_line < fold.end_line
    for symbol in symbols(snapshot, file):
        assert symbol.name
    assert len(formatting(snapshot, file)) <= 1
    with contextlib.suppress(NotRenamed):
        range_, name = renamable(snapshot, file, position)
        assert range_.end.character > range_.start.character
        assert name
