"""`virta plan`: what a new version changes, and where everybody stands then."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from played import play
from stall import make_stall

from dsl.graph import Graph
from engine.core.bundle import Journey
from engine.insight.records import Records
from engine.store.batch import Batch
from engine.store.store import Store
from virta.command import run
from virta.project.folder import load_project
from virta.release.content import content_of, draft

ROOT = Path(__file__).parents[2]
PLAN_PAGE = (ROOT / "docs" / "plan.md").read_text("utf-8")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("plan") / "stall")


@pytest.fixture
def stall(played: Path, tmp_path: Path) -> Path:
    """A copy in which Carl waits for an order in `welcome`."""
    folder = tmp_path / "stall"
    shutil.copytree(played, folder)
    return folder


def planned(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and what was printed, with a plan's digest blacked out: it is that of the programs."""
    capsys.readouterr()
    code = run(["plan", str(folder), *words])
    return code, re.sub(r"--plan \w{12}\n", "--plan …\n", capsys.readouterr().out)


def rewrite(folder: Path, flow: str, old: str, new: str) -> None:
    path = folder / "flows" / f"{flow}.flow"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def files(folder: Path) -> dict[str, bytes]:
    """All files but those by which SQLite lets others read beside the one that writes."""
    every = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.name: path.read_bytes() for path in every if not path.name.endswith(("-shm", "-wal"))}


