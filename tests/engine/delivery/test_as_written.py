"""A mail goes as it was written only if that is still agreed to when it is claimed."""

import re
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace
from office import POLICY, Consent, Office, item
from servers import Server

from consent.client import InProcess
from consent.contract import Ask, Basis, Claimed, Decision, Purpose, Settlement, SignUp, Visit
from engine.delivery.item import Item
from engine.mail.message import Letter

pytestmark = pytest.mark.anyio
BESIDE = ("personalisation", "measurement")


class Withdrawing(InProcess):
    """Before the first claim, the reader saves the preferences page with only these topics ticked."""

    kept: tuple[str, ...] | None = None
    reader = ""

    async def claim(self, sender: str, asks: Sequence[Ask], settlements_: Sequence[Settlement]) -> Claimed:
        if self.kept is not None:
            token = self._service.parts.tokens.preferences(self.reader).rpartition("/")[2]
            kept, self.kept = self.kept, None
            await self.choose(token, kept, "en", Visit())
        return await super().claim(sender, asks, settlements_)


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        (("news", *BESIDE), [("personalised", True)]),
        (("news", "measurement"), [("personalised", True), ("plain", True)]),
        (("news", "personalisation"), [("personalised", True), ("personalised", False)]),
        (("news",), [("personalised", True), ("plain", False)]),
    ],
)
async def test_what_was_withdrawn_since_writing_is_written_anew(
    open_office: Callable[..., Office],
    consent: Consent,
    kept: tuple[str, ...],
    written: list[tuple[str, bool]],
) -> None:
    """The mail goes once, as the last writing has it, and the record says so."""
    (anna,) = await consent.join()
    more = tuple(Purpose(one, Basis.CONSENT, {"en": one}, {"en": one}, "Kafija SIA") for one in BESIDE)
    await consent.client.publish(replace(POLICY, purposes=(*POLICY.purposes, *more)))
    await consent.client.sign_up(SignUp("person0@example.com", ("news", *BESIDE), "en", "footer"))
    (proof,) = await consent.client.proofs()
    (decided,) = await consent.client.decide([proof.ask])
    await consent.client.confirm(decided.links.confirm.rpartition("/")[2], Visit())
    seen = []

    def write(decision: Decision, address: str) -> Letter:
        seen.append((decision.variant, decision.measured))
        return Letter("News", "", decision.variant, "Kafija <info@kafija.example>")

    door = Withdrawing(consent.service)
    door.kept, door.reader = kept, anna
    async with Server() as server:
        office = open_office(server.login(), client=door)
        (key,) = office.put(item(anna, write))
        await office.drain()
        (mail,) = server.mails
    assert seen == written
    variant, measured = written[-1]
    assert f"\r\n\r\n{variant}\r\n".encode() in mail
    assert consent.rows(f"SELECT variant, measured FROM decisions WHERE key = '{key}'") == [
        (variant, int(measured))
    ]
    assert office.verdicts == {key: [""]}


async def test_each_decision_has_the_message_id_of_its_mail(
    open_office: Callable[..., Office], consent: Consent
) -> None:
    """Of mails of every class that the mail server gets; one that was denied was never written."""
    (anna,) = await consent.join()
    stranger = await consent.client.subjects(["stranger@example.com"])
    await consent.client.sign_up(SignUp("berta@example.com", ("news",), "en", "footer"))
    (proof,) = await consent.client.proofs()
    async with Server() as server:
        office = open_office(server.login())
        letter = Letter("Was that you?", "", "Press here.", "Kafija <a@kafija.example>")
        office.put(item(anna), item(stranger[0] or ""), Item(proof.ask, lambda decision, _: letter, 0))
        await office.drain()
        sent = sorted(
            found[1].decode() for mail in server.mails for found in [_MESSAGE_ID.search(mail)] if found
        )
    kept = consent.rows("SELECT message_id, reason FROM decisions WHERE batch > 0 ORDER BY message_id")
    allowed = [message_id for message_id, reason in kept if reason is None]
    assert len(sent) == 2
    assert set(sent) <= set(allowed)
    assert [message_id for message_id, reason in kept if reason is not None] == [""]


_MESSAGE_ID = re.compile(rb"^Message-ID: (<[^>]+>)\r$", re.MULTILINE)
