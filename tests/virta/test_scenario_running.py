"""`virta test`: what it prints, writes and answers."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from scenes import played, stall_with, the

from virta.command import run
from virta.scenarios.junit import as_junit
from virta.scenarios.watching import next_change, stamps

FINE = """
scenario "a buyer is thanked"
    flow thanks
    at 2026-03-02 10:00 order_placed with order_id "7", total 4.50 EUR
    expect send order_thanks
        subject is "Order 7"
"""

FAULTY = """
scenario "nobody is thanked"
    flow thanks
    at 2026-03-02 10:00 order_placed with order_id "7", total 4.50 EUR
    expect no send
"""


def test_a_suite_that_holds_answers_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a scenario, what is reached, and a summary."""
    stall = stall_with(tmp_path, FINE)
    assert run(["test", str(stall)]) == 0
    printed = capsys.readouterr().out
    assert printed.rpartition(" in ")[0] == (
        "scenarios/told.flow\n"
        "  ok      a buyer is thanked\n"
        "\n"
        "Reached by scenarios\n"
        "  thanks  steps 1 of 1  all\n"
        "Without a scenario: cart, welcome.\n"
        "\n"
        "1 scenario, passed,"
    )


def test_a_failure_answers_with_1_and_tells_the_story(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line at fault, what was expected, what came, and what had happened."""
    stall = stall_with(tmp_path, FINE, FAULTY)
    assert run(["test", str(stall), "--brief"]) == 1
    printed = capsys.readouterr().out
    assert printed.rpartition(" in ")[0] == (
        "\n"
        "FAILED  nobody is thanked\n"
        "  scenarios/told.flow:12\n"
        "      expect no send\n"
        "\n"
        "  expected  No mail goes out at 2026-03-02 10:00.\n"
        "  came      This went out: `order_thanks` (2026-03-02 10:00).\n"
        "\n"
        "  The contact's story until then, on the clock of UTC:\n"
        "    Monday, 2026-03-02\n"
        "      10:00  Placed an order: order id 7, total 4.50 EUR.\n"
        "      10:00  Entered “thanks”.\n"
        "      10:00  Got the mail order_thanks from “thanks”.\n"
        "      10:00  Reached the end of “thanks”.\n"
        "\n"
        "2 scenarios, 1 failed,"
    )


def test_a_failure_tells_what_decided_and_which_goal_was_reached(tmp_path: Path) -> None:
    """The values of the moment, and the event that counts."""
    flow = """
flow visit
    topic news
    start on page_viewed
    goal order_placed within 2 days

    if contact.first_name is "Bo" or count of order_placed > 0
        finish as regular
    send hello
    wait 1 hour
"""
    scene = """
scenario "somebody unknown"
    flow visit
    contact
        agreed to news
        first_name "Anna"
    at 2026-03-02 10:00 page_viewed with url "https://stall.example/"
    after 1 hour order_placed with order_id "7"
    expect 9 emails
"""
    failure = the(played(tmp_path, scene, flows=flow)).failure
    assert failure is not None
    told = [line.text for line in failure.story]
    decided = "contact.first_name was “Anna”, count of order_placed was 0"
    asked = 'contact.first_name is "Bo" or count of order_placed > 0'
    assert f"“visit” checked “{asked}”: no ({decided})." in told
    assert "Reached the goal of “visit”: they placed an order." in told


def test_a_template_that_fails_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the expectation that failed and in the story, naming what is not known."""
    stall = stall_with(tmp_path, FINE)
    path = stall / "templates" / "order_thanks.html"
    path.write_text(path.read_text("utf-8").replace("<p>", "<p>{{ contact.first_name }} ", 1), "utf-8")
    assert run(["test", str(stall)]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    fault = "template `order_thanks` (en): `first_name` is shown, but not known for this person"
    assert f"The mail `order_thanks` could not be: {fault}" in printed
    assert f"the template could not be filled in: {fault}" in printed


def test_an_error_in_a_scenario_is_shown_and_the_others_are_played(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and the finding as `virta check` prints it."""
    stall = stall_with(tmp_path, FINE, FAULTY.replace("flow thanks", "flow thank"))
    assert run(["test", str(stall)]) == 1
    printed = capsys.readouterr().out
    assert "error E" in printed
    assert "scenarios/told.flow:10" in printed
    assert "  ok      a buyer is thanked\n" in printed
    assert "nobody is thanked" not in printed.partition("Reached")[2]


def test_only_those_asked_for_are_played(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a part of the title or of the flow's name, in any case."""
    stall = stall_with(tmp_path, FINE, FAULTY)
    assert run(["test", str(stall), "--only", "BUYER"]) == 0
    assert "Without a scenario" not in capsys.readouterr().out
    assert run(["test", str(stall), "--only", "hank"]) == 1
    capsys.readouterr()
    assert run(["test", str(stall), "--only", "cart"]) == 2
    assert capsys.readouterr().err == (
        "virta: No scenario has “cart” in its title or in the name of its flow. "
        "The flows with scenarios: thanks.\n"
    )


def test_a_project_without_scenarios_learns_how_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what it is shown can be played as it stands."""
    stall = stall_with(tmp_path)
    assert run(["test", str(stall)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith(f"There are no scenarios in {stall} yet.")
    lines = [line.removeprefix("    ") for line in shown.splitlines() if line.startswith("    ")]
    stall_with(tmp_path, "\n".join(lines))
    assert run(["test", str(stall)]) == 0


def test_json_has_outcomes_and_coverage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that is printed for people, for programs."""
    stall = stall_with(tmp_path, FINE, FAULTY)
    assert run(["test", str(stall), "--format", "json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["passed"], report["failed"]) == (1, 1)
    assert [each["name"] for each in report["scenarios"]] == ["a buyer is thanked", "nobody is thanked"]
    assert report["scenarios"][1]["failure"]["line"] == 12
    (welcome,) = (each for each in report["coverage"] if each["flow"] == "welcome")
    assert (welcome["steps"], welcome["reached"], welcome["arms"], welcome["taken"]) == (4, 0, 2, 0)
    assert report["findings"] == []


def test_junit_xml_is_read_by_a_parser(tmp_path: Path) -> None:
    """A suite a file, a case a scenario, and the failure with its text."""
    stall = stall_with(tmp_path, FINE, FAULTY)
    target = tmp_path / "junit.xml"
    assert run(["test", str(stall), "--junit", str(target)]) == 1
    whole = ElementTree.fromstring(target.read_bytes())
    assert (whole.tag, whole.get("tests"), whole.get("failures")) == ("testsuites", "2", "1")
    (suite,) = whole
    assert suite.get("name") == "scenarios/told.flow"
    fine, faulty = suite
    assert (fine.get("classname"), fine.get("name"), len(fine)) == ("scenarios.told", "a buyer is thanked", 0)
    (failure,) = faulty
    assert "This went out: `order_thanks`" in str(failure.get("message"))
    assert "Entered “thanks”." in str(failure.text)


def test_junit_xml_counts_what_cannot_be_played(tmp_path: Path) -> None:
    """A scenario with an error, and flows that do not compile, are errors beside what was played."""
    broken = FINE.replace("a buyer", "another").replace(
        "expect send order_thanks", "expect send nothing_known"
    )
    stall = stall_with(tmp_path, FINE, broken)
    target = tmp_path / "junit.xml"
    assert run(["test", str(stall), "--junit", str(target)]) == 1
    whole = ElementTree.fromstring(target.read_bytes())
    assert (whole.get("tests"), whole.get("failures"), whole.get("errors")) == ("2", "0", "1")
    fine, faulty = whole[0]
    (error,) = faulty
    assert (len(fine), faulty.get("name"), error.tag, error.get("type")) == (
        0,
        "E606 in line 12",
        "error",
        "E606",
    )
    assert "nothing_known" in str(error.get("message"))

    (stall / "flows" / "more.flow").write_text("flow more\n    send\n")
    assert run(["test", str(stall), "--junit", str(target)]) == 1
    whole = ElementTree.fromstring(target.read_bytes())
    assert int(whole.get("errors", "0")) == int(whole.get("tests", "0")) >= 1
    assert "flows/more.flow" in [suite.get("name") for suite in whole]


def test_junit_xml_holds_whatever_a_title_says(tmp_path: Path) -> None:
    """Signs of XML, and characters that XML has no way to write."""
    outcome = replace(the(played(tmp_path, FINE)), name='less < more & "quoted" \x0b')
    (suite,) = ElementTree.fromstring(as_junit([outcome]))
    assert suite[0].get("name") == 'less < more & "quoted" \ufffd'


def test_a_report_that_cannot_be_written_is_told_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, without a traceback."""
    stall = stall_with(tmp_path, FINE)
    assert run(["test", str(stall), "--junit", str(tmp_path / "no" / "junit.xml")]) == 2
    assert "junit.xml" in capsys.readouterr().err


def test_many_scenarios_are_shared_by_processes_and_told_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same outcomes as in one process."""
    texts = [FINE.replace("a buyer", f"buyer {number:02}") for number in range(30)]
    stall = stall_with(tmp_path, *texts, FAULTY)
    reports = []
    for jobs in ("1", "2"):
        assert run(["test", str(stall), "--format", "json", "--jobs", jobs]) == 1
        report = json.loads(capsys.readouterr().out)
        for each in report["scenarios"]:
            del each["seconds"]
        del report["seconds"]
        reports.append(report)
    assert reports[0] == reports[1]
    assert len(reports[0]["scenarios"]) == 31


def test_steps_and_arms_that_no_scenario_reaches_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their places, as the flow words them; arms beside the step that has them."""
    text = """
scenario "bought"
    flow welcome
    at 2026-03-02 10:00 subscribed with topic "news"
    after 1 day order_placed
    expect finished as bought
"""
    assert run(["test", str(stall_with(tmp_path, text)), "--only", "welcome"]) == 0
    assert (
        "  welcome  steps 3 of 4  arms 1 of 2\n"
        "    not reached  flows/welcome.flow:8  wait for order_placed up to 3 days: on timeout\n"
        "    not reached  flows/welcome.flow:12  send come_again\n"
    ) in capsys.readouterr().out


# ------------------------------------------------------------------ watching


def test_a_change_is_waited_for_until_all_is_saved(tmp_path: Path) -> None:
    """Two files saved one after the other are one change; other files and hidden folders are none."""
    (tmp_path / "flows").mkdir()
    (tmp_path / ".git").mkdir()
    saves = iter(
        [
            (".git/config.toml", "x"),
            ("notes.md", "x"),
            ("flows/a.flow", "x"),
            ("flows/b.flow", "x"),
        ]
    )

    def pause() -> None:
        path, text = next(saves, ("", ""))
        if path:
            (tmp_path / path).write_text(text, "utf-8")

    assert next_change(tmp_path, stamps(tmp_path), pause) == ["flows/a.flow", "flows/b.flow"]


def test_a_deleted_file_is_a_change(tmp_path: Path) -> None:
    """As much as a new one."""
    (tmp_path / "a.flow").write_text("x", "utf-8")
    before = stamps(tmp_path)
    (tmp_path / "a.flow").unlink()
    assert next_change(tmp_path, before, lambda: None) == ["a.flow"]


def test_watching_plays_again_after_a_save_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    """A real process: it plays, waits, plays again what was saved, and ends without a traceback."""
    stall = stall_with(tmp_path, FINE)
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from virta.command import main; main()",
            "test",
            str(stall),
            "--watch",
            "--brief",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Waiting"):
                break
        stall_with(tmp_path, FINE, FAULTY)
        for line in process.stderr:
            if line.startswith("Waiting"):
                break
        process.send_signal(signal.SIGINT)
        printed, rest = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert printed.startswith("1 scenario, passed,")
    assert "2 scenarios, 1 failed," in printed
    assert "Traceback" not in rest
