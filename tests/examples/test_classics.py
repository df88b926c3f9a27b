"""The classics: the flows that every shop asks for, each short, tested, and beside what products document."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from dsl.graph import Send
from virta.command import run
from virta.project.folder import load_project

ROOT = Path(__file__).parents[2]
CLASSICS = ROOT / "examples" / "classics"
PAGE = (ROOT / "docs" / "classics.md").read_text("utf-8")
ASKED_FOR = {
    "welcome": "welcome",
    "cart": "abandoned_cart",
    "browse": "browse",
    "post-purchase": "post_purchase",
    "win-back": "winback",
    "birthday": "birthday",
    "sunset": "sunset",
    "back in stock": "back_in_stock",
    "price drop": "price_drop",
    "review": "review",
    "referral": "referral",
    "replenishment": "replenishment",
    "onboarding": "onboarding",
    "lead nurture": "lead_nurture",
    "VIP": "vip",
}
BESIDE = {"order_updates", "trial_end", "weekly"}
FILES = sorted((CLASSICS / "flows").glob("*.flow"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project as somebody copies it."""
    leave = shutil.ignore_patterns("stores", "dev-keys.toml")
    return Path(shutil.copytree(CLASSICS, tmp_path / "shop", ignore=leave))


def test_each_flow_that_every_shop_asks_for_is_there() -> None:
    """In a file of its name, one flow a file."""
    assert {file.stem for file in FILES} == set(ASKED_FOR.values()) | BESIDE
    for file in FILES:
        assert re.findall(r"^flow (\w+)", file.read_text("utf-8"), re.MULTILINE) == [file.stem]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_flow_is_short(file: Path) -> None:
    """At most 25 lines, with its comment and its blank line."""
    assert len(file.read_text("utf-8").splitlines()) <= 25


def test_the_compiler_has_nothing_to_say(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No error, and no warning either."""
    assert run(["check", str(copy)]) == 0
    assert capsys.readouterr().out.startswith(f"Nothing to mend. Flows: {len(FILES)}, ")


def test_every_file_is_canonical(copy: Path) -> None:
    """`virta fmt` would not move a letter."""
    assert run(["fmt", "--check", str(copy)]) == 0


def test_the_scenarios_hold_and_reach_everything(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At least three for each flow; together they reach every step and take every arm."""
    assert run(["test", str(copy), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["failed"], told["findings"]) == (0, [])
    assert {each["flow"]: each["gaps"] for each in told["coverage"]} == {file.stem: [] for file in FILES}
    scenarios = Counter(flow for each in told["scenarios"] for flow in each["flows"])
    assert min(scenarios[file.stem] for file in FILES) >= 3


def test_a_flow_that_does_something_else_fails_its_scenarios(copy: Path) -> None:
    """The exact hours are tested: a minute is noticed, and a lost exit."""
    cart = copy / "flows" / "abandoned_cart.flow"
    text = cart.read_text("utf-8")
    assert run(["test", str(copy), "--only", "abandoned_cart", "--brief"]) == 0
    for wrong in (
        text.replace("wait 18 hours", "wait 1081 minutes"),
        text.replace("    leave on order_placed\n", ""),
    ):
        assert wrong != text
        cart.write_text(wrong, "utf-8")
        assert run(["test", str(copy), "--only", "abandoned_cart", "--brief"]) == 1


def test_nobody_gets_too_much_whatever_they_do(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two marketing mails a day and five a week from all flows together; one journey sends five at most."""
    assert run(["check", str(copy), "--explain-limits", "--format", "json"]) == 0
    limits = json.loads(capsys.readouterr().out)["limits"]
    spans = limits["marketing"]
    assert [spans[span]["let_through"] for span in ("day", "week", "month")] == [2, 5, 25]
    bounds = [each["bounds"] for each in limits["flows"]]
    assert {each["flow"] for each in bounds} == {file.stem for file in FILES}
    assert all(1 <= each["fewest"] <= each["most"] <= 5 for each in bounds)
    assert [each["unreached"] for each in limits["flows"]] == [[]] * len(FILES)


def test_service_mail_is_for_everybody_and_marketing_for_whoever_agreed() -> None:
    """Orders, accounts and notices that were asked for; of the last, the reminder is marketing."""
    program = load_project(CLASSICS)[1].program
    assert program is not None
    service = {topic.name for topic in program.topics if topic.purpose == "service"}
    topics = {
        graph.flow: {node.topic for node in graph.nodes if isinstance(node, Send)} for graph in program.flows
    }
    assert {flow for flow, of in topics.items() if of & service} == {
        "back_in_stock",
        "onboarding",
        "order_updates",
        "trial_end",
    }
    assert topics["back_in_stock"] == {"alerts", "offers"}


def test_the_page_shows_each_flow_as_it_is() -> None:
    """Letter for letter, under the name by which people ask for it."""
    blocks = re.findall(r"^## (.+?)\n.*?^```flow\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    shown = {title.lower(): block for title, block in blocks}
    for asked, flow in ASKED_FOR.items():
        assert shown[asked.lower()] == (CLASSICS / "flows" / f"{flow}.flow").read_text("utf-8")


def test_the_page_has_a_row_for_each_flow() -> None:
    """Who documents it, with an address, or the words that it is usual practice."""
    rows = dict(re.findall(r"^\| \[?([\w -]+?)\]?(?:\(#[\w-]+\))? \| (.+) \|$", PAGE, re.MULTILINE))
    for asked in ASKED_FOR:
        documented = rows[asked].split(" | ")[0]
        assert re.search(r"\]\(https?://", documented) or "usual practice" in documented
