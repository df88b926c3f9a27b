"""A mail at which the program fails is set aside alone, and goes once that is mended."""

import asyncio

import pytest
from conftest import Opener
from office import Clock, Consent, item, plain, until
from servers import Act, Server

from consent.contract import Decision
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
