"""Each mail in the queue ends once, whatever the gate, the templates, the server or the line do."""

import asyncio

import pytest
from flaky import Flaky
from office import Clock, Consent, Opener, item, until
from servers import Act, Server, taken

from consent.contract import Decision, Outcome, Settlement
from engine.delivery.login import ServerFault
from engine.delivery.queue import Item
from engine.delivery.retrying import DEFERRALS, after_deferral
from engine.mail.letters import LetterFault
from engine.mail.message import Letter

pytestmark = pytest.mark.anyio


async def test_denied_mail_is_recorded_and_over(open_office: Opener, consent: Consent) -> None:
    """The gate's reason is the mail's end; the decision stands in the claim's batch, and others go."""
    anna, berta = await consent.join(2)
    await consent.withdraw(anna)
    async with Server() as server:
        office = open_office(server.login())
        denied, sent = office.put(item(anna), item(berta))
        await office.drain()
        assert office.verdicts == {denied: ["withdrawn"], sent: [""]}
        assert consent.rows(f"SELECT reason, outcome FROM decisions WHERE key = '{denied}'") == [
            ("withdrawn", None)
        ]
        assert taken(server) == [sent]


async def test_nothing_is_claimed_while_another_engine_may_have_taken_the_place(
    open_office: Opener, consent: Consent
) -> None:
    """As long as the store's lock is lost; with it, all goes on."""
    (anna,) = await consent.join(1)
    place = [False]
    async with Server() as server:
        office = open_office(server.login(), held=lambda: place[0])
        (key,) = office.put(item(anna))
        await until(lambda: office.mailer.free)
        assert await office.dispatch.step() is False
        assert consent.outcomes() == {}
        place[0] = True
        await office.drain()
        assert office.verdicts == {key: [""]}
        assert taken(server) == [key]


async def test_template_that_fails_is_set_aside_while_others_go(
    open_office: Opener, consent: Consent
) -> None:
    """One poisoned mail blocks nobody and claims nothing, nor does a header that cannot be written."""

    def fail(decision: Decision, address: str) -> Letter:
        raise LetterFault("template `news` (en): there is no `contact.nam`")

    def inject(decision: Decision, address: str) -> Letter:
        return Letter("News", "", "Hello", "Kafija <a@kafija.example>\r\nBcc: b@example.com")

    people = await consent.join(5)
    async with Server() as server:
        office = open_office(server.login())
        keys = office.put(
            item(people[0]), item(people[1], fail), item(people[2]), item(people[3], inject), item(people[4])
        )
        await office.drain()
        assert [office.verdicts[key] for key in keys] == [
            [""],
            ["template_failed"],
            [""],
            ["template_failed"],
            [""],
        ]
        assert sorted(taken(server)) == sorted([keys[0], keys[2], keys[4]])
        assert set(consent.outcomes()) == {keys[0], keys[2], keys[4]}


async def test_deferred_mail_comes_again_later_each_time_and_is_given_up(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """Not a moment before its time, eight times more, in all two days; then it is over."""
    [anna] = await consent.join()
    async with Server({"RCPT": b"451 later\r\n"}) as server:
        office = open_office(server.login())
        [key] = office.put(item(anna))
        await office.drain()
        for tries in range(1, len(DEFERRALS) + 1):
            pause = after_deferral(key, tries - 1)
            assert pause is not None
            assert consent.outcomes()[key] == ["deferred"] * tries
            assert office.verdicts == {}
            clock.pass_((pause - 1) / 1000)
            await office.drain()
            assert len(consent.outcomes()[key]) == tries, "it came too early"
            clock.pass_(0.001)
            await office.drain()
        assert office.verdicts == {key: ["gave_up"]}
        assert len(office.queue) == 0
        clock.pass_(10**6)
        await office.drain()
        assert len(consent.outcomes()[key]) == len(DEFERRALS) + 1


async def earlier(consent: Consent, mail: Item, outcome: Outcome | None, sender: str = "earlier") -> None:
    """Another life claims a mail, and settles it or not."""
    await consent.client.claim(sender, [mail.ask], [])
    if outcome is not None:
        await consent.client.settle(sender, [Settlement(mail.key, 1, outcome, 250)])


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [(Outcome.ACCEPTED, ""), (Outcome.REFUSED, "server_refused"), (Outcome.UNKNOWN, "outcome_unknown")],
)
async def test_mail_that_an_earlier_life_made_an_end_of_is_not_sent_again(
    open_office: Opener, consent: Consent, outcome: Outcome, reason: str
) -> None:
    """An engine that forgot (its backup came back) learns from the denial what became of the mail."""
    [anna] = await consent.join()
    mail = item(anna)
    await earlier(consent, mail, outcome)
    async with Server() as server:
        office = open_office(server.login())
        office.put(mail)
        await office.drain()
        assert office.verdicts == {mail.key: [reason]}
        assert server.mails == []


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.RELEASED])
async def test_mail_that_an_earlier_life_could_not_hand_over_goes_as_its_next_attempt(
    open_office: Opener, consent: Consent, clock: Clock, outcome: Outcome
) -> None:
    """The forgotten attempt counts: this one is the second."""
    [anna] = await consent.join()
    mail = item(anna)
    await earlier(consent, mail, outcome)
    async with Server() as server:
        office = open_office(server.login())
        office.put(mail)
        await office.drain()
        clock.pass_(DEFERRALS[0])
        await office.drain()
        assert office.verdicts == {mail.key: [""]}
        assert consent.outcomes() == {mail.key: [outcome.value, "accepted"]}
        assert taken(server) == [mail.key]


