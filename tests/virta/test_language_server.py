"""The language server, as an editor speaks with it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_client import LanguageClient, running

KAFIJA = Path(__file__).parents[2] / "examples" / "kafija"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A copy of the example shop."""
    return Path(shutil.copytree(KAFIJA, tmp_path / "kafija"))


@pytest.fixture
def editor(shop: Path) -> Iterator[LanguageClient]:
    with running(shop) as client:
        yield client


def test_findings_come_as_one_types_and_go_when_mended(editor: LanguageClient, shop: Path) -> None:
    """The unsaved text counts, not the file."""
    flow = shop / "flows" / "welcome.flow"
    text = flow.read_text("utf-8")
    editor.open(flow, text.replace("start on subscribed", "start on subscribd"))
    found = editor.findings(flow, bool)
    assert [each["code"] for each in found] == ["E201"]
    editor.change(flow, text)
    assert editor.findings(flow) == []
