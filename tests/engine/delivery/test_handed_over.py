"""What the mailer tells of a proof mail: the very bytes that the server got, and what it said."""

import hashlib
from collections.abc import Callable

import msgspec
import pytest
from office import POLICY, Clock, Consent, Office, item
from servers import Act, Script, Server

from consent.contract import ConsentClient, Handed, Outcome, Settlement, SignUp
from consent.contract.bounds import MOST_SAID
from dsl.templates.files import read_templates
from engine.delivery.handed import LARGEST, handed_over
from engine.delivery.proofs import Proofs
from engine.delivery.recover import recover
from engine.mail.letters import Letters, Sender

pytestmark = pytest.mark.anyio
Opener = Callable[..., Office]
TEMPLATE = "---\nsubject: Vai tas biji tu?\n---\n.kafija\n..ēdiens\n{{ links.confirm }} {{ links.refuse }}"


class Told:
    """Passes on to the consent service, and notes what is settled."""

    def __init__(self, client: ConsentClient) -> None:
        self._client = client
        self.settled: list[Settlement] = []
        self.calls: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)

    async def settle(self, sender: str, settlements: list[Settlement]) -> None:
        """As `ConsentClient` does."""
        await self._client.settle(sender, settlements)
        self.settled += settlements
        self.calls.append(len(settlements))


@pytest.fixture
async def told(consent: Consent) -> Told:
    """What is told to the service."""
    await consent.client.publish(POLICY)
    return Told(consent.client)


async def sent(
    told: Told, open_office: Opener, clock: Clock, script: Script, people: int = 1, text: str = TEMPLATE
) -> tuple[Server, Office]:
    """People sign up, and their proof mails go to a server that answers so."""
    for number in range(people):
        await told.sign_up(SignUp(f"anna{number}@example.com", ("news",), "en", "form"))
    server = Server(script)
    async with server:
        office = open_office(server.login(), client=told)
        read, _ = read_templates([("templates/confirm.txt", text.encode())], ("en",))
        letters = Letters(read.files, {}, ("en",), Sender("Kafija", "a@kafija.example", "Riga"), "UTC")
        await Proofs(told, letters, office.queue, clock).fetch()  # type: ignore[arg-type]
        await office.drain()
        await office.mailer.close()
    return server, office


async def test_the_bytes_are_those_that_the_server_got(told: Told, open_office: Opener, clock: Clock) -> None:
    """Without the dots that SMTP doubles, and with the reply to the last word."""
    server, _ = await sent(told, open_office, clock, {"dot": b"250-taken\r\n250 queued as 4F3A\r\n"})
    [settlement] = told.settled
    handed = settlement.handed
    assert handed is not None
    [got] = server.mails
    assert b"\r\n...\xc4\x93diens" in got  # a line of two dots has three on the wire
    assert handed.mail == got.replace(b"\r\n..", b"\r\n.")
    assert b"\r\n..\xc4\x93diens" in handed.mail
    assert b"To: anna0@example.com\r\n" in handed.mail
    assert b"Consent-Checkpoint: " in handed.mail
    assert handed.digest == hashlib.sha256(handed.mail).hexdigest()
    assert (handed.reply, handed.why, handed.at) == ("250 taken queued as 4F3A", "", clock())


@pytest.mark.parametrize(
    ("script", "outcome", "content"),
    [
        ({"RCPT": b"550 no such user\r\n"}, Outcome.REFUSED, "none"),
        ({"dot": b"550 no such user\r\n"}, Outcome.REFUSED, "whole"),
        ({"dot": Act.CLOSE}, Outcome.UNKNOWN, "whole"),
    ],
    ids=["refused unseen", "refused", "hung up"],
)
async def test_content_is_told_where_it_was_handed_over(
    told: Told, open_office: Opener, clock: Clock, script: Script, outcome: Outcome, content: str
) -> None:
    """A server that refused the recipient has seen none; one that hung up may have it."""
    await sent(told, open_office, clock, script)
    [settlement] = told.settled
    handed = settlement.handed
    assert settlement.outcome is outcome
    assert handed is not None
    assert bool(handed.mail) is (content == "whole")
    assert (handed.reply == "550 no such user") is (outcome is Outcome.REFUSED)
    assert bool(handed.why) is (outcome is Outcome.UNKNOWN)


