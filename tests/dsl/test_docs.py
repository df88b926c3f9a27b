"""The pages about the language say what holds: their examples compile, run, and look as they should; no
construct is missing, and every finding has its line."""

import re
from pathlib import Path

import pytest
from golden_cases import GOLDEN, compiled_text
from page_blocks import (
    DOCS,
    EXAMPLES,
    FAULTY,
    OPENER,
    PURPOSES,
    SOUND,
    TEAM,
    Block,
    blocks,
    compiled,
    templates,
)

from dsl.format import format_source
from dsl.found.finding import Severity
from dsl.found.report import as_text
from dsl.found.source import Source
from dsl.meaning.shop import SHOP
from dsl.read.layout import lay_out
from dsl.read.parser import FILL, parser, read
from dsl.read.phrases import phrases
from dsl.read.words import CONDITION_WORDS, DECLARED_WORDS
from virta.scenarios.running import play_all
from virta.settings import read_settings

ROOT = Path(__file__).parents[2]
ALL_PAGES = sorted(path.name for path in DOCS.glob("*.md") if path.name != "findings.md")
BESIDE = ("formatting.md", "plan.md", "webhooks.md")
"""Pages whose examples rest on the declarations of the language page; others have tests of their own."""
TOML = """
name = "Kafija"
time_zone = "Europe/Riga"
team = {team}

[sender]
name = "Kafija"
address = "hello@kafija.example"
imprint = "Kafija, Example Street 1, Riga"

[controller]
name = "Kafija"
address = "Example Street 1, Riga"
contact = "privacy@kafija.example"

[keys]
file = "dev-keys.toml"
"""
PURPOSE = """
[purposes.{name}]
title = "{name}"
consent = "You may."
"""


def test_the_examples_are_one_project_in_which_nothing_is_to_mend() -> None:
    """Those of the page of the language and of that of conditions together."""
    found = compiled(*SOUND)
    assert as_text(found.findings, found.sources) == ""
    assert found.program is not None
    assert len(found.program.flows) >= 20


@pytest.mark.parametrize("block", FAULTY, ids=str)
def test_an_example_with_a_fault_shows_that_fault_alone(block: Block) -> None:
    """Beside all the others, it has the finding that is named above it, and no other."""
    found = compiled(*SOUND, block)
    assert {(each.code, each.span.file) for each in found.findings} == {(block.code, block.path)}
    severity = {"refused": Severity.ERROR, "warned": Severity.WARNING}[block.words.split()[0]]
    assert {each.severity for each in found.findings} == {severity}
    said = {"refused": "Refused", "warned": "Warned of"}[block.words.split()[0]]
    assert said in block.above
    assert f"[{block.code}](findings.md)" in block.above


@pytest.mark.parametrize("block", [each for page in BESIDE for each in blocks(page)], ids=str)
def test_examples_of_other_pages_have_nothing_to_mend(block: Block) -> None:
    """Beside those of the language page; what an example declares anew takes the place of the first."""
    found = compiled(*SOUND, block, without=set(OPENER.findall(block.text)))
    assert as_text([each for each in found.findings if each.span.file == block.path], found.sources) == ""
    assert found.program is not None


def test_the_scenarios_hold(tmp_path: Path) -> None:
    """Each is played as `virta test` plays it."""
    purposes = "".join(PURPOSE.format(name=name) for name in PURPOSES)
    (tmp_path / "virta.toml").write_text(TOML.format(team=list(TEAM)) + purposes, "utf-8")
    for path, mail in templates(SOUND).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(mail)
    found = compiled(*SOUND)
    assert len(found.scenarios) >= 4
    outcomes = play_all(tmp_path, read_settings(tmp_path), found, found.scenarios, 1, lambda outcome: None)
    assert [(each.name, each.failure) for each in outcomes if each.failure] == []


