"""`virta consent hold`: an operator has proof kept until a day, and the doctor reminds of what is left."""

import asyncio
import json
import os
import re
from contextlib import closing
from pathlib import Path

import pytest
from consent_of_stall import opened
from serving import Served, eventually
from stall import make_stall

from consent.client import InProcess
from virta.command import run
from virta.keys import make_development_keys
from virta.mailbox.reader import mails
from virta.mailbox.running import start

ANNA = "anna@example.com"


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """One whose consent service knows somebody."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    (folder / "data").mkdir(exist_ok=True)
    with closing(opened(folder)) as service:
        asyncio.run(InProcess(service).subjects([ANNA]))
    return folder


def told(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """What a command ends with, and says."""
    code = run(["consent", *map(str, words)])
    found = capsys.readouterr()
    return code, found.out + found.err


def held_and_told(stall: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Hold Anna's proof until the end of May 2031, which she was told; her id."""
    says = told(capsys, "hold", ANNA, stall, "--until", "2031-05-31", "--reason", "a claim in court")[1]
    assert told(capsys, "hold", ANNA, stall, "--told", "2026-01-31")[0] == 0
    return re.search(r"[0-9a-f]{32}", says)[0]


def doctor(capsys: pytest.CaptureFixture[str], stall: Path) -> str:
    """What the doctor says."""
    run(["doctor", str(stall)])
    return capsys.readouterr().out


