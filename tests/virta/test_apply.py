"""`virta apply`: what stands in the folder becomes what runs, exactly as it was shown, or not at all."""

import io
import json
import re
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from applied import answering, apply, runs
from played import play
from serving import Served, eventually

from engine.insight.records import open_records
from virta.command import run
from virta.release import applying


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("apply") / "stall")


@pytest.fixture
def stall(played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy in which Carl waits for an order in `welcome`, which is other text by now."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = tmp_path / "stall"
    shutil.copytree(played, folder)
    rewrite(folder, "up to 3 days", "up to 500 days")
    return folder


def rewrite(folder: Path, old: str, new: str, flow: str = "welcome") -> None:
    path = folder / "flows" / f"{flow}.flow"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def digest(folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(["plan", str(folder)]) == 0
    (found,) = re.findall(r"virta apply --plan (\w+)\n", capsys.readouterr().out)
    return str(found)


def test_what_is_applied_is_what_was_shown(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text is that of the plan; the release says who made it; then nothing changes any more."""
    run(["plan", str(stall)])
    shown = capsys.readouterr().out
    code, out, _ = apply(stall, capsys, "--yes")
    assert (code, out) == (0, f"{shown}Release 2 runs from the next start of `virta serve` on.\n")
    made = runs(stall)
    assert (made.number, made.kind, made.carries) == (2, "apply", True)
    assert " at " in made.by
    assert apply(stall, capsys, "--yes") == (0, "Nothing changes.\n", "")
    assert runs(stall).number == 2


@pytest.mark.parametrize(("answer", "number"), [("yes", 2), ("no", 1), ("", 1)])
def test_at_a_terminal_it_asks(
    answer: str,
    number: int,
    stall: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only a yes is one."""
    answering(monkeypatch, answer)
    code, _, _ = apply(stall, capsys)
    assert code == (0 if number == 2 else 3)
    assert runs(stall).number == number


def test_where_nobody_can_be_asked_it_must_be_said(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3, and nothing is applied."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    code, _, err = apply(stall, capsys)
    assert (code, err) == (
        3,
        "Nobody is there to ask: say --yes, or --plan with the name of the plan above.\n",
    )
    assert runs(stall).number == 1


def test_exactly_a_plan_that_was_shown_is_applied(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not when the flows changed since, and not when another release runs by then."""
    shown = digest(stall, capsys)
    rewrite(stall, "up to 500 days", "up to 600 days")
    code, _, err = apply(stall, capsys, "--plan", shown)
    assert code == 3
    assert err.startswith(f"This is not the plan {shown} any more, but ")
    rewrite(stall, "up to 600 days", "up to 500 days")
    assert apply(stall, capsys, "--plan", shown)[0] == 0
    assert apply(stall, capsys, "--release", "1", "--yes")[0] == 0
    assert digest(stall, capsys) != shown  # the same flows, and another release before them
    assert apply(stall, capsys, "--plan", shown)[0] == 3
    assert runs(stall).number == 3


def test_the_number_of_people_may_change(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They walk on while somebody reads the plan."""
    shown = digest(stall, capsys)
    with sqlite3.connect(stall / "data" / "engine.db") as connection:
        gone = connection.execute("DELETE FROM journey").rowcount
        connection.execute("DELETE FROM timer")
    connection.close()
    assert gone == 1
    assert digest(stall, capsys) == shown


def test_back_to_an_earlier_release(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a plan like any other; the releases between stay."""
    assert apply(stall, capsys, "--yes")[0] == 0
    code, out, _ = apply(stall, capsys, "--release", "1", "--yes")
    assert code == 0
    assert "wait for order_placed up to 500 days → wait for order_placed up to 3 days" in out
    made = runs(stall)
    assert (made.number, made.kind) == (3, "back")
    with open_records(stall / "data" / "engine.db") as records:
        first = records.release(1)
    assert first is not None
    assert made.content.digest == first.content.digest
    assert apply(stall, capsys, "--release", "9")[2] == "virta: There is no release 9; the last one is 3.\n"


def test_very_many_people_want_their_number(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said or typed; another one will not do. Here one is very many."""
    monkeypatch.setattr(applying, "MANY", 0)
    shutil.copy(stall / "templates" / "hello.html", stall / "templates" / "anew.html")
    rewrite(stall, "            send come_again", "            send anew")
    rewrite(stall, "            finish as bought", "            send anew as more")
    code, out, err = apply(stall, capsys, "--yes")
    assert code == 3
    assert "1 person will newly get mails by it.\n" in out
    assert err == "This newly reaches 1 people. If that is what you mean, say --reach 1.\n"
    assert apply(stall, capsys, "--yes", "--reach", "7")[0] == 3
    answering(monkeypatch, "2", "yes")
    assert apply(stall, capsys)[0] == 3
    answering(monkeypatch, "1", "yes")
    assert apply(stall, capsys)[0] == 0
    assert runs(stall).number == 2


def test_an_answer_for_programs(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the plan; refusals too."""
    code, out, _ = apply(stall, capsys, "--format", "json", "--plan", "nothing")
    told: dict[str, Any] = json.loads(out)
    assert (code, told["applied"], told["release"]) == (3, False, 1)
    assert told["refused"].startswith("This is not the plan nothing any more")
    code, out, _ = apply(stall, capsys, "--format", "json", "--plan", told["plan"]["digest"])
    told = json.loads(out)
    assert (code, told["applied"], told["release"], told["refused"]) == (0, True, 2, None)
    assert (told["runs"], told["told"]) == (False, "Release 2 runs from the next start of `virta serve` on.")


def test_what_cannot_start_for_the_past_is_told(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flows that are not there, or that lack the days that count; the others are counted."""
    assert "There is no flow hello" in apply(stall, capsys, "--backfill", "hello")[2]
    assert "say with --within how many days back" in apply(stall, capsys, "--backfill", "cart")[2]
    code, out, _ = apply(stall, capsys, "--backfill", "thanks", "--within", "5000", "--yes")
    assert code == 0
    assert "Flow thanks starts for the past: 2 people at most.\n" in out
    assert [asked.flow for asked in runs(stall).backfills] == ["thanks"]


def test_a_project_with_errors_is_not_applied(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its findings are shown."""
    rewrite(stall, "send hello", "send nothing_there")
    code, _, err = apply(stall, capsys, "--yes")
    assert code == 1
    assert "E501" in err
    assert runs(stall).number == 1


def test_a_flow_that_is_no_more_keeps_its_templates(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As long as somebody is in it; the folder is none the wiser."""
    (stall / "flows" / "welcome.flow").unlink()
    (stall / "templates" / "come_again.html").unlink()
    (stall / "templates" / "hello.html").unlink()
    assert apply(stall, capsys, "--yes")[0] == 0
    made = runs(stall).content
    assert made.inherited == {"hello", "come_again"}
    assert {"hello", "come_again"} <= {file.name for file in made.files}
    assert {"hello", "come_again"} <= {each.name for each in made.policy.templates}
    assert apply(stall, capsys, "--yes")[1] == "Nothing changes.\n"


# ------------------------------------------------------------------ while it is served


def journal(folder: Path) -> list[tuple[str, str]]:
    with open_records(folder / "data" / "engine.db") as records:
        return [(entry.what, entry.reason) for entry in records.lines()]


def test_it_takes_effect_while_virta_serves(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command looks on until Carl has been taken over; the folder's own text alone changes nothing."""
    with Served(stall, "--mailbox", "--now", "2026-03-04T00:00") as served:
        eventually(lambda: served.told("what stands in the folder is not what runs"))
        assert runs(stall).number == 1
        code, out, _ = apply(stall, capsys, "--yes")
        assert (code, out.endswith("Release 2 runs.\n")) == (0, True)
        assert journal(stall).count(("carried", "wait_1")) == 1
        assert len(served.told("a newer release takes over")) == 1
        assert served.stop() == 0
    with Served(stall, "--mailbox", "--now", "2026-03-04T00:00") as served:
        eventually(lambda: served.told("what stands in the folder is what runs"))
        assert served.stop() == 0
    assert journal(stall).count(("carried", "wait_1")) == 1


def test_how_far_it_has_come_is_told_stage_by_stage(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everybody is looked at first, then people are taken over, then flows start for the past."""
    assert apply(stall, capsys, "--backfill", "thanks", "--within", "5000", "--yes")[0] == 0
    made, database = runs(stall), stall / "data" / "engine.db"

    def at(**cursors: int) -> applying.Progress:
        with sqlite3.connect(database) as connection:
            rows = [(name, str(value).encode()) for name, value in cursors.items()]
            connection.executemany("INSERT OR REPLACE INTO note VALUES (?, ?)", rows)
        connection.close()
        return applying.progress(database, made, 4000)

    assert at() == applying.Progress()
    looking = at(sweeping=77, swept=2**126, swept_people=300)
    assert looking == applying.Progress("looking", 0.25, 300)
    over = at(sweeping=-1, carrying=2, carried_journeys=1000, carried_people=800)
    assert over == applying.Progress("taking over", 0.25, 800)
    starting = at(carried=2, backfilled_to=2**127, backfilled_people=9)
    assert starting == applying.Progress("starting", 0.5, 9)
    assert at(backfilled=1) == applying.Progress(share=1.0, done=True)


def test_a_release_that_cannot_run_there_is_told_with_its_reason(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At once, with exit code 1, and the release before it goes on."""
    with Served(stall, "--mailbox", "--now", "2026-03-04T00:00") as served:
        eventually(lambda: served.told("serving"))
        schema = stall / "schema.flow"
        hook = '\nwebhook crm\n    url "https://crm.example/hook"\n    secret env CRM_SECRET_OF_NOBODY\n'
        schema.write_text(schema.read_text("utf-8") + hook, "utf-8")
        rewrite(stall, "    send hello\n", "    send hello\n    call crm\n")
        code, _, err = apply(stall, capsys, "--yes")
        assert code == 1
        assert err.startswith("Release 2 is written down, but cannot run where Virta runs: ")
        assert "CRM_SECRET_OF_NOBODY" in err
        assert err.endswith("Release 1 goes on until Virta is started anew.\n")
        assert served.stop() == 0


def test_a_kill_in_the_midst_is_made_up_for(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The engine is killed right before it commits that Carl was taken over; the next start does it once."""
    assert apply(stall, capsys, "--yes")[0] == 0
    dying = """
import os, signal
from engine.store.store import Store
commit = Store.commit
async def die(self, batch):
    if "carried_to" in batch.cursors:
        os.kill(os.getpid(), signal.SIGKILL)
    await commit(self, batch)
Store.commit = die
"""
    with Served(stall, "--mailbox", "--now", "2026-03-04T00:00", before=dying) as served:
        assert served.ended() == -9
    assert journal(stall).count(("carried", "wait_1")) == 0
    with Served(stall, "--mailbox", "--now", "2026-03-04T00:00") as served:
        eventually(lambda: ("carried", "wait_1") in journal(stall))
        assert served.stop() == 0
    assert journal(stall).count(("carried", "wait_1")) == 1


def test_serve_runs_what_was_applied_whatever_the_folder_holds(stall: Path) -> None:
    """Also flows with errors and templates that are gone."""
    (stall / "templates" / "come_again.html").unlink()
    with Served(stall, "--mailbox", "--now", "2026-03-04T00:00") as served:
        eventually(lambda: served.told("what stands in the folder has errors, and the last release runs"))
        assert served.stop() == 0


def test_serve_applies_the_folder_where_it_is_told_to(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without asking, so not in production."""
    with Served(stall, "--mailbox", "--apply", "--now", "2026-03-04T00:00") as served:
        eventually(lambda: served.told("what stands in the folder is a new release"))
        eventually(lambda: ("carried", "wait_1") in journal(stall))
        assert served.stop() == 0
    assert runs(stall).number == 2
    settings = (stall / "virta.toml").read_text("utf-8")
    settings = settings.replace(
        'name = "Coffee stall"', 'environment = "production"\nname = "Coffee stall"', 1
    )
    settings += "\n[privacy]\nrecipients = []\n"
    settings = settings.replace("\nenvironment", '\nurl = "https://stall.example"\nenvironment', 1)
    (stall / "virta.toml").write_text(settings, "utf-8")
    assert run(["serve", str(stall), "--apply", "--port", "0"]) == 2
    assert "--apply asks nobody" in capsys.readouterr().err