@pytest.mark.parametrize("page", ALL_PAGES)
def test_examples_are_canonical(page: str) -> None:
    """What users read is what `virta fmt` makes; only what cannot be read is left as it is, and what the
    tutorial has been typed in a hurry."""
    for block in blocks(page):
        done = format_source("a.flow", block.text.encode(), "EUR")
        if done.findings:
            assert block.code in {each.code for each in done.findings}
        elif block.words != "scenarios/cart.flow":
            assert done.text == block.text, block


# ------------------------------------------------------------------ nothing is missing


def _read() -> tuple[set[str], set[str]]:
    """The rules of the grammar that the examples use, and all their words, in the spelling of `phrases`."""
    rules: set[str] = set()
    said: set[str] = set()
    for block in [*EXAMPLES, *blocks("testing.md")]:
        chunks, _ = lay_out(Source(block.path, tuple(block.text.splitlines())))
        for chunk in chunks:
            if block.code.startswith("E1"):
                continue
            found = read(chunk.text)
            assert found is not None
            rules |= {each.data for each in found[0].subtrees()}
            for word in found[1]:
                for value in re.findall(r"\{([^{}]+)\}", word.text):
                    filled = read(value.strip(), FILL)
                    rules |= {each.data for each in filled[0].subtrees()} if filled else set()
            said |= {" ".join(word.text.split()) for word in found[1]}
    return rules, said


def test_every_construct_of_the_grammar_is_shown() -> None:
    """A construct that the grammar learns is red here until an example shows it."""
    rules, said = _read()
    named = {
        str(rule.alias or rule.origin.name)
        for rule in parser().rules
        if rule.alias or not (rule.options and rule.options.expand1)
    }
    made = {each for each in named if each.startswith(("_", "hole"))}  # by Lark, and for what cannot be read
    assert named - made - rules == set()
    passed_over = {"is not known", "is not unknown", "time"}  # read and refused; `repeat up to 1 time`
    assert {each for choices in phrases().values() for each in choices} - said == passed_over


def test_the_words_that_are_taken_are_listed() -> None:
    """Those that no field may have, and then those that no declared name may have either."""
    page = (DOCS / "language.md").read_text("utf-8")
    section = page.partition("## Words that are taken\n")[2].partition("\n## ")[0]
    lists = [set(re.findall(r"`(\w+)`", part)) for part in section.split("\n\n") if part.startswith("`")]
    assert lists == [set(CONDITION_WORDS), set(DECLARED_WORDS - CONDITION_WORDS)]


@pytest.mark.parametrize("word", sorted(CONDITION_WORDS))
def test_a_word_that_is_taken_is_refused(word: str) -> None:
    """As the name of an attribute too."""
    found = compiled_text(f"event own\n    {word} text\n").findings
    assert found
    assert {each.severity for each in found} == {Severity.ERROR}


# ------------------------------------------------------------------ tables


def test_the_table_of_shop_events_has_each_field_with_its_type() -> None:
    """Event by event, in the order of the code; `items` is told below the table."""
    page = (DOCS / "language.md").read_text("utf-8").partition("brings the events of an online shop:")[2]
    told: dict[str, dict[str, str]] = {}
    for events, fields in re.findall(
        r"^\| (`.*?`) \| (`.*) \|$", page.partition("\n`items` is")[0], re.MULTILINE
    ):
        kinds = {
            name: group.split()[-1].strip("`").replace("items", "list")
            for group in fields.split("; ")
            for name in re.findall(r"`(\w+)`", group)
        }
        told |= dict.fromkeys(re.findall(r"`(\w+)`", events), kinds)
    assert told == {event.name: {name: kind.kind for name, kind in event.fields} for event in SHOP}
    assert list(told) == [event.name for event in SHOP]


def test_every_finding_has_a_line() -> None:
    """The list of codes is that of the golden cases, which is that of the code."""
    listed = re.findall(r"^\| ([EW]\d{3}) \|", (DOCS / "findings.md").read_text("utf-8"), re.MULTILINE)
    assert listed == sorted(set(listed))
    assert set(listed) == {path.stem[:4] for path in (GOLDEN / "bad").glob("*.flow")}
