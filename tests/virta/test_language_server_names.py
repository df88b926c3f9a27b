"""Names in the editor: where they are declared, who speaks of them, and other names for them."""

from pathlib import Path

import pytest
from edited_project import FLOW, SCENARIO, SCHEMA, Edited, edited_project, marked
from lsprotocol.types import Location, RenameFile, TextDocumentEdit

from virta.language_server.definition import definitions, references
from virta.language_server.renaming import NotRenamed, renamable, renamed


def shown(places: list[Location], project: Edited) -> list[str]:
    """`FILE:LINE WORDS` of each place, lines from 1."""
    found = []
    for place in places:
        file = str(Path(place.uri).relative_to(project.folder))
        line, column = project.snapshot.text(file).place(place.range.start)
        _, end = project.snapshot.text(file).place(place.range.end)
        text = (project.folder / file).read_text("utf-8")
        found.append(f"{file}:{line} {text.splitlines()[line - 1][column - 1 : end - 1]}".rstrip())
    return found


def defined(project: Edited) -> list[str]:
    places = definitions(project.snapshot, project.file, project.position, str)
    return shown(places, project)


def referred(project: Edited, declared: bool = True) -> list[str]:
    places = references(project.snapshot, project.file, project.position, str, declared=declared)
    return sorted(shown(places, project))


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("topic ▮news", "schema.flow:10 news"),
        ("coupon te▮n", "schema.flow:17 ten"),
        ("if clicked ▮hello", "flows/thanks.flow:6 hello"),
    ],
)
def test_a_name_leads_to_its_declaration(tmp_path: Path, words: str, place: str) -> None:
    """A mail test leads to the line that sends the mail."""
    assert defined(edited_project(tmp_path, text=marked(FLOW, words))) == [place]


def test_a_mail_leads_to_all_files_of_its_template(tmp_path: Path) -> None:
    """One for each language."""
    project = edited_project(tmp_path, text=marked(FLOW, "send ▮gift"))
    assert defined(project) == ["templates/gift.html:1", "templates/gift.lv.html:1"]


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("expect send ▮gift", "flows/thanks.flow:14 gift"),
        ("choose ▮money of", "flows/thanks.flow:13 money"),
        ("arm money of ▮offer", "flows/thanks.flow:10 offer"),
        ("    ▮plan", "schema.flow:5 plan"),
        ("agreed to n▮ews", "schema.flow:10 news"),
    ],
)
def test_a_scenario_leads_to_its_flow(tmp_path: Path, words: str, place: str) -> None:
    """From a line that expects something to the step that does it."""
    assert defined(edited_project(tmp_path, "scenarios/thanks.flow", marked(SCENARIO, words))) == [place]


def test_an_event_of_the_shop_is_declared_nowhere(tmp_path: Path) -> None:
    """`use shop` brings it."""
    assert defined(edited_project(tmp_path, text=marked(FLOW, "start on ▮order_placed"))) == []


def test_all_places_that_speak_of_a_name_are_found(tmp_path: Path) -> None:
    """In flows, scenarios and templates, in conditions and in texts."""
    project = edited_project(tmp_path, "schema.flow", marked(SCHEMA, "topic ▮news"))
    assert referred(project) == [
        "flows/thanks.flow:2 news",
        "scenarios/thanks.flow:5 news",
        "schema.flow:10 news",
    ]
    assert "schema.flow:10 news" not in referred(project, declared=False)
    attribute = edited_project(tmp_path, "schema.flow", marked(SCHEMA, "▮first_name"))
    assert "templates/hello.lv.html:2 first_name" in referred(attribute)


# ------------------------------------------------------------------ other names


def changes(project: Edited, name: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """The lines of each file that a new name changes, and the new names of files."""
    edit = renamed(project.snapshot, project.file, project.position, name, str, files=True)
    texts: dict[str, list[str]] = {}
    moves: dict[str, str] = {}
    for each in edit.document_changes or ():
        if isinstance(each, RenameFile):
            old, new = Path(each.old_uri), Path(each.new_uri.removeprefix("file://"))
            moves[str(old.relative_to(project.folder))] = str(new.relative_to(project.folder))
        elif isinstance(each, TextDocumentEdit):
            file = str(Path(each.text_document.uri).relative_to(project.folder))
            texts[file] = [f"{one.range.start.line + 1}" for one in each.edits]
    return texts, moves


def test_a_new_name_reaches_flows_and_scenarios(tmp_path: Path) -> None:
    """Whichever of its places the cursor stands at; the topic's words in other languages go along."""
    project = edited_project(tmp_path, "scenarios/thanks.flow", marked(SCENARIO, "agreed to ▮news"))
    assert renamable(project.snapshot, project.file, project.position)[1] == "news"
    texts, moves = changes(project, "letters")
    assert texts == {
        "flows/thanks.flow": ["2"],
        "scenarios/thanks.flow": ["5"],
        "schema.flow": ["10"],
        "words/lv.toml": ["1"],
    }
    assert moves == {}


def test_a_mail_is_renamed_with_the_files_of_all_its_languages(tmp_path: Path) -> None:
    """Scenarios and conditions that call the mail by its template's name follow."""
    project = edited_project(tmp_path, text=marked(FLOW, "send ▮hello with"))
    texts, moves = changes(project, "greeting")
    assert texts == {"flows/thanks.flow": ["6", "8", "12"], "scenarios/thanks.flow": ["8"]}
    assert moves == {
        "templates/hello.html": "templates/greeting.html",
        "templates/hello.lv.html": "templates/greeting.lv.html",
    }


def test_a_field_is_renamed_in_templates_too(tmp_path: Path) -> None:
    """An attribute of contacts stands between the braces of mails."""
    project = edited_project(tmp_path, "schema.flow", marked(SCHEMA, "▮first_name"))
    texts, _ = changes(project, "given_name")
    assert set(texts) == {"schema.flow"} | {
        f"templates/{name}.html" for name in ("gift", "gift.lv", "hello", "hello.lv")
    }


@pytest.mark.parametrize(
    ("file", "words", "name", "reason"),
    [
        (
            "flows/thanks.flow",
            "topic ▮news",
            "flow",
            "`flow` is a word of the language",
        ),
        ("flows/thanks.flow", "topic ▮news", "my news", "`my news` is no name"),
        ("flows/thanks.flow", "coupon ▮ten", "", "`` is no name"),
        ("flows/thanks.flow", "on ▮order_refunded", "returned", "The event `order_refunded` comes with"),
        ("flows/thanks.flow", "send ▮gift", "hello", "There is a file templates/hello.html already."),
        ("schema.flow", "▮plan ", "first_name", "There is an attribute `first_name` already"),
        ("flows/thanks.flow", "wait ▮2 days", "x", "There is no name here"),
    ],
)
def test_a_name_that_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, file: str, words: str, name: str, reason: str
) -> None:
    """What the compiler would refuse is not done."""
    text = {"flows/thanks.flow": FLOW, "schema.flow": SCHEMA}[file]
    project = edited_project(tmp_path, file, marked(text, words))
    with pytest.raises(NotRenamed) as refused:
        changes(project, name)
    assert str(refused.value).startswith(reason)


def test_an_editor_that_cannot_rename_files_renames_no_mail(tmp_path: Path) -> None:
    """Half of it would break the project."""
    project = edited_project(tmp_path, text=marked(FLOW, "send ▮gift"))
    with pytest.raises(NotRenamed, match="cannot rename the files"):
        renamed(project.snapshot, project.file, project.position, "present", str, files=False)
