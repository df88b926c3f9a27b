"""Sales, as a project says them: the page's own example holds, and what is wrong is told."""

import asyncio
import json
import re
import sqlite3
import tomllib
from pathlib import Path

import pytest
from scenes import stall_with, why
from stall import make_stall

from virta.command import run
from virta.mailbox.reader import mails
from virta.project.folder import load_project
from virta.release.content import content_of
from virta.release.differences import differences
from virta.scenarios.outcome import Outcome
from virta.scenarios.playing import play
from virta.scenarios.stage import open_house
from virta.settings import BrokenProject, read_settings

PAGE = (Path(__file__).parents[2] / "docs" / "consent.md").read_text("utf-8")
SECTION = PAGE.partition("## Customers")[2].partition("\n## ")[0]
(TOML,) = re.findall(r"```toml virta.toml\n(.*?)```", SECTION, re.DOTALL)
(FLOW,) = re.findall(r"```flow\n(.*?)```", SECTION, re.DOTALL)
SIMILAR, _, SALES = TOML.partition("\n")
DECLARED, _, SCENARIO = FLOW.partition("scenario ")
FACTS = 'items [(sku "k1", category "coffee")], objection_offered yes, objection_notice "checkout-7"'


def shop(folder: Path, toml: str = TOML, flows: str = DECLARED) -> Path:
    """The stall, with the page's example in it."""
    stall = make_stall(folder / "stall")
    similar, _, sales = toml.partition("\n")
    path = stall / "virta.toml"
    path.write_text(f"{similar}\n{path.read_text('utf-8')}\n{sales}", "utf-8")
    (stall / "flows" / "more.flow").write_text(flows, "utf-8")
    (stall / "templates" / "similar_beans.html").write_text(
        (stall / "templates" / "hello.html").read_text("utf-8"), "utf-8"
    )
    return stall


def played(folder: Path, *texts: str) -> list[Outcome]:
    shop(folder)
    stall = stall_with(folder, *texts)
    settings, compiled = load_project(stall)
    assert not compiled.findings, compiled.findings
    house = open_house(stall, settings, compiled)
    return [asyncio.run(play(house, scenario)) for scenario in compiled.scenarios]


def test_the_example_of_the_page_holds(tmp_path: Path) -> None:
    """Its settings, its flow and its scenario, with nothing to mend."""
    assert tomllib.loads(TOML)["similar"] == {"beans": "coffee"}
    assert [why(each) for each in played(tmp_path, f"scenario {SCENARIO}")] == [""]


@pytest.mark.parametrize(
    ("facts", "comes"),
    [
        (FACTS, "expect send similar_beans"),
        (FACTS.replace("coffee", "Coffee"), "expect send similar_beans"),
        (FACTS.replace("coffee", "cups"), "expect no send"),
        (FACTS.replace("offered yes", "offered no"), "expect no send"),
        (FACTS.replace(', objection_notice "checkout-7"', ""), "expect no send"),
        (f"{FACTS}, objected yes", "expect no send"),
        (f"{FACTS}, objected no", "expect send similar_beans"),
    ],
)
def test_scenarios_go_by_the_same_facts(tmp_path: Path, facts: str, comes: str) -> None:
    """A mail comes where all of them are told, and the customer did not say no."""
    scenario = f"""
scenario "told"
    flow more_beans
    at 2026-03-02 10:00 order_placed with order_id "1042", {facts}
    after 14 days {comes}
"""
    assert [why(each) for each in played(tmp_path, scenario)] == [""]


