"""The first page: what it shows of the language and of the commands is so."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from as_shown import fits

from dsl.format import format_source
from virta.command import run
from virta.command_line import app
from virta.project.folder import load_project
from virta.scenarios.running import play_all

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
FENCES = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
FLOWS = [(path, text) for kind, path, text in FENCES if kind == "flow"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The shop for which the examples are written, with its welcome flow as the page has it."""
    leave = shutil.ignore_patterns("stores", "dev-keys.toml", "*.jsonl", "scenarios")
    folder = Path(shutil.copytree(ROOT / "examples" / "kafija", tmp_path / "kafija", ignore=leave))
    flow, scenario = (text for path, text in FLOWS if not path)
    (folder / "flows" / "welcome.flow").write_text(flow, "utf-8")
    (folder / "flows" / "scenario.flow").write_text(scenario, "utf-8")
    return folder


def test_the_flow_has_nothing_to_mend_and_passes_its_test(shop: Path) -> None:
    """Compiled and played as they stand on the page."""
    settings, compiled = load_project(shop)
    assert compiled.findings == ()
    outcomes = play_all(shop, settings, compiled, compiled.scenarios, 1, lambda outcome: None)
    assert [(each.flows, each.failure) for each in outcomes] == [(("welcome",), None)]


def test_the_mistakes_are_told_as_the_page_shows_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the sign, but for blanks."""
    [(path, wrong)] = [(path, text) for path, text in FLOWS if path]
    (shop / path).write_text(wrong, "utf-8")
    monkeypatch.chdir(shop)
    [(command, shown)] = [
        text.removeprefix("$ ").split("\n", 1) for kind, _, text in FENCES if kind == "console"
    ]
    run(shlex.split(command)[1:])
    assert fits(shown, capsys.readouterr().out)


def test_every_text_is_laid_out_as_it_should_be() -> None:
    """`virta fmt` changes nothing."""
    assert len(FLOWS) == 3
    for _, text in FLOWS:
        assert format_source("a.flow", text.encode(), "EUR").text == text


def test_every_command_line_is_understood() -> None:
    """Parsed as it stands; nothing is carried out."""
    lines = re.findall(r"^    (virta .+?)(?:\s+#.*)?$", README, re.MULTILINE)
    assert len(lines) > 8
    for line in lines:
        words = shlex.split(line)[1:]
        command, bound, *_ = app().parse_args(words, exit_on_error=False, print_error=False)
        assert callable(command)
        assert bound is not None


def test_the_language_comes_first() -> None:
    """Before the first heading of the second level: a flow, its test, a mistake."""
    first = README.partition("\n## ")[0]
    assert first.count("```flow") == len(FLOWS)


def test_the_first_step_of_the_page_is_the_target_that_only_sets_up() -> None:
    """It needs what all others need first, and nothing else."""
    first = next(line for line in README.splitlines() if line.startswith("    make "))
    assert first.split("#")[0].split() == ["make", "setup"]
    assert "\nsetup: $(READY)\n" in (ROOT / "Makefile").read_text("utf-8")
