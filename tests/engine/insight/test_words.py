"""Every word of the journal, the log and the gate has a sentence."""

import ast
import re
from pathlib import Path

import pytest

from consent.contract import Reason
from consent.states import TOLD, State, Step
from engine.core.record import What, Why
from engine.insight.reasons import page
from engine.insight.words import LEAF_NAMES, LEAVES, REASONS, SENTENCES, STATES, reason_label, reason_words

ROOT = Path(__file__).parents[3]


TYPE = re.compile(r"[a-z_]+\.(changed|queued|accepted|bounced|unknown|hard|soft)|paused|resumed|complaint")
NOT_OF_A_PERSON = {"policy.changed"}


def leaf_types() -> set[str]:
    """The types of leaves about a person: those of the steps, and those that stand as text in consent/."""
    found = {step.value for step in Step} | TOLD
    for path in (ROOT / "consent").glob("*.py"):
        if path.name == "contract.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and TYPE.fullmatch(node.value):
                found.add(node.value)
    return found - NOT_OF_A_PERSON


@pytest.mark.parametrize("word", list(What))
def test_every_word_of_the_journal_has_a_sentence(word: What) -> None:
    """A line that nobody can read tells nothing."""
    assert SENTENCES[word].endswith(".")


@pytest.mark.parametrize("reason", [*Why, *Reason])
def test_every_reason_has_a_clause(reason: str) -> None:
    """The engine's reasons and those of the gate; a clause fits behind “because”."""
    clause = REASONS[reason]
    assert clause
    assert not clause.endswith(".")
    assert reason_words(reason) == clause


def test_what_is_no_reason_of_ours_is_an_event() -> None:
    """Journeys are left on events: those of a shop have words, others the name that the project chose."""
    assert reason_words("tasting_booked") == "`tasting_booked` happened"
    assert reason_words("order_placed") == "they placed an order"
    assert reason_label("tasting_booked") == "tasting booked"


@pytest.mark.parametrize("kind", sorted(leaf_types()))
def test_every_leaf_about_a_person_has_a_sentence(kind: str) -> None:
    """What the log says of somebody can be told to them."""
    assert kind in LEAVES
    assert kind in LEAF_NAMES


def test_the_types_of_leaves_are_found() -> None:
    """So that the test above could fail."""
    assert {"requested", "confirmed", "withdrawn", "language.changed"} <= leaf_types()


@pytest.mark.parametrize("state", [state.value for state in State])
def test_every_state_has_words(state: str) -> None:
    """Where somebody stands with a topic, in words."""
    assert STATES[state]


def test_the_list_of_reasons_is_published() -> None:
    """docs/reasons.md is what `make findings` writes."""
    assert (ROOT / "docs" / "reasons.md").read_text("utf-8") == page()


def every_test() -> str:
    """All tests but this one, and the scenarios of the examples."""
    places = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests" / "rules").rglob("*.flow")]
    places += (ROOT / "examples").rglob("*.flow")
    return "\n".join(place.read_text("utf-8") for place in places if place != Path(__file__))


@pytest.mark.parametrize("reasons", [What, Why, Reason])
def test_every_reason_is_brought_about_by_a_test(reasons: type[What | Why | Reason]) -> None:
    """By its name or its word: a reason that nothing brings about is one that nobody will ever read."""
    text = every_test()
    unmet = [
        each.value
        for each in reasons
        if not re.search(rf"\b{reasons.__name__}\.{each.name}\b|[\"'` ]{each.value}[\"'` ,\n]", text)
    ]
    assert unmet == []
