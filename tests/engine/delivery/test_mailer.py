"""`Mailer.send` under a permit: in time, once, and over a connection that comes back."""

from collections.abc import Callable

import pytest
import structlog
from office import Clock, Consent, Office, item, plain
from servers import Act, Server

from consent.contract import Outcome, Permit
from engine.delivery.attempts import SLOTS
from engine.delivery.login import ServerFault
from engine.delivery.mailer import Ended, retry_pause
from engine.delivery.replies import without_addresses
from engine.mail.message import Letter, Message, build

pytestmark = pytest.mark.anyio
Opener = Callable[..., Office]


async def claimed(office: Office, people: list[str]) -> list[tuple[Message, Permit]]:
    """A written mail and a permit for each."""
    items = [item(subject) for subject in people]
    decisions = await office.consent.decide([one.ask for one in items])
    permits = (await office.consent.claim(office.mailer.sender, [one.ask for one in items], [])).permits
    messages = [
        build(one.key, plain(decision, ""), "kafija.example", 0)
        for one, decision in zip(items, decisions, strict=True)
    ]
    return list(zip(messages, permits, strict=True))


async def connected(office: Office) -> None:
    """Return when a connection is up."""
    while not office.mailer.free:
        office.mailer.changed.clear()
        await office.mailer.changed.wait()


async def ended(office: Office, count: int) -> list[Ended]:
    """The next so many that end."""
    found = office.mailer.take_ended()
    while len(found) < count:
        office.mailer.changed.clear()
        await office.mailer.changed.wait()
        found += office.mailer.take_ended()
    return found


def outcomes(found: list[Ended]) -> list[Outcome]:
    return [one.settlement.outcome for one in found]


LETTER = Letter("News", "", "Hello", "Kafija <a@kafija.example>")


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
@pytest.mark.parametrize("withdrawn", [False, True], ids=["deadline passed", "withdrawn"])
async def test_no_final_dot_without_a_right_to_it(
    open_office: Opener, consent: Consent, clock: Clock, stage: str, withdrawn: bool
) -> None:
    """A permit that ran out or was withdrawn while the server thought is released; the sink gets nothing."""
    [anna] = await consent.join()
    async with Server({stage: Act.HOLD}) as server:
        office = open_office(server.login())
        await connected(office)
        [(message, permit)] = await claimed(office, [anna])
        office.mailer.send(message, permit)
        await server.holding()
        if withdrawn:
            office.mailer.revoke(anna, await consent.withdraw(anna))
        else:
            clock.pass_(5.001)
        server.say()
        [end] = await ended(office, 1)
        await server.left()
        assert end.settlement.outcome is Outcome.RELEASED
        assert server.mails == []
        assert office.attempts.found() == {}


async def test_withdrawal_before_the_claim_does_not_stop_a_later_permit(
    open_office: Opener, consent: Consent
) -> None:
    """Only permits of earlier leaves are void: who withdraws from news may still get offers."""
    [anna] = await consent.join()
    async with Server() as server:
        office = open_office(server.login())
        await connected(office)
        office.mailer.revoke(anna, await consent.withdraw(anna, "offers"))
        [(message, permit)] = await claimed(office, [anna])
        office.mailer.send(message, permit)
        assert outcomes(await ended(office, 1)) == [Outcome.ACCEPTED]


@pytest.mark.parametrize("late", [False, True], ids=["in time", "too late"])
async def test_dot_waits_until_a_slow_server_has_read_the_content(
    open_office: Opener, consent: Consent, clock: Clock, late: bool
) -> None:
    """The check comes when all else has left, not when it was handed to the system's buffers."""
    [anna] = await consent.join()
    async with Server({"DATA": Act.CHOKE}) as server:
        office = open_office(server.login())
        await connected(office)
        [(message, permit)] = await claimed(office, [anna])
        large = Message(message.key, message.head, b"\r\n" + b"x" * 70 * 120_000 + b"\r\n")
        office.mailer.send(large, permit)
        await server.holding()
        assert office.attempts.found() == {}
        if late:
            clock.pass_(6)
        server.say()
        assert outcomes(await ended(office, 1)) == [Outcome.RELEASED if late else Outcome.ACCEPTED]
        assert len(server.mails) == (0 if late else 1)


