"""The published reasons are those that the engine and the consent service record."""

import re
from pathlib import Path

from consent.contract import Reason
from dsl.scenarios.reasons import OF_CONSENT, OF_FLOWS, REASONS
from engine.core.record import Why

DOCS = Path(__file__).parents[2] / "docs"


def test_the_reasons_of_consent_are_those_of_the_gate() -> None:
    """All of them, in the order of its checks."""
    assert tuple(each.value for each in Reason) == OF_CONSENT


def test_the_reasons_of_flows_are_recorded_by_the_engine() -> None:
    """Each is a word of the journal, and no word stands for two things."""
    assert set(OF_FLOWS) <= {each.value for each in Why}
    assert len(REASONS) == len(set(REASONS))


def test_the_page_lists_every_reason() -> None:
    """docs/testing.md names each, and no other."""
    section = (DOCS / "testing.md").read_text("utf-8").partition("## Why a mail is skipped\n")[2]
    listed = re.findall(r"^\| `(\w+)` \||`(\w+)`[,.]", section.partition("\n## ")[0], re.MULTILINE)
    assert sorted(one or other for one, other in listed) == sorted(REASONS)
