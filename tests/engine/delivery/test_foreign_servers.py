"""Mails reach servers that others wrote, and a mailbox on its bad days."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from office import Clock, Consent, Office, item, plain, until

from consent.contract import Decision
from engine.delivery.login import Login
from engine.mail.message import Letter
from virta.mailbox import mails, start

pytestmark = pytest.mark.anyio
Opener = Callable[..., Office]


class Keeper:
    """A handler of aiosmtpd that keeps envelopes, and has its moods."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []
        self.recipients: list[str] = []

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("refused"):
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos[0].startswith("deferred"):
            return "452 full"
        self.contents.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        return "250 kept"


@pytest.fixture
def foreign() -> Iterator[tuple[Keeper, int]]:
    """aiosmtpd in a thread of its own; its handler and its port."""
    keeper = Keeper()
    controller = Controller(keeper, hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield keeper, controller.port
    controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_foreign_server_gets_each_mail_whole_and_once(
    open_office: Opener, consent: Consent, foreign: tuple[Keeper, int]
) -> None:
    """Content, recipient and list headers as they were meant; the server's judgement is the mail's end."""
    keeper, port = foreign
    links: dict[str, str] = {}

    def write(decision: Decision, address: str) -> Letter:
        links[decision.key] = decision.links.unsubscribe
        return plain(decision, address)

    good = await consent.join(60)
    [refused] = await consent.join(1, "refused")
    [deferred] = await consent.join(1, "deferred")
    login = Login("127.0.0.1", port, name="kafija.example", bounce_to="bounces@kafija.example")
    office = open_office(login, connections=3)
    keys = office.put(*(item(subject, write) for subject in [*good[:30], refused, deferred, *good[30:]]))
    await office.drain()
    ended = consent.outcomes()
    assert ended[keys[30]] == ["refused"]
    assert ended[keys[31]] == ["deferred"]
    assert [ended[key] for key in keys[:30] + keys[32:]] == [["accepted"]] * 60
    assert sorted(keeper.recipients) == sorted(f"person{number}@example.com" for number in range(60))
    for content, recipient in zip(keeper.contents, keeper.recipients, strict=True):
        mail = message_from_bytes(content, EmailMessage, policy=SMTP)
        key = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        assert str(mail["To"]) == recipient
        assert str(mail["List-Unsubscribe"]) == f"<{links[key]}>"
        assert str(mail["List-Unsubscribe-Post"]) == "List-Unsubscribe=One-Click"
        assert b"\r\nList-Unsubscribe: <https://" in content
        assert mail.get_content().startswith("Hello\r\n.\r\n..two dots\r\n")


BAD_DAYS = {
    "refuse": ["refused"],
    "defer": ["deferred"],
    "defer_once": ["deferred", "accepted"],
    "hang": ["unknown"],
    "drop": ["unknown"],
    "lose": ["unknown"],
    "good": ["accepted"],
}


async def test_mailbox_on_a_bad_day(
    open_office: Opener, consent: Consent, clock: Clock, tmp_path: Path
) -> None:
    """Refused, deferred, silent, broken off and lost: each mail ends as it must, and stands there at most
    once; those that were unknown are never sent again."""
    subjects = {fault: await consent.join(2, fault) for fault in BAD_DAYS}
    faults = {fault: f"{fault}?@*" for fault in BAD_DAYS if fault != "good"}
    with start(tmp_path / "mailbox", delay=0.001, **faults) as box:  # type: ignore[arg-type]
        login = Login("127.0.0.1", box.port, final_timeout=0.2, bounce_to="bounces@kafija.example")
        office = open_office(login, connections=2)
        keys: dict[str, list[str]] = {fault: [] for fault in BAD_DAYS}
        for number in range(2):
            for fault, people in subjects.items():
                keys[fault] += office.put(item(people[number]))
        over = {key for fault in BAD_DAYS if fault != "defer" for key in keys[fault]}
        running = asyncio.get_running_loop().create_task(office.dispatch.run())
        try:
            await until(lambda: set(office.verdicts) == over, lambda: clock.pass_(0.1))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        ended = {
            fault: {tuple(one for one in consent.outcomes()[key] if one != "released") for key in keys[fault]}
            for fault in BAD_DAYS
            if fault != "defer"
        }
        assert ended == {fault: {tuple(ends)} for fault, ends in BAD_DAYS.items() if fault != "defer"}
        assert {one for key in keys["defer"] for one in consent.outcomes()[key]} <= {"deferred", "released"}
        held = [mail.recipients[0] for mail in mails(tmp_path / "mailbox")]
        assert len(held) == len(set(held))
        there = {fault: sum(fnmatchcase(one, f"{fault}?@*") for one in held) for fault in BAD_DAYS}
        assert there == {
            fault: 2 if fault in ("good", "hang", "drop", "defer_once") else 0 for fault in BAD_DAYS
        }