def test_what_runs_beside_itself_changes_nothing(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder holds what was loaded at the last start."""
    assert planned(stall, capsys) == (0, "Nothing changes.\n")
    assert planned(stall, capsys, "--exit-code")[0] == 0


def test_whoever_waits_at_a_changed_step_stays(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Carl's wait is the same wait, only longer; exit code 3 tells programs that ask."""
    rewrite(stall, "welcome", "up to 3 days", "up to 5 days")
    code, out = planned(stall, capsys, "--exit-code")
    assert code == 3
    assert out == (
        "~ flow welcome changes, 1 person under way\n"
        "  ~ wait for order_placed up to 3 days → wait for order_placed up to 5 days  1 person stays\n"
        "\n"
        "Flows: 1 changed. Steps: 1 changed. Nobody will stand at another step than now.\n"
        "Exactly this: virta apply --plan …\n"
    )


def test_whoever_waits_at_a_step_that_is_no_more_goes_on(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the nearest step on the old way that is still there."""
    path = stall / "flows" / "welcome.flow"
    head = path.read_text("utf-8").partition("    send hello")[0]
    path.write_text(f"{head}    send hello\n    finish as bought\n", "utf-8")
    _, out = planned(stall, capsys)
    assert re.search(
        r"- wait_1: wait for order_placed up to 3 days +1 person goes on to finish as bought\n", out
    )
    assert "1 person will stand at another step than now." in out


def test_people_are_read_one_by_one_only_where_a_new_mail_lies_before_them(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of all others their number is enough, however many they are."""
    asked: list[tuple[str, int]] = []
    at = Records.at

    def asking(records: Records, places: Collection[tuple[str, str, int]]) -> Iterator[str]:
        asked.extend((flow, node) for flow, _, node in places)
        return at(records, places)

    monkeypatch.setattr(Records, "at", asking)
    rewrite(stall, "welcome", "up to 3 days", "up to 5 days")
    assert "1 person stays" in planned(stall, capsys)[1]
    assert asked == []
    shutil.copy(stall / "templates" / "hello.html", stall / "templates" / "anew.html")
    rewrite(stall, "welcome", "            send come_again", "            send anew")
    assert "1 person will newly get mails by it.\n" in planned(stall, capsys)[1]
    assert asked == [("welcome", 1)]


def test_moved_takes_people_where_it_says(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line in the head wins over all that could be guessed."""
    rewrite(stall, "welcome", "    goal order", "    moved wait_1 to pause\n    goal order")
    rewrite(stall, "welcome", "send hello\n", "wait 2 days as pause\n    send hello\n")
    rewrite(stall, "welcome", "up to 3 days", "up to 3 days as listening")
    _, out = planned(stall, capsys)
    assert (
        re.search(r"~ wait_1: wait for order_placed up to 3 days moved to pause +1 person stays\n", out)
        is None
    )
    assert re.search(r"~ wait_1: wait for order_placed up to 3 days moved to pause +1 person", out)
    assert "1 person will stand at another step than now." in out


def test_a_flow_that_is_no_more_is_told_with_its_people(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They go on to its end; new flows, templates and limits are told beside."""
    (stall / "flows" / "welcome.flow").unlink()
    (stall / "flows" / "late.flow").write_text(
        "limits\n    at most 1 email per day\n"
        "flow late\n    topic news\n    start on order_placed\n\n    send come_again\n",
        "utf-8",
    )
    mail = stall / "templates" / "come_again.html"
    mail.write_text(mail.read_text("utf-8").replace("Hello", "Good day"), "utf-8")
    _, out = planned(stall, capsys)
    assert "- flow welcome is no more, and 1 person under way goes on to its end\n" in out
    assert "+ flow late is new\n" in out
    assert "~ limits change\n  + at most 1 email per day\n" in out
    assert "~ template come_again changes\n" in out
    assert out.endswith(
        "Flows: 1 new, 1 no more. Beside them: 2 changed. Nobody will stand at another step than now.\n"
        "Exactly this: virta apply --plan …\n"
    )


def test_a_plan_for_programs(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as data, with each step and its people."""
    rewrite(stall, "welcome", "up to 3 days", "up to 5 days")
    _, out = planned(stall, capsys, "--format", "json")
    told: dict[str, Any] = json.loads(out)
    assert (told["changed"], told["since"], told["people"]) == (True, "store", 0)
    (flow,) = told["flows"]
    assert (flow["sign"], flow["flow"], flow["people"]) == ("~", "welcome", 1)
    waiting = next(step for step in flow["steps"] if step["old"] == "wait_1")
    assert waiting == {
        "sign": "~",
        "old": "wait_1",
        "new": "wait_1",
        "how": "content",
        "says": "wait for order_placed up to 3 days",
        "changes": [
            {
                "what": "",
                "before": "wait for order_placed up to 3 days",
                "after": "wait for order_placed up to 5 days",
            }
        ],
        "people": 1,
    }


def test_a_plan_writes_nothing(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in the stores nor beside them, and where there are none it makes none."""
    rewrite(stall, "welcome", "up to 3 days", "up to 5 days")
    before = files(stall / "data")
    planned(stall, capsys)
    assert files(stall / "data") == before
    fresh = make_stall(stall.parent / "fresh")
    code, out = planned(fresh, capsys)
    assert code == 0
    assert out.startswith("Nothing has run here yet, so all of it is new.\n+ flow cart is new\n")
    assert not (fresh / "data").exists()


def test_two_folders_are_compared_without_a_store(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An earlier version beside the new one; nothing is known of people, so nothing is said of them."""
    earlier = make_stall(tmp_path / "earlier")
    assert planned(stall, capsys, "--against", str(earlier)) == (0, "Nothing changes.\n")
    rewrite(stall, "thanks", "    send order_thanks", "    wait 1 hour\n    send order_thanks")
    _, out = planned(stall, capsys, "--against", str(earlier))
    assert out == ("~ flow thanks changes\n  + wait_1: wait 1 hour\n\nFlows: 1 changed. Steps: 1 new.\n")


def test_faults_are_shown_before_anything_is_compared(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, as for `virta check`; as data for programs."""
    rewrite(stall, "welcome", "send hello", "send helo")
    assert run(["plan", str(stall)]) == 1
    assert "There is no template `helo`." in capsys.readouterr().err
    assert run(["plan", str(stall), "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["findings"][0]["code"] == "E501"


def test_a_store_of_an_earlier_version_says_what_to_do(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It did not write down what ran: a plain line, and exit code 2."""
    with sqlite3.connect(stall / "data" / "engine.db") as connection:
        connection.execute("DROP TABLE release")
    connection.close()
    assert run(["plan", str(stall)]) == 2
    assert "comes from an earlier version of Virta" in capsys.readouterr().err


# ------------------------------------------------------------------ the page


def stand(graph: Graph, step: str, number: int) -> Journey:
    node = next(index for index, each in enumerate(graph.nodes) if each.step == step)
    id_ = f"{number:032x}"
    return Journey(id_, f"{number + 1_000:032x}", graph.flow, graph.digest, node, 1, 1, 1, "t", {})


async def run_flows(folder: Path, people: dict[str, int], flow: str) -> None:
    """Write a store in which people stand at steps of the project's flow."""
    settings, compiled = load_project(folder)
    program = compiled.program
    assert program is not None
    graph = next(each for each in program.flows if each.flow == flow)
    store = Store(folder / "data" / "engine.db")
    await store.keep_graphs(program.flows)
    await store.enact(draft(content_of(folder, settings, compiled), "start", 0))
    steps = [step for step, count in people.items() for _ in range(count)]
    batch = Batch(journeys_put=[stand(graph, step, number + 1) for number, step in enumerate(steps)])
    await store.commit(batch)
    store.close()


CART = """flow abandoned_cart
    topic news
    start on cart_updated
    enter again after {again} days

    send cart_reminder
{steps}
"""


def test_the_example_of_the_page_is_real(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """docs/plan.md shows what is printed, line by line."""
    folder = make_stall(tmp_path / "stall")
    mail = (folder / "templates" / "cart_kept.html").read_text("utf-8")
    for name in ("cart_reminder", "cart_reviews", "cart_help", "last_call"):
        (folder / "templates" / f"{name}.html").write_text(mail, "utf-8")
    path = folder / "flows" / "cart.flow"
    end = "\n    wait 3 days as later\n    send last_call"
    path.write_text(CART.format(again=7, steps=f"    wait 1 day\n    send cart_reviews{end}"), "utf-8")
    asyncio.run(run_flows(folder, {"cart_reminder": 2, "wait_1": 6, "cart_reviews": 4}, "abandoned_cart"))
    path.write_text(CART.format(again=14, steps=f"    wait 2 days\n    send cart_help{end}"), "utf-8")
    _, out = planned(folder, capsys)
    shown = re.search(r"^```console\n\$ virta plan\n(.*?)^```", PLAN_PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert out == shown.group(1)


def test_people_in_versions_before_the_last_are_told_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They stand in older graphs, and each of these is laid beside the new version."""
    folder = make_stall(tmp_path / "stall")
    path = folder / "flows" / "cart.flow"
    steps = "    wait 1 day as pause\n    send cart_kept"
    for name in ("cart_reminder",):
        shutil.copy(folder / "templates" / "cart_kept.html", folder / "templates" / f"{name}.html")
    path.write_text(CART.format(again=7, steps=steps), "utf-8")
    asyncio.run(run_flows(folder, {"pause": 3}, "abandoned_cart"))
    path.write_text(CART.format(again=7, steps="    wait 3 days as rest\n    send cart_kept"), "utf-8")
    asyncio.run(run_flows(folder, {}, "abandoned_cart"))
    path.write_text(CART.format(again=7, steps="    send cart_kept"), "utf-8")
    _, out = planned(folder, capsys)
    assert "    3 people at pause of an earlier version: cart_kept\n" in out
    assert "3 people will stand at another step than now." in out


def test_the_flow_of_the_page_has_no_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A `moved` line as docs/plan.md shows it."""
    folder = make_stall(tmp_path / "stall")
    (block,) = re.findall(r"^```flow\n(.*?)^```", PLAN_PAGE, re.MULTILINE | re.DOTALL)
    (folder / "flows" / "welcome.flow").write_text(block, "utf-8")
    for name in ("welcome_gift", "getting_started"):
        shutil.copy(folder / "templates" / "hello.html", folder / "templates" / f"{name}.html")
    assert run(["check", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("Nothing to mend.")
