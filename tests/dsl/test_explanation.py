"""Each page about a finding keeps its word: the wrong example shows the finding, the right one is mended."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from golden_cases import GOLDEN, shared_project

from dsl.compile import Compiled, compile_project
from dsl.found.explanation import BadPage, Explanation, Sample, explained_codes, explanation, read_page

PAGES = explained_codes()
WORLD = ("explained.flow", (GOLDEN / "explained.flow").read_bytes())
ROOT = Path(__file__).parents[2]
FORM = (ROOT / "dsl" / "explain" / "E101.md").read_text("utf-8")


def compiled_example(files: tuple[Sample, ...]) -> Compiled:
    """An example's files beside the declared world, as one project; a `virta.toml` says which languages there
    are, who is in the team and what people are asked beside the topics. Words are looked at only where there
    are files of them."""
    flows = tuple((each.path, each.data) for each in files if each.kind == "flow")
    others = tuple((each.path, each.data) for each in files if each.path.startswith("templates/"))
    lists = tuple((each.path, each.data) for each in files if each.kind == "csv")
    project = shared_project(WORLD, *flows, templates=others, lists=lists)
    toml_files = tuple((each.path, each.data) for each in files if each.kind == "toml")
    if any(path.startswith("words/") for path, _ in toml_files):
        project = replace(project, words=toml_files)
    for each in files:
        if each.path == "virta.toml":
            toml = tomllib.loads(each.text)
            project = replace(
                project,
                languages=tuple(toml.get("languages", project.languages)),
                team=tuple(toml.get("team", ())),
                purposes=tuple(toml.get("purposes", {})),
            )
    return compile_project(project)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    """What is told is explained, and nothing is explained that is never told."""
    sources = [path for folder in ("dsl", "virta") for path in (ROOT / folder).rglob("*.py")]
    told = {code for path in sources for code in re.findall(r'"([EW]\d{3})"', path.read_text("utf-8"))}
    assert len(told) > 60
    assert told == set(PAGES)


@pytest.mark.parametrize("code", PAGES)
def test_a_page_is_about_its_code(code: str) -> None:
    """The file is named as the page is."""
    assert explanation(code).code == code


@pytest.mark.parametrize("code", PAGES)
def test_the_wrong_example_shows_the_finding(code: str) -> None:
    """This code and no other, so that the eye has one thing to look for; too many faults are of some kind."""
    found = compiled_example(explanation(code).wrong).findings
    assert {each.code for each in found} == {code, *({"E102"} if code == "E117" else ())}, found


@pytest.mark.parametrize("code", PAGES)
def test_the_right_example_is_mended(code: str) -> None:
    """Nothing at all is found in it."""
    assert compiled_example(explanation(code).right).findings == ()


def test_a_page_has_all_its_parts() -> None:
    """A heading, paragraphs, and an example of both kinds; files have names, kinds and encodings."""
    read = read_page(FORM)
    assert isinstance(read, Explanation)
    assert read.title == "A line cannot be read"
    assert read.text.startswith("The line begins")
    assert [each.path for each in (*read.wrong, *read.right)] == ["example.flow", "example.flow"]
    saved = read_page(FORM.replace("```flow\n", "```flow a.flow saved as utf-16\n"))
    assert saved.wrong[0] == Sample("a.flow", "flow", read.wrong[0].text, "utf-16")


def test_a_long_example_is_told_in_short() -> None:
    """A line that says how many more there are stands for them."""
    assert (
        Sample("a.flow", "flow", "a\nb\n… and 1,000 more such lines\nc\n").data
        == b"a\n" + b"b\n" * 1001 + b"c\n"
    )


@pytest.mark.parametrize(
    "page",
    [
        "",
        FORM.replace("## Right", "## Better"),
        FORM.replace("# E101 ", "# E1 "),
        FORM.replace("```flow", "Such a flow:\n```flow"),
        FORM.replace("```flow", "```html"),
    ],
)
def test_a_page_of_another_form_is_refused(page: str) -> None:
    """So that no example can be left out of the tests."""
    with pytest.raises(BadPage):
        read_page(page)


def test_a_code_without_a_page_is_a_key_error() -> None:
    """Whatever stands for the code."""
    for code in ("E999", "", "../E101", "E101.md"):
        with pytest.raises(KeyError):
            explanation(code)


@pytest.mark.parametrize("code", PAGES)
def test_a_page_is_written_for_people(code: str) -> None:
    """A title that fits into a table, and a text that gives a reason."""
    page = explanation(code)
    assert len(page.title) <= 90
    assert not page.title.endswith(".")
    assert 60 <= len(page.text) <= 900
    assert page.text.endswith((".", "`"))


def test_no_two_pages_are_alike() -> None:
    """A code counts only if its fault and its cure differ from every other's."""
    pages = [explanation(code) for code in PAGES]
    assert len({page.title for page in pages}) == len(pages)
    assert len({page.wrong for page in pages}) == len(pages)
