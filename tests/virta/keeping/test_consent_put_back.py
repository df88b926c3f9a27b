"""`virta restore`: nobody's consent comes back."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from kept_stall import consenting, lose
from postgres_server import Running
from sqlalchemy import select

from consent import forgetting
from consent.client import InProcess
from consent.contract import Ask, MailClass, Outcome, Policy, Reason, Settlement, SignUp, Visit
from consent.service import Service
from consent.store.stops import read_stops
from consent.store.tables import policies
from consent.subscriber import hold
from virta.command import run
from virta.keeping.places import places_of
from virta.settings import read_settings

T = TypeVar("T")


def told(capsys: pytest.CaptureFixture[str]) -> str:
    found = capsys.readouterr()
    return found.out + found.err


async def joined(service: Service, email: str) -> str:
    """The id of somebody who agreed to the topic `news`."""
    client = InProcess(service)
    await client.sign_up(SignUp(email, ("news",), "en", "test"))
    asks = [proof.ask for proof in await client.proofs()]
    links = [one.links.confirm for one in await client.decide(asks)]
    permits = (await client.claim("test", asks, [])).permits
    await client.settle("test", [Settlement(one.key, one.attempt, Outcome.ACCEPTED) for one in permits])
    return (await client.confirm(links[-1].rpartition("/")[2], Visit())).subject


async def asked(service: Service, subject: str, key: str) -> Reason | None:
    """Why the consent service lets no marketing mail go to them, None: it does."""
    with service.store.reader.begin():
        body = service.store.reader.scalar(select(policies.c.body))
    template = next(one for one in msgspec.json.decode(body, type=Policy).templates if one.unsubscribe)
    ask = Ask((key * 32)[:32], 1, subject, MailClass.MARKETING, "news", template.digest)
    claimed = await InProcess(service).claim("test", [ask], [])
    for permit in claimed.permits:
        await InProcess(service).settle("test", [Settlement(permit.key, 1, Outcome.ACCEPTED)])
    return claimed.denied[0].reason if claimed.denied else None


def in_time(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def test_who_withdrew_after_the_backup_stays_withdrawn(stall: Path, tmp_path: Path) -> None:
    """The stops file is not put back to what it was, and the consent service makes up for its lines."""
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
        assert in_time(asked(service, subject, "a")) is None
    old = tmp_path / "old"
    assert run(["backup", str(stall), "--to", str(old)]) == 0
    with consenting(stall) as service:
        token = service.parts.tokens.unsubscribe(subject, "news").rpartition("/")[2]
        in_time(InProcess(service).withdraw(token, "one_click", False, Visit()))
    assert run(["restore", str(old), str(stall), "--over-newer"]) == 0
    with consenting(stall) as service:
        assert in_time(asked(service, subject, "b")) is Reason.WITHDRAWN


def test_who_was_erased_after_the_backup_stays_erased(stall: Path, tmp_path: Path) -> None:
    """They are erased again before anything can be claimed; their address is kept from marketing too."""
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
        assert in_time(asked(service, subject, "a")) is None
    old = tmp_path / "old"
    assert run(["backup", str(stall), "--to", str(old)]) == 0
    assert run(["consent", "erase", "anna@example.com", str(stall), "--yes"]) == 0
    assert run(["restore", str(old), str(stall), "--over-newer"]) == 0
    with consenting(stall) as service:
        assert in_time(InProcess(service).addresses([subject])) == [None]
        (new,) = in_time(InProcess(service).subjects(["anna@example.com"]))
        assert new not in (None, subject)
        for number in range(20):  # until the log is as long as it was
            in_time(joined(service, f"bela{number}@example.com"))
        assert in_time(asked(service, subject, "b")) is Reason.ERASED
        assert in_time(asked(service, str(new), "c")) is Reason.SUPPRESSED


@pytest.mark.parametrize("how", ["withdrawn", "erased"])
@pytest.mark.parametrize("lost", [False, True])
def test_who_came_and_left_after_the_backup_is_left_alone(
    stall: Path, tmp_path: Path, how: str, lost: bool
) -> None:
    """The store that is put back has never heard of them; also where the mark that stood there is `lost`, and
    only a newer backup has it."""
    old = tmp_path / "old"
    assert run(["backup", str(stall), "--to", str(old)]) == 0
    with consenting(stall) as service:
        subject = in_time(joined(service, "clara@example.com"))
        if how == "erased":
            in_time(InProcess(service).erase(subject, "operator"))
        else:
            token = service.parts.tokens.unsubscribe(subject, "news").rpartition("/")[2]
            in_time(InProcess(service).withdraw(token, "one_click", False, Visit()))
    assert run(["backup", str(stall), "--to", str(tmp_path / "new")]) == 0
    if lost:
        places_of(stall, read_settings(stall)).marks.unlink()
        assert run(["restore", str(tmp_path / "new"), str(stall)]) == 0
    assert run(["restore", str(old), str(stall), "--over-newer"]) == 0
    with consenting(stall) as service:
        (new,) = in_time(InProcess(service).subjects(["clara@example.com"]))
        assert new not in (None, subject)
        for number in range(20):  # until the log is as long as it was
            in_time(joined(service, f"bela{number}@example.com"))
        assert in_time(asked(service, str(new), "c")) is Reason.SUPPRESSED
        assert in_time(joined(service, "clara@example.com")) == new
        assert in_time(asked(service, str(new), "d")) is None


def test_a_backup_brings_the_stops_that_the_disk_has_lost(stall: Path, tmp_path: Path) -> None:
    """An older store of consent beside a newer file of stops: nobody is mailed who said no."""
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
        token = service.parts.tokens.unsubscribe(subject, "news").rpartition("/")[2]
        in_time(InProcess(service).withdraw(token, "one_click", False, Visit()))
    assert run(["backup", str(stall), "--to", str(tmp_path / "new")]) == 0
    stops = places_of(stall, read_settings(stall)).stops
    stops.write_bytes(b"")
    assert run(["restore", str(tmp_path / "new"), str(stall)]) == 0
    assert [stop.subject for stop in read_stops(stops)] == [subject]


def test_marketing_stays_shut_until_the_log_is_as_long_as_it_was(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Agreements and mails of after the backup are lost with it; what the log was is told by what is moved
    aside, and remembered through another restore."""
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
    assert run(["backup", str(stall), "--to", str(tmp_path / "old")]) == 0
    with consenting(stall) as service:
        in_time(joined(service, "bob@example.com"))
        in_time(joined(service, "carl@example.com"))
    for _ in range(2):
        capsys.readouterr()
        assert run(["restore", str(tmp_path / "old"), str(stall), "--over-newer"]) == 0
        assert "Marketing stays shut: the log of consent has" in told(capsys)
    with consenting(stall) as service:
        assert in_time(asked(service, subject, "a")) is Reason.LOG_BEHIND
        in_time(joined(service, "dora@example.com"))
        in_time(joined(service, "egon@example.com"))
        assert in_time(asked(service, subject, "a")) is None


