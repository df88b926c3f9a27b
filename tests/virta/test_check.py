"""`virta check` and `virta graph` on whole folders, and how the command line takes its words."""

import json
from pathlib import Path

import pytest

from virta.command import run
from virta.command_table import VERSION
from virta.project.folder import load_sound_project
from virta.settings import BrokenProject

TOML = """
name = "kafija"
languages = ["en", "lv"]

[sender]
name = "Kafija"
address = "hello@kafija.example"
imprint = "Kafija, Example Street 1, Riga"

[controller]
name = "Kafija"
address = "Example Street 1, Riga"
contact = "privacy@kafija.example"
"""
SCHEMA = """
use shop

topic news "News"
    for marketing
    consent "I want news by e-mail."
"""
FLOW = """
flow welcome
    topic news
    start on subscribed where topic is "news"
    send hello
    wait 2 days
    if any order_placed since entry
        finish as bought
    send second with total last order_placed.total
"""
WORDS = """
[news]
title = "Jaunumi"
consent = "Vēlos jaunumus e-pastā."
"""
MAIL = """---
subject: Hello
---
<p><a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ sender.imprint }}</p>
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with one flow and its mails in two languages."""
    (tmp_path / "virta.toml").write_text(TOML, "utf-8")
    (tmp_path / "schema.flow").write_text(SCHEMA, "utf-8")
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "lv.toml").write_text(WORDS, "utf-8")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "welcome.flow").write_text(FLOW, "utf-8")
    (tmp_path / "templates").mkdir()
    for name in ("hello", "hello.lv", "second", "second.lv"):
        (tmp_path / "templates" / f"{name}.html").write_text(MAIL, "utf-8")
    return tmp_path


