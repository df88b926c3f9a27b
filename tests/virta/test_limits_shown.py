"""`virta check --explain-limits`: what the compiler knows of a project's mails."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from stall import make_stall

from virta.command import run

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "kafija"


def told(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert run(["check", str(folder), "--explain-limits", *words]) == 0
    return capsys.readouterr().out


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    return make_stall(tmp_path / "stall")


def test_flows_topics_and_all_marketing_have_their_tables(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind the findings: each flow with its journey, its worst day, week and 30 days, and its needs."""
    out = told(stall, capsys)
    assert out.startswith(
        "Nothing to mend. Flows: 3, templates: 4.\n\nflow cart: at most 1 mail, at once, for each cart_id\n"
    )
    assert (
        "flow welcome: at most 2 mails in 3 days\n"
        "  A journey sends 1 to 2 mails and takes no time to 3 days.\n"
        "  most mails    as written with limits\n"
        "  in a day               1           1  hello\n"
        "  in a week              2           2  hello, come_again\n"
        "  in 30 days             2           2  the same\n"
        "  hello, come_again need agreement to news\n"
    ) in out
    assert "topic orders, all flows together\n" in out
    assert "all marketing together\n" in out
    assert "  No bound: cart: each cart_id of cart_updated starts a journey of its own.\n" in out


def test_limits_bound_what_flows_do_not(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each cart starts a journey, and still no more mails come than the project lets through."""
    (stall / "limits.flow").write_text("limits\n    at most 2 emails per week\n", "utf-8")
    out = told(stall, capsys)
    assert re.search(r"in a week +no bound +2  cart_kept\n|in a week +no bound +2  the same\n", out)
    assert "  Limited by the project's `at most 2 emails per week`.\n" in out


def test_what_is_known_as_data(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the findings, with whole ways and seconds."""
    known: dict[str, Any] = json.loads(told(stall, capsys, "--format", "json"))
    assert known["findings"] == []
    flows = {flow["bounds"]["flow"]: flow for flow in known["limits"]["flows"]}
    welcome = flows["welcome"]["bounds"]
    assert (welcome["fewest"], welcome["most"], welcome["longest"]) == (1, 2, 3 * 86_400)
    assert welcome["week"] == {
        "mails": 2,
        "path": ["hello", "come_again"],
        "why": "",
        "let_through": 2,
        "by": "",
    }
    assert flows["cart"]["bounds"]["day"]["mails"] is None
    assert flows["welcome"]["sentence"] == "at most 2 mails in 3 days"
    assert [topic["name"] for topic in known["limits"]["topics"]] == ["news", "orders"]


def test_faulty_flows_have_no_tables(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The errors come first; as data there are findings alone."""
    path = stall / "flows" / "welcome.flow"
    path.write_text(path.read_text("utf-8").replace("send hello", "send helo"), "utf-8")
    assert run(["check", str(stall), "--explain-limits"]) == 1
    assert "most mails" not in capsys.readouterr().out
    assert run(["check", str(stall), "--explain-limits", "--format", "json"]) == 1
    assert list(json.loads(capsys.readouterr().out)) == ["findings"]


def test_the_example_of_the_page_is_real(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/limits.md shows a part of what is printed for examples/kafija, line by line."""
    page = (ROOT / "docs" / "limits.md").read_text("utf-8")
    shown = re.search(
        r"^```console\n\$ virta check --explain-limits\n(.*?)^```", page, re.MULTILINE | re.DOTALL
    )
    assert shown is not None
    assert f"\n{shown.group(1)}\n" in told(SHOP, capsys)


def test_the_shop_deserves_no_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """Its limits, goals and re-entries fit its flows."""
    assert run(["check", str(SHOP)]) == 0
    assert capsys.readouterr().out.startswith("Nothing to mend.")