def test_whoever_takes_it_back_is_not_brought_back(tmp_path: Path) -> None:
    """By the link in the mail; the next order changes nothing."""
    scenario = f"""
scenario "told"
    flow more_beans
    at 2026-03-02 10:00 order_placed with order_id "1", {FACTS}
    after 14 days expect send similar_beans
    after 1 day withdraws beans
    after 1 day order_placed with order_id "2", {FACTS}
    after 14 days expect no send
"""
    assert [why(each) for each in played(tmp_path, scenario)] == [""]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('order = "order_id"\n', "", "`order` is missing in one of the tables under [sales]."),
        ('"objection_offered"', '" "', "`sales.order_placed.offered` is empty; write which field of"),
        ('offered = "objection_offered"', "offered = true", "`sales.offered` must be a text in quotes"),
        ("objected", "objecter", "there is no setting `objecter`"),
        ('"coffee"', '""', "`similar.beans` is empty; write the category of its goods."),
    ],
)
def test_what_is_no_setting_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    """Before anything is compared with the flows."""
    assert old in TOML
    stall = shop(tmp_path, TOML.replace(old, new, 1))
    with pytest.raises(BrokenProject) as caught:
        read_settings(stall)
    assert says in str(caught.value)


def test_a_mistake_is_a_finding_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`virta check` points into virta.toml."""
    stall = shop(tmp_path, TOML.replace("items.category", "items.kategory"))
    assert run(["check", str(stall)]) == 1
    told = capsys.readouterr().out
    assert re.search(r"error E472 virta.toml:\d+:9\n", told)
    assert "has no field `items.kategory`" in told


def test_a_plan_tells_what_becomes_of_sales(tmp_path: Path) -> None:
    """Which events are some, and which goods a topic rests on."""
    before = shop(tmp_path / "before")
    after = shop(tmp_path / "after", TOML.replace('"coffee"', '"tea"').replace("items.category", "coupon"))
    gone = make_stall(tmp_path / "gone" / "stall")
    first, second, third = (content_of(each, *load_project(each)) for each in (before, after, gone))
    (topic, sale) = differences(first, second)
    assert (sale.kind, sale.name, sale.sign) == ("sale", "order_placed", "~")
    assert [(each.before, each.after) for each in sale.changes] == [
        ('goods "items.category"', 'goods "coupon"')
    ]
    assert [(each.before, each.after) for each in topic.changes] == [
        ("rests on sales of coffee", "rests on sales of tea")
    ]
    assert [(each.kind, each.sign) for each in differences(third, first)] == [("sale", "+")]
    assert [(each.kind, each.sign) for each in differences(first, third)] == [("sale", "-")]


def test_a_replay_goes_by_the_same_facts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anna could say no, and was told of more until she unsubscribed; Bert's order says nothing of it."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    stall = shop(tmp_path)
    said: dict[str, object] = {"items": [{"sku": "k1", "category": "coffee"}]}
    told: dict[str, object] = {**said, "objection_offered": True, "objection_notice": "checkout-7"}
    acts = [
        order("2026-01-05", "anna@example.com", "1", told),
        order("2026-01-05", "bert@example.com", "2", said),
        {"do": "withdraw", "at": "2026-01-20T10:00:00+00:00", "email": "anna@example.com"},
        order("2026-01-21", "anna@example.com", "3", told),
    ]
    (tmp_path / "acts.jsonl").write_text("".join(f"{json.dumps(act)}\n" for act in acts), "utf-8")
    words = [
        "simulate",
        str(stall),
        "--visitors",
        str(tmp_path / "acts.jsonl"),
        "--days-after",
        "30",
        "--keep",
    ]
    assert run(words) == 0
    sent = [
        mail.recipients for mail in mails(stall / "data" / "mailbox") if "List-Unsubscribe" in mail.parsed()
    ]
    assert sent == [("anna@example.com",)]
    with sqlite3.connect(stall / "data" / "consent.db") as connection:
        bodies = [json.loads(body) for (body,) in connection.execute("SELECT body FROM leaves ORDER BY seq")]
    connection.close()
    steps = [
        (leaf["type"], leaf["actor"]) for leaf in bodies if leaf["purpose"] == "beans" and leaf["subject"]
    ]
    assert steps == [("soft_opt_in.recorded", "shop:order_placed"), ("objected", "subject:one_click")]


def order(day: str, email: str, number: str, data: dict[str, object]) -> dict[str, object]:
    """The act of a replay by which somebody orders."""
    event = {"id": f"order-{number}", "event": "order_placed", "data": {"order_id": number, **data}}
    return {"do": "event", "at": f"{day}T09:00:00+00:00", "email": email, **event}