@pytest.mark.parametrize("withdrawn", [False, True], ids=["both go", "withdrawn meanwhile"])
async def test_next_mail_waits_behind_content_that_does_not_leave(
    open_office: Opener, consent: Consent, withdrawn: bool
) -> None:
    """What the system does not take at once keeps no mail behind it, and costs no connection when that
    may not go any more."""
    people = await consent.join(2)
    async with Server({"DATA": lambda before: Act.CHOKE if before == 0 else None}) as server:
        office = open_office(server.login())
        await connected(office)
        [(message, permit), (second, seconds)] = await claimed(office, people)
        office.mailer.send(
            Message(message.key, message.head, b"\r\n" + b"x" * 70 * 120_000 + b"\r\n"), permit
        )
        office.mailer.send(second, seconds)
        await server.holding()
        if withdrawn:
            office.mailer.revoke(people[1], await consent.withdraw(people[1]))
            office.mailer.expire()
        assert office.attempts.found() == {}
        server.say()
        became = {end.subject: end.settlement.outcome for end in await ended(office, 2)}
        assert became == {
            people[0]: Outcome.ACCEPTED,
            people[1]: Outcome.RELEASED if withdrawn else Outcome.ACCEPTED,
        }
        assert (len(server.mails), server.connections) == (1 if withdrawn else 2, 1)


@pytest.mark.parametrize(
    "anyio_backend", ["asyncio", ("asyncio", {"use_uvloop": True})], ids=["asyncio", "uvloop"]
)
async def test_a_connection_that_breaks_before_the_dot_gives_the_permit_back(
    open_office: Opener, consent: Consent
) -> None:
    """Nothing of the mail has left, so its outcome is known: it goes over the next connection."""
    [anna] = await consent.join()
    async with Server({"DATA": lambda before: Act.RESET if before == 0 else None}) as server:
        office = open_office(server.login())
        [key] = office.put(item(anna))
        await office.drain()
        assert (office.verdicts, len(server.mails)) == ({key: [""]}, 1)
        assert consent.outcomes() == {key: ["released", "accepted"]}
        assert server.connections == 2


async def test_permit_of_another_mail_or_sender_is_refused(open_office: Opener, consent: Consent) -> None:
    """`send` takes a permit for what it permits only."""
    people = await consent.join(2)
    async with Server() as server:
        office, other = open_office(server.login()), open_office(server.login())
        [(anna, annas), (_, bertas)] = await claimed(office, people)
        with pytest.raises(ValueError, match="another mail"):
            office.mailer.send(anna, bertas)
        with pytest.raises(ValueError, match="another sender"):
            other.mailer.send(anna, annas)


async def test_domain_of_the_recipient_goes_in_ascii(open_office: Opener, consent: Consent) -> None:
    """A domain in any script is written as DNS has it; a local part that is not ASCII is refused at once."""
    await consent.join()
    subjects = await consent.client.subjects(["a@ķekava.example", "jānis@example.com"])
    async with Server() as server:
        office = open_office(server.login())
        await connected(office)
        for subject, recipient in zip(subjects, ["a@ķekava.example", "jānis@example.com"], strict=True):
            assert subject is not None
            message = build(subject, LETTER, "kafija.example", 0)
            permit = Permit(subject, 1, subject, recipient, (), 1, office.mailer.sender, 2**62)
            office.mailer.send(message, permit)
        by_subject = {end.subject: end for end in await ended(office, 2)}
        assert by_subject[subjects[0] or ""].settlement.outcome is Outcome.ACCEPTED
        assert "RCPT TO:<a@xn--ekava-n5a.example>" in server.commands
        refused = by_subject[subjects[1] or ""]
        assert (refused.settlement.outcome, refused.settlement.code) == (Outcome.REFUSED, 0)
        assert "ASCII" in refused.text


async def test_eight_bit_mail_is_not_forced_on_a_server_of_seven(
    open_office: Opener, consent: Consent
) -> None:
    """A mail written for another server's abilities is given back, to be written anew."""
    [anna] = await consent.join()
    async with Server(words=("PIPELINING",)) as server:
        office = open_office(server.login())
        await connected(office)
        [(message, permit)] = await claimed(office, [anna])
        office.mailer.send(Message(message.key, message.head, message.body, eight_bit=True), permit)
        assert outcomes(await ended(office, 1)) == [Outcome.RELEASED]


