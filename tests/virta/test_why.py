"""`virta why`: a story for people, data for programs, a clear answer for everybody else."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from played import play
from stall import make_stall

from virta.command import run


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("why") / "stall")


def why(stall: Path, who: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(["why", f"{who}@example.com", str(stall), *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_a_story_is_told_from_the_sign_up_to_the_newest_mail(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Agreement with its words, what they did, what they got, where the flow ended; nothing else."""
    code, out, _ = why(stall, "anna", capsys)
    assert code == 0
    order = [
        "anna@example.com, language en",
        "  News: agreed since 2026-03-02 ",
        "Asked for “News”",
        "“I want news from the coffee stall by e-mail.”",
        "Confirmed “News” by the link in the mail",
        "Entered “welcome” (topic was “news”).",
        "Got the mail hello from “welcome”.",
        "Placed an order: order id o-1, total 4.50 EUR.",
        "“welcome” had waited for this: they placed an order.",
        "Reached the end of “welcome”, as bought.",
        "Got the mail order_thanks from “thanks”.",
    ]
    rest = out
    for words in order:
        assert words in rest, words
        rest = rest.split(words, 1)[1]
    assert "No mail was refused." in rest
    assert "berta" not in out


def test_who_waits_is_said_to_wait(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In which flow, at which step, until when."""
    _, out, _ = why(stall, "carl", capsys)
    assert "  Under way in welcome: wait for order_placed up to 3 days, until 2026-03-05 " in out


def test_who_withdrew_left(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And by which button."""
    _, out, _ = why(stall, "berta", capsys)
    assert "Took the agreement to “News” back with one click" in out
    assert "Left “welcome”: they took their agreement to its topic back." in out
    assert "  News: taken back since 2026-03-02 " in out


def test_why_a_mail_did_not_go_is_said_last(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Dora left a cart, and has agreed to nothing."""
    code, out, _ = why(stall, "dora", capsys)
    assert code == 0
    last = [line for line in out.splitlines() if line.startswith("The last that did not go")]
    assert len(last) == 1
    assert last[0].endswith("Did not enter “cart”: they had not agreed to its topic.")


def test_as_json_it_is_one_object(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Person, what is under way, the story in order (to the minute), and what did not go."""
    code, out, _ = why(stall, "dora", capsys, "--format", "json")
    assert code == 0
    told = json.loads(out)
    assert list(told) == [
        *("person", "under_way", "story", "not_sent"),
        *("until", "time_zone", "set_aside", "not_told"),
    ]
    assert told["not_told"] is None
    moments = [line["at"] // 60_000 for line in told["story"]]
    assert moments == sorted(moments)
    assert told["not_sent"]["reason"] == "not_subscribed"
    assert told["person"]["address"] == "dora@example.com"


def told_lines(out: str) -> list[str]:
    """The sentences of a story."""
    story = out.split("\n\n")[1]
    return [line for line in story.splitlines() if line.startswith("  ")]


def test_one_flow_alone_can_be_told(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And a flow that never ran is nobody's."""
    code, out, _ = why(stall, "anna", capsys, "--flow", "thanks")
    assert code == 0
    assert told_lines(out)
    assert all("“thanks”" in line for line in told_lines(out))
    code, _, err = why(stall, "anna", capsys, "--flow", "thank")
    assert (code, err) == (2, "virta: No flow `thank` has ever run here. Do you mean `thanks`?\n")


def test_some_days_alone_can_be_told(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both days are included; a period that ends before it begins is refused."""
    _, out, _ = why(stall, "anna", capsys, "--from", "2026-03-02", "--to", "2026-03-02")
    assert "Entered “welcome” (topic was “news”)." in out
    _, out, _ = why(stall, "anna", capsys, "--from", "2025-03-02", "--to", "2026-03-01")
    assert "Nothing has happened that was asked for." in out
    code, _, err = why(stall, "anna", capsys, "--from", "2026-03-03", "--to", "2026-03-02")
    assert (code, err) == (
        2,
        "virta: --from 2026-03-03 lies behind --to 2026-03-02: write the earlier day first.\n",
    )


def test_times_are_told_by_the_readers_clock(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever they name."""
    hours = [
        told_lines(why(stall, "anna", capsys, "--time-zone", zone)[1])[0].split()[0]
        for zone in ("UTC", "Asia/Tokyo")
    ]
    assert (int(hours[1][:2]) - int(hours[0][:2])) % 24 == 9
    code, _, err = why(stall, "anna", capsys, "--time-zone", "Riga")
    assert (code, err) == (2, "virta: `Riga` is no time zone; write one as in `Europe/Riga`.\n")


def test_waits_tell_until_when(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the reader's clock; as JSON in ms UTC."""
    _, out, _ = why(stall, "carl", capsys)
    assert "“welcome” began to wait for order_placed up to 3 days, until 2026-03-05 " in out
    _, out, _ = why(stall, "carl", capsys, "--format", "json")
    assert [line["until"] - line["at"] for line in json.loads(out)["story"] if line["until"]] == [
        3 * 86_400_000
    ]


def test_an_unknown_address_gets_a_clear_answer(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1; as JSON `null`."""
    told = (
        "Nobody with the address nobody@example.com is known here: no sign-up and no event has named it, "
        "or they were erased.\n"
    )
    assert why(stall, "nobody", capsys) == (1, told, "")
    assert why(stall, "nobody", capsys, "--format", "json") == (1, "null\n", "")


def test_whoever_names_the_project_first_is_told_the_order(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the very words to type."""
    assert run(["why", "my-shop", "anna@example.com"]) == 2
    assert "The address comes first: `virta why anna@example.com my-shop`." in capsys.readouterr().err


def test_where_nothing_has_happened_it_is_said_how_to_begin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the project was served for the first time."""
    folder = make_stall(tmp_path / "stall")
    assert run(["why", "anna@example.com", str(folder)]) == 2
    said = capsys.readouterr().err
    assert f"Nothing has happened in {folder} yet. Start `virta serve {folder} --mailbox`" in said


def test_no_now_is_stated_that_the_stores_do_not_know(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A replay's clock is not that of the wall: the end of the stores is told."""
    _, out, _ = why(stall, "anna", capsys)
    last = out.splitlines()[-1]
    assert last.startswith("Times are those of UTC; the stores end at 2026-03-0")


def damaged(stall: Path, folder: Path, change: str) -> Path:
    """A copy of the stall with a change made to its consent store behind everybody's back."""
    copy = Path(shutil.copytree(stall, folder))
    with closing(sqlite3.connect(copy / "data" / "consent.db")) as store, store:
        store.execute(change)
    return copy


def test_damaged_evidence_hides_nobody(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest of the story is told, and that the evidence is gone."""
    copy = damaged(stall, tmp_path / "stall", "update evidence set sealed = zeroblob(40)")
    code, out, _ = why(copy, "anna", capsys)
    assert code == 0
    assert "What was kept as evidence of it is missing, or no longer what the log committed to." in out
    assert "Got the mail hello" in out


def test_evidence_whose_key_is_damaged_hides_no_story(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the log says is told all the same, and that its evidence cannot be shown."""
    copy = damaged(stall, tmp_path / "stall", "update subjects set wrapped = zeroblob(60)")
    assert run(["why", "anna@example.com", str(copy)]) == 0
    said = capsys.readouterr().out
    assert "Confirmed “News”" in said
    assert "no longer what the log committed to" in " ".join(said.split())


def test_what_is_no_address_is_said_to_be_none(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2."""
    assert run(["why", "anna", str(stall)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("virta: `anna` is no e-mail address: ")
    assert said.count("\n") == 1


def test_while_the_flows_have_errors_stories_are_told_all_the_same(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the words of the flows that ran."""
    broken = tmp_path / "stall"
    shutil.copytree(stall, broken)
    (broken / "flows" / "welcome.flow").write_text("flow welcome\n    sned hello\n", "utf-8")
    code, out, _ = why(broken, "carl", capsys)
    assert code == 0
    assert "Under way in welcome: wait for order_placed up to 3 days" in out


def test_nothing_is_written(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The stores stay as they were, to the byte."""
    files = [path for path in sorted((stall / "data").iterdir()) if path.suffix == ".db"]
    before = [path.read_bytes() for path in files]
    why(stall, "anna", capsys)
    assert len(files) == 2
    assert [path.read_bytes() for path in files] == before