async def test_mail_under_another_senders_permit_waits(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """Neither the mail that another sender has claimed, nor another one to its subject, is sent meanwhile."""
    [anna] = await consent.join()
    mail, other = item(anna), item(anna)
    await earlier(consent, mail, None)
    async with Server() as server:
        office = open_office(server.login())
        office.put(mail, other)
        for _ in range(5):
            await office.drain()
            clock.pass_(2)
        assert server.mails == []
        await consent.client.settle("earlier", [Settlement(mail.key, 1, Outcome.ACCEPTED, 250)])
        await office.drain()
        clock.pass_(2)
        await office.drain()
        assert office.verdicts == {mail.key: [""], other.key: [""]}
        assert taken(server) == [other.key]


async def test_permit_for_what_was_not_written_is_given_back(open_office: Opener, consent: Consent) -> None:
    """Denied when asked, allowed when claimed: the mail is released, written, and goes as attempt two."""
    [anna] = await consent.join()
    stale = iter([True])

    class Late(Flaky):
        async def decide(self, asks):  # type: ignore[no-untyped-def]
            decided = await super().decide(asks)
            if next(stale, False):
                return [_denying(decision) for decision in decided]
            return decided

    async with Server() as server:
        office = open_office(server.login(), client=Late(consent.service, lambda call: ""))
        [key] = office.put(item(anna))
        await office.drain()
        assert consent.outcomes() == {key: ["released", "accepted"]}
        assert taken(server) == [key]


def _denying(decision: Decision) -> Decision:
    fields = {name: getattr(decision, name) for name in decision.__struct_fields__}
    return Decision(**fields | {"allowed": False})


async def test_mails_wait_for_a_server_that_comes_up_later(open_office: Opener, consent: Consent) -> None:
    """Down at the start: nothing is claimed, an error is logged, `drain` says it; later everything goes."""
    people = await consent.join(40)
    server = Server()
    async with server:
        login = server.login()
    office = open_office(login, connections=2)
    keys = office.put(*map(item, people))
    with pytest.raises(ServerFault, match=f"127.0.0.1:{login.port} cannot be reached"):
        await office.drain()
    assert consent.outcomes() == {}
    running = asyncio.get_running_loop().create_task(office.dispatch.run())
    later = Server()
    try:
        await later.listen(login.port)
        await until(lambda: len(office.verdicts) == 40)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await later.__aexit__(None, None, None)
    assert sorted(taken(later)) == sorted(keys)
    assert consent.outcomes() == {key: ["accepted"] for key in keys}


async def test_pace_bounds_what_is_claimed(open_office: Opener, consent: Consent) -> None:
    """Three a second: the first step claims three, the next one at once none."""
    people = await consent.join(9)
    async with Server() as server:
        office = open_office(server.login(), per_second=3)
        await until(lambda: office.mailer.free)
        office.put(*map(item, people))
        assert await office.dispatch.step()
        assert not await office.dispatch.step()
        assert len(consent.outcomes()) == 3


async def test_claim_does_not_outlive_its_deadline_behind_a_slow_server(
    open_office: Opener, consent: Consent, clock: Clock
) -> None:
    """A server that thinks for longer than five seconds costs permits, not mails: all but the one that is
    begun are given back at the deadline, asked for again, and sent once."""
    people = await consent.join(160)
    async with Server({"dot": lambda before: Act.HOLD if before == 40 else None}) as server:
        office = open_office(server.login())
        keys = office.put(*map(item, people))
        draining = asyncio.get_running_loop().create_task(office.drain())
        await server.holding()
        assert office.mailer.outstanding > 100
        await until(lambda: not office.mailer.free)  # the server is too slow: nothing more is claimed for it
        clock.pass_(5.001)
        await until(lambda: office.mailer.outstanding == 1)
        server.say()
        await draining
        for _ in range(10):
            clock.pass_(60)
            await office.drain()
        ended = consent.outcomes()
        assert all(ends[-1] == "accepted" for ends in ended.values())
        assert any("released" in ends for ends in ended.values())
        assert sorted(taken(server)) == sorted(keys)


async def test_slow_server_is_claimed_for_by_its_rate(open_office: Opener, consent: Consent) -> None:
    """Once it is known that a server answers next to nothing, claims are small."""
    people = await consent.join(60)
    async with Server({"dot": lambda before: Act.HOLD if before == 0 else None}) as server:
        office = open_office(server.login())
        await until(lambda: office.mailer.free)
        office.put(*map(item, people[:20]))
        await office.dispatch.step()
        await server.holding()
        office.dispatch._rate.per_second = 1.5
        server.say(b"451 later\r\n")
        await until(lambda: office.mailer.outstanding == 0)
        before = len(consent.outcomes())
        office.put(*map(item, people[20:]))
        await office.dispatch.step()
        assert 0 < len(consent.outcomes()) - before <= 8