def test_proof_is_held_through_an_erasure_until_it_is_lifted(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list and the doctor tell how it stands; what is held can be printed, also when all else is gone."""
    code, says = told(capsys, "hold", ANNA, stall, "--until", "2031-05-31", "--reason", "a claim in court")
    subject = re.search(r"[0-9a-f]{32}", says)[0]
    assert (code, "A mail tells them so" in says, "until the end of 2031-05-31" in says) == (0, True, True)
    assert f"Proof of {subject} is held until the end of 2031-05-31, and they were not told: the mail" in (
        doctor(capsys, stall)
    )
    assert (
        "not told: the mail that tells them waits for `virta serve`: a claim"
        in told(capsys, "holds", stall)[1]
    )
    code, says = told(capsys, "erase", ANNA, stall, "--yes")
    assert (code, "once they are erased no mail can" in says) == (1, True)
    assert told(capsys, "hold", ANNA, stall, "--told", "2026-01-31")[0] == 0
    assert told(capsys, "erase", ANNA, stall, "--yes")[0] == 0
    assert told(capsys, "holds", stall) == (
        0,
        f"{subject}  until 2031-05-31, told on 2026-01-31, all else is erased: a claim in court\n",
    )
    assert f"{subject} was erased, and a hold keeps their proof" in doctor(capsys, stall)
    says = told(capsys, "hold", subject, stall, "--show")[1]
    assert says.startswith(f"{ANNA}: 2 pieces of evidence\n")
    assert re.search(r" at 20\S+ \S+, reason a claim in court, .*until 2031-06-01 00:00:00\n", says), says
    assert "{" not in says
    code, shown = told(capsys, "hold", subject, stall, "--show", "--format", "json")
    answer = json.loads(shown)
    assert (answer["address"], [one["holds"] for one in answer["held"]]) == (ANNA, [True, True])
    assert told(capsys, "hold", subject, stall, "--lift")[0] == 0
    assert told(capsys, "holds", stall) == (0, "Nobody's proof is held.\n")
    assert re.search(
        rf"{subject} was erased: backups of before .* may know them until", doctor(capsys, stall)
    )


def test_an_erasure_says_what_a_hold_keeps_from_it(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before it is done, when it is, and as often as it is asked for; until the hold is over."""
    keeps = "A legal hold keeps address and evidence under seal until the end of 2031-05-31"
    assert keeps not in told(capsys, "erase", ANNA, stall, "--dry-run")[1]
    subject = held_and_told(stall, capsys)
    for asked, code in ((["--dry-run"], 0), ([], 2)):  # nobody is there to answer a question
        assert told(capsys, "erase", ANNA, stall, *asked)[0] == code
        assert keeps in told(capsys, "erase", ANNA, stall, *asked)[1]
    done = told(capsys, "erase", ANNA, stall, "--yes")[1]
    assert told(capsys, "erase", subject, stall)[1] == done
    assert "sealed under a legal hold until the end of 2031-05-31" in done
    assert f"`virta consent hold {subject} --lift`" in done
    assert "address, key, evidence" not in done
    assert "backups of until the hold ends" in done
    answer = json.loads(told(capsys, "erase", subject, stall, "--format", "json")[1])
    assert [one["subject"] for one in answer["found"]["holds"]] == [subject]
    assert told(capsys, "hold", subject, stall, "--lift")[0] == 0
    over = told(capsys, "erase", subject, stall)[1]
    assert ("legal hold" in over, "address, key, evidence" in over) == (False, True)


def test_an_erasure_says_what_a_hold_on_a_part_of_somebody_keeps(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever was merged into them is theirs, and so is what is held of that one."""
    part = held_and_told(stall, capsys)
    with closing(opened(stall)) as service:
        asyncio.run(InProcess(service).subjects(["bela@example.com"]))
    assert told(capsys, "merge", "bela@example.com", ANNA, stall, "--yes")[0] == 0
    says = told(capsys, "erase", "bela@example.com", stall, "--yes")[1]
    assert "sealed under a legal hold until the end of 2031-05-31" in says
    assert f"`virta consent hold {part} --lift`" in says


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ([ANNA], "Say one of"),
        ([ANNA, "--until", "2031-05-31"], "Say one of"),
        ([ANNA, "--lift", "--told", "2026-01-31"], "Say one of"),
        ([ANNA, "--told", "yesterday"], "is no day"),
        ([ANNA, "--until", "tomorrow", "--reason", "x"], "is no day"),
        ([ANNA, "--until", "2001-01-01", "--reason", "x"], "must lie ahead"),
        ([ANNA, "--lift"], "No hold stands"),
        (["bela@example.com", "--lift"], "Nobody is known here as"),
        (["no address", "--lift"], "neither an e-mail address nor the id"),
    ],
)
def test_what_cannot_be_done_is_said(
    stall: Path, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    """In plain words, and nothing is held."""
    code, says = told(capsys, "hold", words[0], stall, *words[1:])
    assert (code, why in says) == (2, True), says
    assert told(capsys, "holds", stall)[1] == "Nobody's proof is held.\n"


def test_proof_is_held_told_of_shown_and_let_go_while_virta_serves(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever serves does it; what is refused is said in the same words."""
    with Served(stall):
        eventually((stall / "data" / "operator.sock").exists)
        assert told(capsys, "hold", ANNA, stall, "--until", "2031-05-31", "--reason", "x")[0] == 0
        assert told(capsys, "hold", ANNA, stall, "--told", "2026-01-31")[0] == 0
        assert "until 2031-05-31, told on 2026-01-31: x" in told(capsys, "holds", stall)[1]
        assert told(capsys, "hold", ANNA, stall, "--show")[1].startswith(ANNA)
        assert told(capsys, "hold", ANNA, stall, "--lift")[0] == 0
        assert told(capsys, "hold", ANNA, stall, "--lift") == (2, "virta: No hold stands on their proof.\n")


def test_beside_another_command_that_has_the_store_nothing_is_changed(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The list can be had; a change says what is in its way."""
    with closing(opened(stall)):
        assert told(capsys, "holds", stall)[0] == 0
        code, says = told(capsys, "hold", ANNA, stall, "--until", "2031-05-31", "--reason", "x")
    assert (code, "Another command works with this project's store" in says) == (2, True)


def test_a_file_of_keys_from_before_gets_one(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a hold key nobody's proof is held; a new one is written where there was none."""
    file = stall / "dev-keys.toml"
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith("hold")), "utf-8")
    words = ("hold", ANNA, stall, "--until", "2031-05-31", "--reason", "x")
    code, says = told(capsys, *words)
    assert (code, "There is no hold key" in says) == (2, True), says
    assert told(capsys, "keys", stall, "--rotate", "hold")[0] == 0
    assert told(capsys, *words)[0] == 0


def test_a_mail_tells_them_and_then_they_can_be_erased(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the words of the project's language, with the last day; nothing else goes to them."""
    with start(tmp_path / "mailbox") as mailbox:
        folder = make_stall(tmp_path / "stall", mailbox.url)
        make_development_keys(folder / "dev-keys.toml", os.urandom)
        (folder / "data").mkdir(exist_ok=True)
        with closing(opened(folder)) as service:
            asyncio.run(InProcess(service).subjects([ANNA]))
        assert told(capsys, "hold", ANNA, folder, "--until", "2031-05-31", "--reason", "x")[0] == 0
        with Served(folder):
            eventually(lambda: "until 2031-05-31, told on " in told(capsys, "holds", folder)[1])
            assert told(capsys, "erase", ANNA, folder, "--yes")[0] == 0
        [mail] = [one for one in mails(mailbox.folder) if ANNA in one.header("To")]
    assert mail.subject == "We keep the proof of your consent until 31 May 2031"
    assert "under seal until the end of 31 May 2031" in mail.parsed().get_body(("plain",)).get_content()
    assert "List-Unsubscribe" not in mail.parsed()