async def test_full_attempt_file_gives_permits_back(open_office: Opener, consent: Consent) -> None:
    """What cannot be written down is not begun."""
    [anna] = await consent.join()
    async with Server() as server:
        office = open_office(server.login())
        await connected(office)
        for number in range(SLOTS):
            office.attempts.begin(f"{number:032x}", 1)
        [(message, permit)] = await claimed(office, [anna])
        office.mailer.send(message, permit)
        assert outcomes(await ended(office, 1)) == [Outcome.RELEASED]
        assert server.mails == []


async def test_lost_connection_leaves_one_unknown_at_most(open_office: Opener, consent: Consent) -> None:
    """Two connections die with a mail begun on each and twenty behind them: two are unknown."""
    people = await consent.join(22)
    async with Server({"dot": lambda before: Act.HOLD if before < 2 else None}) as server:
        office = open_office(server.login(), connections=2)
        while server.connections < 2 or not office.mailer.free:
            office.mailer.changed.clear()
            await office.mailer.changed.wait()
        for message, permit in await claimed(office, people):
            office.mailer.send(message, permit)
        await server.holding(2)
        for session in list(server.open):
            session.transport.abort()
        found = outcomes(await ended(office, 4))
        assert found.count(Outcome.UNKNOWN) == 2
        assert set(found) == {Outcome.UNKNOWN, Outcome.RELEASED}


async def test_closing_with_a_mail_begun_ends_it_as_unknown(open_office: Opener, consent: Consent) -> None:
    """Nothing hangs and nothing is forgotten when Virta stops."""
    people = await consent.join(3)
    async with Server({"dot": Act.HOLD}) as server:
        office = open_office(server.login())
        await connected(office)
        for message, permit in await claimed(office, people):
            office.mailer.send(message, permit)
        await server.holding()
        await office.mailer.close()
        found = {end.settlement.key: end.settlement.outcome for end in office.mailer.take_ended()}
        assert sorted(found.values()) == [Outcome.RELEASED, Outcome.RELEASED, Outcome.UNKNOWN]
        [begun] = office.attempts.found().values()
        assert found[begun.key] is Outcome.UNKNOWN


async def test_server_that_takes_connections_and_loses_them_is_a_fault(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """After three connections without one answer the mailer says so, instead of trying as fast as it can."""
    people = await consent.join(2)
    async with Server({"MAIL": Act.CLOSE}) as server:
        office = open_office(server.login())
        office.put(*map(item, people))

        async def insist() -> None:
            for _ in range(5):
                await office.drain()
                clock.pass_(60)

        with pytest.raises(ServerFault, match="takes connections and loses them"):
            await insist()
        assert server.mails == []


async def test_no_address_that_a_server_says_comes_into_the_log(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """Neither with a lost connection, nor with an unknown outcome, nor when mails wait."""
    anna, bruno = await consent.join(2)
    with structlog.testing.capture_logs() as lines:
        async with Server({"dot": b"what <anna@example.com>: Recipient address rejected\r\n"}) as server:
            office = open_office(server.login())
            office.put(item(anna))
            await office.drain()
        async with Server({"connect": b"554 go away, anna@example.com\r\n"}) as server:
            office = open_office(server.login())
            office.put(item(bruno))
            with pytest.raises(ServerFault, match="go away"):
                await office.drain()
    told = {line["event"] for line in lines if "…@…" in line.get("why", "")}
    assert told == {
        "connection to the mail server lost",
        "it is unknown whether a mail went out",
        "mails wait",
    }
    assert "example.com" not in str(lines)


def test_what_looks_like_an_address_is_taken_out() -> None:
    """Whatever stands around it; the rest of the words stays."""
    for address in (
        "anna@example.com",
        '"anna b"@example.com',
        "anna+x@[192.0.2.1]",
        "bērziņa@kafija.example",
    ):
        assert without_addresses(f"421 4.2.1 <{address}>: rejected") == "421 4.2.1 <…@…>: rejected"
    assert without_addresses("451 try later") == "451 try later"


def test_pauses_grow_and_end_at_half_a_minute() -> None:
    """A tenth of a second after the first failure, twice as long after each further one."""
    assert [retry_pause(failures) for failures in range(5)] == [0, 0.1, 0.2, 0.4, 0.8]
    assert retry_pause(10) == retry_pause(1000) == 30
    assert retry_pause(9) < 30
