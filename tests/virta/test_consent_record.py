"""`virta consent record`: an operator notes what somebody asks for, and the doctor reminds of answers."""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from consent_of_stall import opened
from stall import make_stall

from consent.client import InProcess
from consent.contract import Basis, Policy, Purpose, Settlement, SignUp, Visit
from consent.contract.mail import Outcome
from consent.service import Service
from consent.subscriber.history import history_of
from consent.subscriber.rights import waiting
from virta.command import run
from virta.keys import make_development_keys
from virta.operating.recording import last_day
from virta.operators_door import keep_door
from virta.wiring import wall_clock

ANNA = "anna@example.com"
DAY = 86_400_000
NEWS = Purpose("news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Coffee stall")


async def join(client: InProcess) -> str:
    """Anna agrees to news; her id."""
    await client.publish(Policy((NEWS,), ()))
    await client.sign_up(SignUp(ANNA, ("news",), "en", "form"))
    asks = [proof.ask for proof in await client.proofs()]
    [decided] = await client.decide(asks)
    claimed = await client.claim("proofs", asks, [])
    await client.settle("proofs", [Settlement(one.key, 1, Outcome.ACCEPTED) for one in claimed.permits])
    return (await client.confirm(decided.links.confirm.rpartition("/")[2], Visit())).subject


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """One of whose visitors Anna agreed to news."""
    folder = make_stall(tmp_path / "stall")
    settings = folder / "virta.toml"
    settings.write_text('time_zone = "Europe/Riga"\n' + settings.read_text("utf-8"), "utf-8")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    (folder / "data").mkdir(exist_ok=True)
    with closing(opened(folder)) as service:
        asyncio.run(join(InProcess(service)))
    return folder


