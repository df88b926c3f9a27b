"""No mail is lost or doubled, and none held up, when the consent service is away or its answers are lost."""

import asyncio
import random

import pytest
from flaky import Flaky
from office import Clock, Consent, Opener, item, until
from servers import Server, taken

from consent.contract import Decision, Outcome, Settlement, Unavailable
from engine.delivery.retrying import MOST_RELEASES
from engine.mail.letters import LetterFault
from engine.mail.message import Letter

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_lost_or_doubled_when_consent_comes_and_goes(
    open_office: Opener, consent: Consent, clock: Clock, seed: int
) -> None:
    """The line dies before and after decisions, claims, settlements and look-ups, a third of the time."""
    dice = random.Random(seed)
    door = Flaky(consent.service, lambda call: dice.choice(["", "", "", "", "before", "after"]))
    people = await consent.join(30)
    await consent.withdraw(people[7])

    def fail(decision: Decision, address: str) -> Letter:
        raise LetterFault("no")

    async with Server() as server:
        office = open_office(server.login(), connections=2, client=door)
        mails = [item(person) for person in people for _ in range(2)]
        mails[20] = item(people[10], fail)
        keys = office.put(*mails)
        for _ in range(500):
            clock.pass_(1)
            try:
                await office.drain()
            except Unavailable:
                continue
            if not len(office.queue):
                break
        door.fails = lambda call: ""
        await office.dispatch.finish()
        reasons = {key: "withdrawn" if n in (14, 15) else "" for n, key in enumerate(keys)}
        reasons[keys[20]] = "template_failed"
        assert office.verdicts == {key: [reason] for key, reason in reasons.items()}
        assert sorted(taken(server)) == sorted(key for key, reason in reasons.items() if not reason)
        assert all(ends[-1] == "accepted" for ends in consent.outcomes().values())
        assert office.attempts.found() == {}


async def test_a_mail_taken_back_after_a_claim_that_was_not_answered_holds_up_no_other(
    open_office: Opener, consent: Consent
) -> None:
    """The claim was carried out, nobody was told, and nobody asks for that mail any more: what it gave is
    given back, and the reader's next mail goes."""
    failures = iter(["after"])
    door = Flaky(consent.service, lambda call: next(failures, "") if call == "claim" else "")
    [anna] = await consent.join()
    async with Server() as server:
        office = open_office(server.login(), client=door)
        [left] = office.put(item(anna))
        with pytest.raises(Unavailable):
            await office.drain()
        assert office.queue.cancel(left)
        [key] = office.put(item(anna))
        await office.drain()
        assert (office.verdicts, taken(server)) == ({key: [""]}, [key])
        assert consent.outcomes() == {left: ["released"], key: ["accepted"]}


async def test_a_claim_carried_out_after_its_answer_was_given_up_holds_up_no_other(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """Nothing was found to be given back when it was looked for. Whoever waits behind such a mail has it
    looked for again."""
    [anna] = await consent.join()
    failures = iter(["before"])
    door = Flaky(consent.service, lambda call: next(failures, "") if call == "claim" else "")
    async with Server() as server:
        office = open_office(server.login(), client=door)
        slow = item(anna)
        [left] = office.put(slow)
        with pytest.raises(Unavailable):
            await office.drain()
        await office.drain()  # it waits to be asked for again; nothing was claimed
        assert office.queue.cancel(left)
        await consent.client.claim(office.mailer.sender, [slow.ask], [])
        [key] = office.put(item(anna))
        await office.drain()
        clock.pass_(1)
        await office.drain()
        assert (office.verdicts, taken(server)) == ({key: [""]}, [key])
        assert consent.outcomes() == {left: ["released"], key: ["accepted"]}


async def test_mails_are_not_given_up_however_many_answers_are_lost(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """Their permits were given back, but no mail server was too slow for them. An answer comes only that they
    were claimed before."""
    [anna] = await consent.join()
    lost = iter(["after", ""] * (MOST_RELEASES + 2))
    door = Flaky(consent.service, lambda call: next(lost, "") if call == "claim" else "")
    async with Server() as server:
        office = open_office(server.login(), client=door)
        [key] = office.put(item(anna))
        for _ in range(4 * MOST_RELEASES):
            clock.pass_(60)
            try:
                await office.drain()
            except Unavailable:
                continue
            if not len(office.queue):
                break
        assert (office.verdicts, taken(server)) == ({key: [""]}, [key])
        assert consent.outcomes() == {key: ["released"] * (MOST_RELEASES + 2) + ["accepted"]}


@pytest.mark.parametrize("when", ["before", "after"])
async def test_running_dispatch_waits_while_consent_is_away(
    open_office: Opener, consent: Consent, clock: Clock, when: str
) -> None:
    """`run` goes on by itself when the service answers again; until then nothing reaches the server."""
    failures = iter([when])
    door = Flaky(consent.service, lambda call: next(failures, "") if call == "claim" else "")
    people = await consent.join(3)
    async with Server() as server:
        office = open_office(server.login(), client=door)
        keys = office.put(*map(item, people))
        running = asyncio.get_running_loop().create_task(office.dispatch.run())
        try:
            await until(lambda: set(office.verdicts) == set(keys), lambda: clock.pass_(0.05))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert office.verdicts == {key: [""] for key in keys}
        assert sorted(taken(server)) == sorted(keys)


@pytest.mark.parametrize("told", ["settle", "claim"])
@pytest.mark.parametrize("theirs", [Outcome.ACCEPTED, Outcome.RELEASED])
@pytest.mark.parametrize("code", [250, 550])
async def test_an_end_that_another_end_denies_ends_that_mail_alone(
    open_office: Opener, consent: Consent, clock: Clock, code: int, theirs: Outcome, told: str
) -> None:
    """Somebody settled it by another word, such as an engine under the same name. What the server has is not
    sent again; what it has not goes by that other word; all others are settled as ever."""
    people = await consent.join(4)
    replies = iter([b"250 taken\r\n", b"%d so\r\n" % code])
    async with Server({"dot": lambda count: next(replies, b"250 taken\r\n")}) as server:
        office = open_office(server.login())
        keys = office.put(*map(item, people[:3]))
        await until(lambda: office.mailer.free)
        await office.dispatch.step()
        await until(lambda: not office.mailer.outstanding)
        await consent.client.settle(office.mailer.sender, [Settlement(keys[1], 1, theirs, 0)])
        if told == "claim":
            keys += office.put(item(people[3]))
        await office.drain()
        clock.pass_(60)
        await office.drain()
        assert office.verdicts == {key: [""] for key in keys}
        again = code == 550 and theirs is Outcome.RELEASED
        assert sorted(taken(server)) == sorted([*keys, *[keys[1]] * again])  # the refused one is among them
        assert consent.outcomes()[keys[1]] == [theirs.value, *["accepted"] * again]
        assert office.attempts.found() == {}