async def test_the_log_ties_reply_and_mail_to_the_request(
    told: Told, open_office: Opener, clock: Clock, consent: Consent
) -> None:
    """The evidence lies with the service as soon as the attempt is settled."""
    await sent(told, open_office, clock, {})
    kinds = [row[0] for row in consent.rows("SELECT type FROM leaves WHERE type LIKE 'proof_mail.%'")]
    assert kinds == ["proof_mail.queued", "proof_mail.accepted"]
    [(count,)] = consent.rows(
        "SELECT count(*) FROM evidence JOIN leaves ON CAST(body AS TEXT) LIKE '%' || commitment || '%' "
        "WHERE type = 'proof_mail.accepted'"
    )
    assert count == 1


async def test_a_mail_that_is_no_proof_is_told_without_its_bytes(
    told: Told, open_office: Opener, consent: Consent
) -> None:
    """They are kept nowhere, and cost nothing."""
    [anna] = await consent.join()
    async with Server({}) as server:
        office = open_office(server.login(), client=told)
        office.put(item(anna))
        await office.drain()
    assert [one.handed for one in told.settled] == [None]


async def test_a_life_that_ended_between_reply_and_settling_tells_what_it_knows(
    told: Told, open_office: Opener, clock: Clock, consent: Consent
) -> None:
    """The attempt file has the outcome and its code, and no more is told."""
    await told.sign_up(SignUp("anna@example.com", ("news",), "en", "form"))
    [proof] = await told.proofs()
    async with Server({}) as server:
        office = open_office(server.login(), client=told)
        await told.claim(office.mailer.sender, [proof.ask], [])
        office.attempts.recovered()
        office.attempts.begin(proof.ask.key, 1)
        office.attempts.reply(proof.ask.key, 1, Outcome.ACCEPTED, 250)
        await recover(told, office.attempts)  # type: ignore[arg-type]
    assert told.settled == [Settlement(proof.ask.key, 1, Outcome.ACCEPTED, 250, None)]
    assert consent.rows("SELECT type FROM leaves WHERE type = 'proof_mail.accepted'")


async def test_what_does_not_fit_is_settled_later(
    told: Told, open_office: Opener, clock: Clock, consent: Consent
) -> None:
    """The service takes so much at once; all of it gets there, and each mail once."""
    long = TEMPLATE + "\n" + "kafija un kūkas\n" * 50_000
    await sent(told, open_office, clock, {}, people=9, text=long)
    assert len(told.settled) == 9
    assert max(told.calls) < 9
    assert all(one.handed is not None and len(one.handed.mail) > 500_000 for one in told.settled)
    assert consent.rows("SELECT count(*) FROM leaves WHERE type = 'proof_mail.accepted'") == [(9,)]


def test_a_mail_too_large_is_told_by_its_digest() -> None:
    """And one that is to be handed over again, too."""
    data = b"a" * (LARGEST + 1)
    for outcome in (Outcome.ACCEPTED, Outcome.DEFERRED):
        digest = hashlib.sha256(data).hexdigest()
        assert handed_over(outcome, 250, "250 ok", data, 5) == Handed(
            b"", digest, len(data), reply="250 ok", at=5
        )


def test_no_server_says_what_cannot_be_written_down() -> None:
    """A zero byte would keep the settlement from ever getting through, as would half a character."""
    found = handed_over(Outcome.REFUSED, 550, "550 \0no\ud800", b"", 5)
    assert found is not None
    assert found.reply == "550 \ufffdno?"


def test_no_server_says_more_than_is_taken() -> None:
    """Else its settlement would be refused for ever."""
    found = handed_over(Outcome.REFUSED, 550, "550 no" * 10_000, b"", 5)
    assert found is not None
    assert msgspec.convert(msgspec.to_builtins(found), Handed) == found
    assert len(found.reply) == MOST_SAID