@pytest.fixture
def record(stall: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run the command: its exit code, and all that it says."""

    def recorded(word: str, *more: str, who: str = ANNA) -> tuple[int, str]:
        code = run(["consent", "record", who, word, str(stall), *more])
        found = capsys.readouterr()
        return code, found.out + found.err

    return recorded


def doctor(capsys: pytest.CaptureFixture[str], stall: Path) -> tuple[list[str], list[str]]:
    """What the doctor says of requests: what is wrong, and what is no fault."""
    run(["doctor", str(stall), "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    wrong = [one["says"] for one in report["findings"] if one["what"] == "requests"]
    return wrong, [note for note in report["notes"] if "is to be answered" in note]


def test_a_letter_that_leaves_a_topic_counts_at_once(record: Callable[..., tuple[int, str]]) -> None:
    """How they stood and how they stand is told; said again, nothing is written."""
    code, says = record("withdrawn", "--topic", "news", "--actor", "operator:letter")
    assert code == 0
    assert says.splitlines()[1:] == [
        "  news: active",
        "It is written down that they withdrew from news: no such mail goes until they confirm it anew.",
        "Now they stand so:",
        "  news: withdrawn",
    ]
    code, says = record("withdrawn", "--topic", "news")
    assert (code, says.splitlines()[-1]) == (0, "That is `withdrawn` already: nothing was written down.")


def test_each_word_that_stops_something_is_shown_by_what_it_does(
    record: Callable[..., tuple[int, str]],
) -> None:
    """Also to programs."""
    assert "  restricted: what is known of them is kept and not used" in record("restricted")[1].splitlines()
    assert "may be used again" in record("restriction.lifted")[1]
    assert "their mails are the plain ones" in record("objected.profiling")[1]
    code, says = record("objected.marketing", "--format", "json")
    found = json.loads(says)
    assert (code, found["heard"]) == (0, "new")
    assert (found["before"]["objected"], found["after"]["objected"]) == (False, True)
    assert found["after"]["topics"] == {"news": "withdrawn", "personalisation": "objected"}
    for word, says_ in (("exported", "were given"), ("rectified", "was put right")):
        assert says_ in record(word)[1]


def test_what_makes_no_sense_is_refused_in_plain_words(record: Callable[..., tuple[int, str]]) -> None:
    """And nothing is written down."""
    for words, why in (
        (("withdrawn", "--topic", "nws"), "There is no topic `nws`. There are: news."),
        (("restricted", "--topic", "news"), "`--topic` goes with `withdrawn` alone"),
        (("withdrawn", "--actor", "anna"), "`--actor` is `operator`, or that and how the word came"),
        (("request.answered",), "They wait for no answer"),
        (("request.extended",), "They wait for no answer"),
    ):
        code, says = record(*words)
        assert code == 2
        assert why in says
    code, says = record("withdrawn", who="nobody")
    assert (code, "neither an e-mail address nor the id" in says) == (2, True)
    assert record("withdrawn", who="berta@example.com")[0] == 1
    assert record("withdrawn", who="0" * 32) == (
        1,
        f"Nobody is known here as {'0' * 32}, or they were erased.\n",
    )
    assert "  news: active" in record("exported")[1]


def test_a_request_is_told_by_the_doctor_until_it_is_answered(
    stall: Path, record: Callable[..., tuple[int, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """First as what is to be done by a day, and once that day is over as a fault; three months if they were
    told that it takes longer."""
    with closing(opened(stall, lambda: wall_clock() - 40 * DAY)) as service:
        client = InProcess(service)
        [subject] = asyncio.run(client.subjects([ANNA]))
        assert subject is not None
        asyncio.run(client.record(subject, "request.received", "operator"))
    [wrong], notes = doctor(capsys, stall)
    assert (f"What {subject} asked for" in wrong, "12(3)" in wrong, notes) == (True, True, [])
    code, says = record("request.extended")
    assert (code, "It is due by" in says) == (0, True)
    late, [note] = doctor(capsys, stall)
    assert (late, note.startswith(f"What {subject} asked for")) == ([], True)
    assert "once" in record("request.extended")[1]
    assert record("request.answered")[0] == 0
    assert doctor(capsys, stall) == ([], [])
    says = record("request.received")[1]
    assert "waits for an answer, which is due by" in says
    assert doctor(capsys, stall)[1] != []


def test_the_last_day_of_an_answer_is_that_of_the_projects_clock() -> None:
    """A request of 10 December is due by the end of 10 January."""
    at = int(datetime(2026, 12, 9, 22, 30, tzinfo=UTC).timestamp()) * 1000  # 00:30 in Riga, on the 10th
    asked = waiting("a", [(1, "request.received", at), (2, "request.received", at + DAY)], "Europe/Riga")
    assert asked is not None
    assert last_day(asked.due, ZoneInfo("Europe/Riga")) == "2027-01-10"
    longer = waiting("a", [(1, "request.received", at), (2, "request.extended", at + DAY)], "Europe/Riga")
    assert longer is not None
    assert last_day(longer.due, ZoneInfo("Europe/Riga")) == "2027-03-10"


@contextmanager
def served(stall: Path) -> Iterator[Service]:
    """The stall's consent service in the hands of another thread, with the door for commands."""
    service, loop = opened(stall), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    door = asyncio.run_coroutine_threadsafe(keep_door(service, stall / "data"), loop)
    try:
        yield service
    finally:
        door.cancel()

        async def rest() -> None:
            others = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(rest(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        service.close()


def test_it_is_written_down_while_the_store_is_served(
    stall: Path, record: Callable[..., tuple[int, str]]
) -> None:
    """By the process that has it."""
    with served(stall) as service:
        assert record("restricted", "--actor", "operator:phone")[0] == 0
        [subject] = asyncio.run(InProcess(service).subjects([ANNA]))
        assert subject is not None
        told = service.read(lambda reading: history_of(reading, subject))
        assert told is not None
        assert [one.actor for one in told.events if one.type == "restricted"] == ["operator:phone"]
