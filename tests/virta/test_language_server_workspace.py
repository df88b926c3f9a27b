"""What an editor works on: unsaved texts over files on the disk, settings that may be broken."""

from datetime import date
from pathlib import Path

import pytest
from edited_project import FLOW, SETTINGS, edited_project

from virta.language_server.settings_faults import settings_finding
from virta.language_server.workspace import Workspace
from virta.settings import BrokenProject, settings_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return edited_project(tmp_path).folder


@pytest.fixture
def workspace() -> Workspace:
    return Workspace(lambda zone: date(2026, 3, 1))


def test_a_file_stands_in_the_nearest_project_above_it(workspace: Workspace, folder: Path) -> None:
    """A project within a project is its own."""
    inner = folder / "templates" / "inner"
    assert workspace.folder_of(inner / "x.html") == folder
    workspace.set_text(inner / "virta.toml", SETTINGS)
    assert workspace.folder_of(inner / "x.html") == inner
    assert workspace.folder_of(folder.parent / "x.flow") is None


def test_nothing_is_read_again_while_nothing_changes(workspace: Workspace, folder: Path) -> None:
    """The same project, with all that is known of it."""
    assert workspace.snapshot(folder) is workspace.snapshot(folder)


def test_what_others_write_to_the_disk_is_seen(workspace: Workspace, folder: Path) -> None:
    """Also when nobody tells the server."""
    before = workspace.snapshot(folder)
    (folder / "flows" / "thanks.flow").write_text(FLOW + "    wait 100 days\n", "utf-8")
    (folder / "flows" / "more.flow").write_text("segment x\n    any order_placed\n", "utf-8")
    after = workspace.snapshot(folder)
    assert after is not before
    assert after.text("flows/thanks.flow").whole.endswith("100 days\n")
    assert "x" in after.draft.names.segments


def test_an_unsaved_text_wins_over_the_disk_until_it_is_closed(workspace: Workspace, folder: Path) -> None:
    """Files that are not there yet come and go with it."""
    new = folder / "flows" / "new.flow"
    workspace.set_text(new, "segment y\n    any order_placed\n")
    assert "y" in workspace.snapshot(folder).draft.names.segments
    workspace.close(new)
    assert "y" not in workspace.snapshot(folder).draft.names.segments


@pytest.mark.parametrize("name", [".hidden/x.flow", "notes.txt", "templates/picture.png"])
def test_what_is_no_text_of_the_project_stays_out(workspace: Workspace, folder: Path, name: str) -> None:
    """As `virta check` passes it over."""
    before = workspace.snapshot(folder)
    workspace.set_text(folder / name, "segment z\n    any order_placed\n")
    assert workspace.snapshot(folder) is before


def test_a_project_that_never_could_be_read_is_read_as_far_as_it_goes(
    workspace: Workspace, folder: Path
) -> None:
    """Its flows have their names while virta.toml is being written."""
    (folder / "virta.toml").write_text("name =", "utf-8")
    snapshot = workspace.snapshot(folder)
    assert [each.span.file for each in snapshot.faults] == ["virta.toml"]
    assert "thanks" in snapshot.draft.names.flows


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('name = "Stall"\ntime', "time", 1, "`name` is missing."),
        ('currency = "EUR"', 'currency = "EURO"', 3, "`EURO` is no currency; write its three letters"),
        ('address = "hello@stall.example"', 'address = "hello"', 8, "`sender.address` must be an"),
        ('[sender]\nname = "Stall"', "[sender]\nname = 7", 7, "`sender.name` must be a text in quotes"),
        ('currency = "EUR"', 'currency = "EUR', 3, "This file is not valid TOML"),
        ("[controller]", "[controler]", 11, "There is no setting `controler`"),
    ],
)
def test_a_fault_of_virta_toml_stands_where_it_is(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    """At the setting or the table that it names, else at the top."""
    assert SETTINGS.count(old) == 1
    text, path = SETTINGS.replace(old, new), tmp_path / "virta.toml"
    with pytest.raises(BrokenProject) as fault:
        settings_in(text, path)
    finding = settings_finding(str(fault.value), path, text)
    assert finding.message.startswith(message), finding.message
    assert finding.span.line == line