def test_a_sound_project_has_nothing_to_mend(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0 and one line."""
    assert run(["check", str(project)]) == 0
    assert capsys.readouterr().out == "Nothing to mend. Flows: 1, templates: 2.\n"


def test_findings_are_shown_with_their_line(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1; the place, the line underlined, the help and a summary; no colour outside a terminal."""
    (project / "flows" / "welcome.flow").write_text(
        FLOW.replace("any order_placed", "any order_plcaed"), "utf-8"
    )
    assert run(["check", str(project)]) == 1
    assert capsys.readouterr().out == (
        "error E201 flows/welcome.flow:7:12\n"
        "  There is no event `order_plcaed`.\n"
        "    7 |     if any order_plcaed since entry\n"
        "      |            ^^^^^^^^^^^^\n"
        "  Write `order_placed`.\n"
        "\n"
        "1 error in 1 file.\n"
    )


def test_warnings_alone_do_not_fail(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing translation is told, and the project still runs."""
    (project / "templates" / "hello.lv.html").unlink()
    assert run(["check", str(project)]) == 0
    assert "warning W204 templates/hello.html:1:1" in capsys.readouterr().out


def test_findings_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One object with all findings; lines and columns count from 1, the end is exclusive."""
    (project / "schema.flow").write_text(SCHEMA.replace("topic news", "topic nwes"), "utf-8")
    assert run(["check", str(project), "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [row["code"] for row in found] == ["E204", "E213", "E468"]
    assert found[0] == {
        "code": "E204",
        "severity": "error",
        "file": "flows/welcome.flow",
        "line": 3,
        "column": 11,
        "end_line": 3,
        "end_column": 15,
        "message": "There is no topic `news`.",
        "help": "Write `nwes`.",
    }


def test_no_findings_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list, so that a program needs no second case."""
    assert run(["check", str(project), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"findings": []}


def test_hidden_folders_are_passed_over(project: Path) -> None:
    """What an editor keeps in a dot folder is no part of the project."""
    (project / ".trash").mkdir()
    (project / ".trash" / "x.flow").write_text("nonsense", "utf-8")
    assert run(["check", str(project)]) == 0


def test_a_fault_in_a_scenario_is_reported_and_stops_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`virta check` fails on it, and the project is ready to run all the same."""
    (project / "scenarios").mkdir()
    (project / "scenarios" / "x.flow").write_text("nonsense", "utf-8")
    assert run(["check", str(project)]) == 1
    assert "scenarios/x.flow:1:1" in capsys.readouterr().out
    _, compiled = load_sound_project(project)
    assert compiled.program is not None


def test_the_present_folder_is_the_default(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`virta check` without a folder reads where one stands."""
    monkeypatch.chdir(project)
    assert run(["check"]) == 0
    assert capsys.readouterr().out.startswith("Nothing to mend.")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check", "nowhere"], "virta: There is no folder nowhere.\n"),
        (["bogus"], 'virta: Unknown command "bogus".'),
        (["chek"], 'Did you mean "check"?'),
        (["check", "--colour"], "virta: Unknown option: --colour."),
        (
            ["check", "--format", "xml"],
            'virta: Invalid value "xml" for --format. Choose from: "text", "json", "sarif".',
        ),
        (["check", ".", "other"], "virta: There is nothing that `other` could mean here."),
        (["consent", "bogus"], 'virta: Unknown command "bogus".'),
    ],
)
def test_faults_of_usage_are_one_plain_line(
    words: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2, one line on standard error, nothing on standard output."""
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_a_folder_without_settings_is_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and the file that is missing."""
    assert run(["check", str(tmp_path)]) == 2
    assert "There is no virta.toml" in capsys.readouterr().err


def test_a_flow_is_drawn(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Mermaid: starts, steps, branches and the end, with no sign that Mermaid would misread."""
    assert run(["graph", str(project), "welcome"]) == 0
    assert capsys.readouterr().out == (
        "%% welcome\n"
        "flowchart TD\n"
        '    start0(["on subscribed where topic is #quot;news#quot;"]) --> n0\n'
        '    n0["send hello"]\n'
        "    n0 --> n1\n"
        '    n1("wait 2 days")\n'
        "    n1 --> n2\n"
        '    n2{"any order_placed since entry"}\n'
        '    n2 -->|"yes"| n3\n'
        '    n2 -->|"no"| n4\n'
        '    n3(["finish as bought"])\n'
        '    n4["send second"]\n'
        "    n4 --> stop\n"
        '    stop(["end"])\n'
    )


def test_a_flow_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The graph that the engine runs, with its digest."""
    assert run(["graph", str(project), "welcome", "--format", "json"]) == 0
    graph = json.loads(capsys.readouterr().out)
    assert graph["flow"] == "welcome"
    assert [node["is"] for node in graph["nodes"]] == ["send", "wait", "if", "finish", "send"]
    assert len(graph["digest"]) == 64


def test_an_unknown_flow_is_told_with_the_nearest_name(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault of usage, so exit code 2."""
    assert run(["graph", str(project), "welcom"]) == 2
    assert "There is no flow welcom" in (err := capsys.readouterr().err)
    assert "Did you mean welcome?" in err
    assert run(["graph", str(project), "nope"]) == 2
    assert "Its flows: welcome." in capsys.readouterr().err


def test_a_flow_in_the_place_of_the_folder_is_told_its_own_place(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`virta graph welcome` was meant."""
    monkeypatch.chdir(project)
    assert run(["graph", "welcome"]) == 2
    assert "write `virta graph . welcome`." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "mailbox"])
def test_the_folder_one_stands_in_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """A dot at the end of a sentence names nothing."""
    monkeypatch.chdir(tmp_path)
    assert run([command]) == 2
    assert f"There is no virta.toml in {tmp_path.resolve()}. " in capsys.readouterr().err


def test_a_faulty_project_has_no_drawing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The findings go to standard error, so that a pipe gets no half drawing."""
    (project / "templates" / "hello.html").unlink()
    assert run(["graph", str(project)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "E502" in err


def test_findings_as_sarif(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For code hosts: the version of Virta, and a result for each finding; the exit code is that of text."""
    (project / "schema.flow").write_text(SCHEMA.replace("topic news", "topic nwes"), "utf-8")
    assert run(["check", str(project), "--format", "sarif"]) == 1
    [log] = json.loads(capsys.readouterr().out)["runs"]
    assert log["tool"]["driver"]["version"] == VERSION
    assert [each["ruleId"] for each in log["results"]] == ["E204", "E213", "E468"]


def test_words_that_cannot_be_read_are_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is applied: the file, and what is wrong with it."""
    words = project / "words" / "lv.toml"
    for text, told in (
        ("[news\n", "is not valid TOML"),
        (WORDS + "[nwes]\ntitle = 'Jaunumi'\n", "the project has no topic `nwes`; it has `news`."),
    ):
        words.write_text(text, "utf-8")
        assert run(["check", str(project)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"virta: {words}")
        assert told in err


def test_a_consent_that_is_not_translated_stops_the_project(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is asked to agree in a language that she did not choose."""
    (project / "words" / "lv.toml").unlink()
    assert run(["check", str(project)]) == 1
    assert capsys.readouterr().out == (
        "error E468 schema.flow:6:13\n"
        "  What people agree to with `news` is not said in `lv`; they would be asked in `en`.\n"
        '    6 |     consent "I want news by e-mail."\n'
        "      |             ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  Write `title = …` and `consent = …` below `[news]` in `words/lv.toml`.\n"
        "\n1 error in 1 file.\n"
    )
    with pytest.raises(BrokenProject, match="have an error, and nothing was started"):
        load_sound_project(project)


def test_words_below_the_name_that_a_topic_had_are_found(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever renames a topic renames it there as well."""
    words = project / "words" / "lv.toml"
    words.write_text(WORDS.replace("[news]", "[newz]"), "utf-8")
    assert run(["check", str(project)]) == 1
    assert "Write `[news]` for `[newz]` in `words/lv.toml`." in capsys.readouterr().out