def test_a_checkpoint_that_somebody_kept_shuts_it_too(
    stall: Path, tmp_path: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is lost with all that was on it; a receipt of a subscriber tells how long the log was."""
    assert run(["backup", str(stall), "--to", str(tmp_path / "old")]) == 0
    with consenting(stall) as service:
        in_time(joined(service, "anna@example.com"))
        receipt = service.sign().note
    (tmp_path / "receipt").write_text(receipt, "utf-8")
    lose(stall, postgres)
    put = ["restore", str(tmp_path / "old"), str(stall)]
    assert run([*put, "--checkpoint", str(tmp_path / "receipt")]) == 0
    assert "Marketing stays shut" in told(capsys)


def test_a_backup_that_was_taken_while_marketing_was_shut_shuts_it_again(
    stall: Path, tmp_path: Path, postgres: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a new machine nothing but the backup knows how long the log was."""
    assert run(["backup", str(stall), "--to", str(tmp_path / "old")]) == 0
    with consenting(stall) as service:
        subject = in_time(joined(service, "anna@example.com"))
    assert run(["restore", str(tmp_path / "old"), str(stall), "--over-newer"]) == 0
    assert run(["backup", str(stall), "--to", str(tmp_path / "shut")]) == 0
    lose(stall, postgres)
    assert run(["restore", str(tmp_path / "shut"), str(stall)]) == 0
    assert told(capsys).count("Marketing stays shut: the log of consent has") == 2
    with consenting(stall) as service:
        subject = in_time(joined(service, "bob@example.com"))
        assert in_time(asked(service, subject, "a")) is None


LEAVING = {
    "withdrawn": "withdrawn",
    "objected": "objected.marketing",
    "complained": "complaint",
    "came back": "bounced.hard",
    "restricted": "restricted",
    "erased": "erasure.requested",
    "erased, held, and let go": "erasure.requested",
    "was it not": "",  # refused what was never agreed to: there is nothing to stop
}
"""How somebody leaves, and what the file of stops has of it. One more person stays."""


async def everybody_leaves(service: Service, people: dict[str, str]) -> None:
    """Each in their way. Complaint and bounce are of the mail that `asked` had sent."""
    client = InProcess(service)
    token = service.parts.tokens.unsubscribe(people["withdrawn"], "news").rpartition("/")[2]
    await client.withdraw(token, "one_click", True, Visit())
    await client.record(people["objected"], "objected.marketing", "operator")
    await client.complained(mail_key("complained") * 16)
    await client.bounced(mail_key("came back") * 16, "hard")
    await client.record(people["restricted"], "restricted", "operator")
    await client.erase(people["erased"], "operator")
    held = people["erased, held, and let go"]
    service.write(lambda tx: hold.place(tx, held, tx.now + 86_400_000, "a claim", "operator"))
    await client.erase(held, "operator")
    forgetting.lift(service, held, "operator")
    [proof] = [one for one in await client.proofs() if one.ask.subject == people["was it not"]]
    [decision] = await client.decide([proof.ask])
    await client.refuse(decision.links.refuse.rpartition("/")[2], Visit())


def mail_key(who: str, nth: int = 1) -> str:
    """The key of a mail to somebody."""
    return f"{nth}{[*LEAVING, 'stays'].index(who):x}"


async def who_is_mailed(service: Service, people: dict[str, str]) -> list[str]:
    """To whom of them a mail to everybody goes."""
    return [who for who, one in people.items() if await asked(service, one, mail_key(who, 2)) is None]


async def until_as_long_as_it_was(service: Service) -> None:
    """Others sign up: marketing is open again."""
    for number in range(60):
        await joined(service, f"bela{number}@example.com")


async def who_agreed(service: Service) -> dict[str, str]:
    """People who were mailed before, and one who was only entered."""
    people = {}
    for number, who in enumerate((*LEAVING, "stays")):
        if who != "was it not":
            people[who] = await joined(service, f"anna{number}@example.com")
            assert await asked(service, people[who], mail_key(who)) is None
    await InProcess(service).sign_up(SignUp("never@example.com", ("news",), "en", "test"))
    [people["was it not"]] = [one.ask.subject for one in await InProcess(service).proofs()]
    return people


@pytest.mark.parametrize("damage", ["none", "torn", "of another log"])
def test_a_mail_to_everybody_reaches_nobody_who_left_after_the_backup(
    stall: Path, tmp_path: Path, damage: str
) -> None:
    """However they left, and also where the file of stops ends in a torn line, or has lines of another log
    in it; whoever stayed gets it."""
    with consenting(stall) as service:
        people = in_time(who_agreed(service))
    assert run(["backup", str(stall), "--to", str(tmp_path / "old")]) == 0
    with consenting(stall) as service:
        in_time(everybody_leaves(service, people))
    stops = places_of(stall, read_settings(stall)).stops
    assert {one.type for one in read_stops(stops)} >= set(LEAVING.values()) - {""}
    with stops.open("ab") as file:
        if damage == "torn":
            file.write(b'\n{"subject": "' + people["stays"].encode())
        elif damage == "of another log":
            other = msgspec.structs.replace(read_stops(stops)[0], subject="0" * 32, leaf="0" * 64)
            file.write(b"\n" + msgspec.json.encode(other) + b"\n")
    assert run(["restore", str(tmp_path / "old"), str(stall), "--over-newer"]) == 0
    with consenting(stall) as service:
        in_time(until_as_long_as_it_was(service))
        assert in_time(who_is_mailed(service, people)) == ["stays"]


def test_without_the_stops_marketing_is_shut(stall: Path, tmp_path: Path) -> None:
    """Where the file is gone too nobody knows who left, and no mail goes before the log is as long again; a
    file of before is of no harm."""
    with consenting(stall) as service:
        people = in_time(who_agreed(service))
    assert run(["backup", str(stall), "--to", str(tmp_path / "old")]) == 0
    stops = places_of(stall, read_settings(stall)).stops
    before = stops.read_bytes() if stops.exists() else b""
    with consenting(stall) as service:
        in_time(everybody_leaves(service, people))
    if before:
        stops.write_bytes(before)
    else:
        stops.unlink()
    assert run(["restore", str(tmp_path / "old"), str(stall), "--over-newer"]) == 0
    with consenting(stall) as service:
        assert in_time(who_is_mailed(service, people)) == []
        assert in_time(asked(service, people["stays"], "e")) is Reason.LOG_BEHIND
