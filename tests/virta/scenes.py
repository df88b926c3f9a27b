"""The coffee stall with scenarios written by a test, played within the process."""

import asyncio
from pathlib import Path

from stall import make_stall

from virta.project.folder import load_project
from virta.scenarios.outcome import Outcome
from virta.scenarios.playing import play
from virta.scenarios.stage import open_house


def played(folder: Path, *texts: str, flows: str = "", toml: str = "") -> list[Outcome]:
    """The outcomes of these scenarios at a stall in `folder`, which has further `flows` and settings."""
    stall = stall_with(folder, *texts, flows=flows, toml=toml)
    settings, compiled = load_project(stall)
    errors = [finding for finding in compiled.findings if finding.code.startswith("E")]
    assert not errors, errors
    house = open_house(stall, settings, compiled)
    return [asyncio.run(play(house, scenario)) for scenario in compiled.scenarios]


def stall_with(folder: Path, *texts: str, flows: str = "", toml: str = "") -> Path:
    """The stall's folder, with these scenarios in one file."""
    stall = make_stall(folder / "stall") if not (folder / "stall").exists() else folder / "stall"
    (stall / "scenarios").mkdir(exist_ok=True)
    (stall / "scenarios" / "told.flow").write_text("\n".join(texts), "utf-8")
    if flows:
        (stall / "flows" / "more.flow").write_text(flows, "utf-8")
    if toml:
        path = stall / "virta.toml"
        path.write_text(path.read_text("utf-8").replace("[[api]]", f"{toml}\n[[api]]"), "utf-8")
    return stall


def the(outcomes: list[Outcome]) -> Outcome:
    """The only one."""
    (outcome,) = outcomes
    return outcome


def why(outcome: Outcome) -> str:
    """What came in place of what was expected; empty where all is well."""
    return outcome.failure.came if outcome.failure is not None else ""


MEASURED = """
[purposes.measurement]
title = "Opens and clicks"
consent = "You may see which mails I open."

[purposes.personalisation]
title = "Mails that fit"
consent = "You may look at what I buy."
"""

WELCOME = """
scenario "welcome"
    flow welcome
    at 2026-03-02 10:00 subscribed with topic "news"
"""
