"""The studio's overview and its pages of flows, over the stores of a project that was replayed."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from opened_studio import opened, words
from played import ACTS
from stall import make_stall
from starlette.testclient import TestClient

from dsl.graph import Split
from engine.core.trial import ArmEvidence, Ruling, trial_of
from engine.insight.words import reason_label
from virta.command import run
from virta.project.folder import load_sound_project

TRIAL = """
flow tried "Tried"
    topic news
    start on cart_updated
    goal order_placed within 5 days

    split which
        50% now
            wait 1 hour
        50% later
            wait 1 day
        keep winner by order_placed after 1000 contacts
"""


def test_the_overview_is_the_table_of_simulate(
    studio: TestClient, stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same figures, flow by flow."""
    other = make_stall(tmp_path / "stall")
    shutil.copy(stall / "dev-keys.toml", other)
    acts = tmp_path / "acts.jsonl"
    acts.write_text("\n".join(ACTS) + "\n", "utf-8")
    capsys.readouterr()
    told = ["simulate", str(other), "--visitors", str(acts), "--days-after", "1", "--format", "json"]
    assert run(told) == 0
    rows = {row["flow"]: row for row in json.loads(capsys.readouterr().out)["flows"]}
    page = studio.get("/").text
    assert words(page).count("All flows") == 1
    page = page.partition("<tfoot>")[0]
    shown = {}
    for row in re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", page, re.DOTALL):
        cells = [words(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        shown[cells[0].split()[-1]] = cells[1:]
    assert list(shown) == list(rows)

    def counts(of: dict[str, int]) -> str:
        return " ".join(f"{n} {reason_label(name)}" for name, n in of.items()) or "–"

    for flow, row in rows.items():
        goal = "–" if row["goal"] is None else str(row["goal"])
        money = " ".join(f"{amount} {currency}" for currency, amount in row["revenue"].items()) or "–"
        assert row["unknown"] == 0  # a column of noughts is left out
        numbers = [str(row[name]) for name in ("finished", "under_way")]
        expected = [str(row["entered"]), str(row["not_reachable"]), str(row["mails"])]
        expected += [counts(row["skipped"]), counts(row["left"]), *numbers]
        assert shown[flow][:7] == expected
        assert shown[flow][7].split(" ")[0] == goal
        assert shown[flow][8] == money
    assert rows["welcome"]["revenue"] == {"EUR": "4.50"}


def test_a_flow_is_drawn_with_the_people_on_its_steps(studio: TestClient) -> None:
    """Three were mailed; Carl stands at the wait, one click away; the text stands beside it."""
    page = studio.get("/flows/welcome").text
    assert "<svg" in page
    assert "3 mailed" in words(page)
    assert "<b>wait</b> for order_placed up to 3 days" in page
    (step,) = re.findall(
        r'<a href="/studio(/flows/welcome/steps/[^"]+)" aria-label="wait[^"]*1 here now', page
    )
    people = studio.get(step).text
    assert "1 journey of 1 person waits here now" in words(people)
    assert "/studio/people?address=carl%40example.com" in people
    assert "anna" not in people


def test_a_flow_leads_to_the_newest_of_its_mails_and_to_its_drawing(studio: TestClient) -> None:
    """Each mail by its subject; the drawing alone brings its own colours and nothing else."""
    page = studio.get("/flows/welcome").text
    (mail,) = re.findall(r'<a href="/studio(/mails/\d+)">hello</a><span>[^<]*Welcome', page)
    assert "Hello" in words(studio.get(f"{mail}?show=text").text)
    drawing = studio.get("/flows/welcome/drawing.svg")
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    assert drawing.headers["content-security-policy"].startswith("default-src 'none'")
    assert studio.get("/flows/nothing/drawing.svg").status_code == 404


def test_a_flow_tells_what_its_splits_have_found(stall: Path, tmp_path: Path) -> None:
    """The newest of each split, and nothing of one that is not there any more."""
    folder = tmp_path / "stall"
    shutil.copytree(stall, folder)
    (folder / "flows" / "trial.flow").write_text(TRIAL, "utf-8")
    _, compiled = load_sound_project(folder)
    assert compiled.program is not None
    flow = next(flow for flow in compiled.program.flows if flow.flow == "tried")
    split = next(node for node in flow.nodes if isinstance(node, Split))
    trial = trial_of(flow, split, "")
    assert trial is not None
    seen = (ArmEvidence("now", 2100, 0.041), ArmEvidence("later", 2000, 0.083))
    shares = {"now": Decimal(0), "later": Decimal(100)}
    with closing(sqlite3.connect(next(folder.rglob("engine.db")))) as store, store:
        for mark, best in ((trial.mark, "later"), ("0" * 32, "gone")):
            ruling = Ruling(mark, 1, 0, "tried", split.step, shares, seen, best, 120.0)
            row = (bytes.fromhex(mark), 1, 0, "tried", split.step, msgspec.json.encode(ruling))
            store.execute("INSERT INTO ruling VALUES (?, ?, ?, ?, ?, ?)", row)
    for pages in opened(folder):
        page = words(pages.get("/flows/tried").text)
        assert "`later` is the best arm of `which`, and everybody gets it since 1970-01-01" in page
        assert "`now` 4.1 % of 2,100 people, `later` 8.3 % of 2,000 people." in page
        assert "gone" not in page
        assert "best arm" not in words(pages.get("/flows/welcome").text)
