"""Words to agree to that change: shown old and new, asked about, answered once and on record."""

import asyncio
import io
import json
import secrets
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from applied import answering, apply, runs
from played import play

from consent.contract import Said
from consent.ledger.agreeing import count_agreed
from engine.calls.recorder import Recorder
from virta.command import run
from virta.keys import read_or_make_keys
from virta.project.folder import load_project
from virta.release.content import compiled_of
from virta.release.unasked import apply_unasked
from virta.settings import read_settings
from virta.wiring import World, open_system, wall_clock

OLD, NEW = (
    "I want news from the coffee stall by e-mail.",
    "I would like news from the coffee stall by e-mail.",
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("words") / "stall")


@pytest.fixture
def stall(played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy in which the words for `news` are others by now."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = tmp_path / "stall"
    shutil.copytree(played, folder)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    reword(folder, OLD, NEW)
    return folder


def reword(folder: Path, old: str, new: str) -> None:
    path = folder / "schema.flow"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def says(folder: Path, line: str) -> None:
    """Put a line at the head of virta.toml."""
    path = folder / "virta.toml"
    path.write_text(f"{line}\n{path.read_text('utf-8')}", "utf-8")


def agreed(folder: Path) -> int:
    """How many agreed to the words for `news`, counted in another way."""
    with sqlite3.connect(folder / "data" / "consent.db") as connection:
        query = "SELECT count(*) FROM standings WHERE topic = 'news' AND state = 'active'"
        (count,) = connection.execute(query).fetchone()
    connection.close()
    return int(count)


def test_a_plan_shows_both_and_how_many_agreed(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In words, and for programs."""
    assert run(["plan", str(stall)]) == 0
    out = capsys.readouterr().out
    people = agreed(stall)
    assert people > 0
    counted = f"{people} {'person' if people == 1 else 'people'} agreed to it as it was"
    assert (
        f"What people agree to reads otherwise for news; {counted}:\n"
        f"  en  - {OLD}\n      + {NEW}\n"
        "  Whether it is editorial, so that it means the same, or material, so that they are asked anew: "
        "virta apply asks, or is told by --words.\n"
    ) in out
    assert run(["plan", str(stall), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["reworded"] == [
        {
            "topic": "news",
            "words": [{"language": "en", "before": OLD, "after": NEW}],
            "people": people,
            "means": None,
        }
    ]


@pytest.mark.parametrize("option", ["--yes", "--format"])
def test_where_nobody_can_be_asked_it_must_be_said(
    option: str, stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3, the option by its name, and nothing is applied."""
    words = ["--yes"] if option == "--yes" else ["--yes", "--format", "json"]
    code, out, err = apply(stall, capsys, *words)
    told = err if option == "--yes" else json.loads(out)["refused"] + "\n"
    assert (code, told) == (
        3,
        "What people agree to reads otherwise for news. Say --words editorial if it means the same, or "
        "--words material if whoever agreed before is to be asked anew.\n",
    )
    assert runs(stall).number == 1


@pytest.mark.parametrize(
    ("options", "means", "how"),
    [
        (["--words", "editorial"], "editorial", "option"),
        (["--words", "material"], "material", "option"),
        (["--editorial", "news"], "editorial", "option"),
        (["--editorial", "news", "--words", "material"], "editorial", "option"),
    ],
)
def test_what_was_said_stands_with_the_release(
    options: list[str], means: str, how: str, stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With who said it, and how; and goes to the consent service with the policy."""
    assert apply(stall, capsys, "--yes", *options)[0] == 0
    made = runs(stall)
    assert made.said == {"news": Said(means, made.by, how)}  # type: ignore[arg-type]
    assert made.published.said == made.said
    assert made.published != made.content.policy


def test_the_settings_may_say_it(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then nobody is asked, and the plan tells so; an option outweighs them."""
    says(stall, 'editorial = ["news"]')
    code, out, _ = apply(stall, capsys, "--yes")
    assert code == 0
    assert "It is editorial, as virta.toml says: it means the same, and nobody is asked anew.\n" in out
    assert runs(stall).said["news"].how == "settings"
    reword(stall, NEW, OLD)
    assert apply(stall, capsys, "--yes", "--words", "material")[0] == 0
    assert (runs(stall).said["news"].means, runs(stall).said["news"].how) == ("material", "option")


@pytest.mark.parametrize(
    ("answer", "means"), [("editorial", "editorial"), ("", "material"), ("yes", "material")]
)
def test_at_a_terminal_it_asks(
    answer: str,
    means: str,
    stall: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Below both versions; what is not said to be editorial is material."""
    answering(monkeypatch, answer, "yes")
    code, out, _ = apply(stall, capsys)
    assert code == 0
    assert out.index(NEW) < out.index("Are the new words for news editorial or [material]?")
    assert (runs(stall).said["news"].means, runs(stall).said["news"].how) == (means, "terminal")


def test_back_to_the_words_of_before_asks_too(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who agreed in between has agreed to others."""
    assert apply(stall, capsys, "--yes", "--words", "material")[0] == 0
    code, out, err = apply(stall, capsys, "--release", "1", "--yes")
    assert code == 3
    assert f"  en  - {NEW}\n      + {OLD}\n" in out
    assert "--words editorial" in err
    assert apply(stall, capsys, "--release", "1", "--yes", "--words", "editorial")[0] == 0
    assert runs(stall).said["news"].means == "editorial"


def test_of_words_that_stay_nothing_can_be_said(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A topic that is as it was is a slip of the pen."""
    reword(stall, NEW, OLD)
    code, _, err = apply(stall, capsys, "--yes", "--editorial", "news")
    assert code == 2
    assert "are for news as they were" in err
    assert apply(stall, capsys, "--yes", "--words", "material")[0] == 0


@pytest.mark.parametrize("means", ["editorial", "material"])
def test_what_was_said_is_in_force_from_the_next_start_on(
    means: str, stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever agreed to the old words has agreed to the new ones, or has not."""
    people = agreed(stall)
    assert apply(stall, capsys, "--yes", "--words", means)[0] == 0
    settings, made = read_settings(stall), runs(stall)
    keys = read_or_make_keys(settings, stall, secrets.token_bytes)

    async def starts() -> dict[str, int]:
        system = await open_system(
            stall, settings, compiled_of(made.content), keys, World(Recorder()), release=made
        )
        try:
            assert system.policy == made.policy
            return system.service.read(lambda reading: count_agreed(reading.conn, ["news"]))
        finally:
            await system.close()

    assert asyncio.run(starts()) == {"news": people if means == "editorial" else 0}
    assert people > 0


def test_applying_at_once_asks_nobody(stall: Path) -> None:
    """As `virta serve --apply` does, while trying things out: a change is material."""
    apply_unasked(stall, *load_project(stall), wall_clock())
    assert (runs(stall).said["news"].means, runs(stall).said["news"].how) == ("material", "unasked")
