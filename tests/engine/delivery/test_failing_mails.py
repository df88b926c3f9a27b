"""A mail at which the program fails is set aside alone, and goes once that is mended."""

import asyncio

import pytest
from office import Clock, Consent, Opener, item, plain, until
from servers import Act, Server, taken

from consent.contract import Decision, Settlement
from engine.delivery.queue import Item
from engine.delivery.retrying import MENDED_WITHIN, SET_ASIDE
from engine.mail.letters import LetterFault
from engine.mail.message import Letter

pytestmark = pytest.mark.anyio


class Broken:
    """Writes once it is mended."""

    def __init__(self, fault: Exception) -> None:
        self.fault: Exception | None = fault

    def __call__(self, decision: Decision, address: str) -> Letter:
        if self.fault is not None:
            raise self.fault
        return plain(decision, address)


async def test_a_mail_at_which_the_program_fails_blocks_nobody(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """The others of its batch go at once; it goes after a mend, when it is tried again."""
    people = await consent.join(5)
    broken = Broken(ZeroDivisionError("so many"))
    async with Server() as server:
        office = open_office(server.login())
        keys = office.put(*(item(person, broken if n == 2 else None) for n, person in enumerate(people)))
        await office.drain()
        assert office.verdicts == {key: [""] for n, key in enumerate(keys) if n != 2}
        broken.fault = None
        clock.pass_(SET_ASIDE / 1000)
        await office.drain()
        assert office.verdicts == {key: [""] for key in keys}


async def test_a_failing_template_may_be_mended(open_office: Opener, consent: Consent, clock: Clock) -> None:
    """Within three days the mail goes; later it is skipped."""
    anna, berta = await consent.join(2)
    mended, never = Broken(LetterFault("no")), Broken(LetterFault("no"))
    async with Server() as server:
        office = open_office(server.login())
        office.dispatch._writing._mended_within = clock() + MENDED_WITHIN
        first, second = office.put(item(anna, mended), item(berta, never))
        await office.drain()
        assert office.verdicts == {}
        mended.fault = None
        clock.pass_(SET_ASIDE / 1000)
        await office.drain()
        assert office.verdicts == {first: [""]}
        clock.pass_(MENDED_WITHIN / 1000)
        await office.drain()
        assert office.verdicts == {first: [""], second: ["template_failed"]}


async def test_a_permit_lives_no_longer_for_a_clock_that_is_set_back(
    open_office: Opener, consent: Consent, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its five seconds pass by the steady clock too."""
    [anna] = await consent.join()
    async with Server({"DATA": Act.HOLD}) as server:
        office = open_office(server.login())
        await until(lambda: office.mailer.free)
        [key] = office.put(item(anna))
        loop = asyncio.get_running_loop()
        steady = loop.time
        stepped = loop.create_task(office.dispatch.step())
        await server.holding()
        await stepped
        clock.pass_(-3600)
        monkeypatch.setattr(loop, "time", lambda: steady() + 5.1)
        server.say()
        await until(lambda: not office.mailer.outstanding)
        await office.dispatch.finish()
        assert consent.outcomes() == {key: ["released"]}
        assert server.mails == []
        monkeypatch.undo()


async def test_a_mail_that_was_handed_over_when_the_program_failed_at_it_is_over_and_not_sent_again(
    open_office: Opener, consent: Consent, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """What became of it is asked of the consent service. Those that were settled with it, and those that were
    claimed in the same call, go on."""
    people = await consent.join(40)
    async with Server() as server:
        office = open_office(server.login())
        keys = office.put(*map(item, people))
        outcomes = office.dispatch._outcomes
        judge, failing = outcomes.judge, [keys[3]]

        def stumble(one: Item, settlement: Settlement, text: str) -> None:
            if one.key in failing:
                failing.remove(one.key)
                raise ZeroDivisionError("so many")
            judge(one, settlement, text)

        monkeypatch.setattr(outcomes, "judge", stumble)
        await office.drain()
        assert not failing
        clock.pass_(SET_ASIDE / 1000)
        await office.drain()
        assert office.verdicts == {key: [""] for key in keys}
        assert sorted(taken(server)) == sorted(keys)


async def test_what_was_claimed_before_the_program_failed_is_given_back_and_goes(
    open_office: Opener, consent: Consent, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """Nobody else would let go of these permits, and their readers' other mails would wait behind them."""
    people = await consent.join(3)
    async with Server() as server:
        office = open_office(server.login())
        keys = office.put(*map(item, people))
        settled = office.mailer.settled
        faults = [ZeroDivisionError("so many")]

        def stumble(settlements: list[Settlement]) -> None:
            settled(settlements)
            if faults:
                raise faults.pop()

        monkeypatch.setattr(office.mailer, "settled", stumble)
        await office.drain()
        clock.pass_(1)
        await office.drain()
        assert not faults
        assert office.verdicts == {key: [""] for key in keys}
        assert sorted(taken(server)) == sorted(keys)
        assert consent.outcomes() == {key: ["released", "accepted"] for key in keys}
