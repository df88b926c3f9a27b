"""Each day's checkpoint goes to the auditors, once, and proves what it is kept for."""

import pytest
from dice import Dice
from office import Clock

from consent.client import InProcess
from consent.contract import Outcome, Settlement
from consent.keys import Keys
from consent.proof.checkpoint import read_note
from consent.proof.kept_checkpoint import read_kept_checkpoint
from consent.service import Service, open_service
from engine.delivery.day_end import DayEnd
from engine.delivery.queue import Item, Queue
from engine.mail.letters import Letters, Sender

pytestmark = pytest.mark.anyio
AUDITORS = ("audit@auditor.example", "second@auditor.example")
DAY = 86_400


class Desk:
    """A consent service that knows the auditors, a queue, and what mails the days' checkpoints."""

    def __init__(self, clock: Clock, addresses: tuple[str, ...] = AUDITORS) -> None:
        self.clock = clock
        self.service: Service = open_service(
            None,
            Keys.random(Dice("keys")),
            origin="kafija.example/consent",
            public_url="https://kafija.example",
            team=addresses,
            clock=clock,
            entropy=Dice("desk"),
        )
        self.client = InProcess(self.service)
        self.queue = Queue()
        self.addresses = addresses
        self.day_end = self.started_anew()

    def started_anew(self) -> DayEnd:
        """Another life of the same."""
        sender = Sender("Kafija", "hello@kafija.example", "Riga")
        letters = Letters((), {}, ("en",), sender, "UTC")
        return DayEnd(self.client, letters, self.queue, self.clock, self.addresses, b"secret")

    async def send(self, outcome: Outcome = Outcome.ACCEPTED) -> list[tuple[str, str]]:
        """Send what is queued, which ends so: recipients and texts."""
        sent = []
        for item in self.queue.take(self.clock(), 10):
            sent.append(await self._one(item, outcome))
            self.queue.done(item)
        return sent

    async def _one(self, item: Item, outcome: Outcome) -> tuple[str, str]:
        [decision] = await self.client.decide([item.ask])
        assert decision.allowed
        claimed = await self.client.claim("engine", [item.ask], [])
        [permit] = claimed.permits
        await self.client.settle("engine", [Settlement(permit.key, permit.attempt, outcome, 0)])
        return permit.recipient, item.write(decision, "").text


@pytest.fixture
def desk(clock: Clock) -> Desk:
    """One with two auditors."""
    return Desk(clock)


async def test_each_auditor_gets_the_checkpoint_of_the_day(desk: Desk) -> None:
    """As a signed note in the mail's text, which `--checkpoint` takes as it stands there."""
    assert await desk.day_end.look()
    sent = await desk.send()
    assert [recipient for recipient, _ in sent] == list(AUDITORS)
    note = await desk.client.checkpoint()
    for _, text in sent:
        assert note in text
        kept = read_kept_checkpoint(text[text.index("kafija.example/consent\n") :].encode())
        assert kept.checkpoint.size <= desk.service.parts.signing.kept.size  # type: ignore[union-attr]
        assert kept.note.signed_by(desk.service.parts.signing.key())
        assert kept.note.text == read_note(note).text


async def test_it_goes_once_a_day(desk: Desk, clock: Clock) -> None:
    """However often it is looked for, and however often Virta is started."""
    assert await desk.day_end.look()
    assert not await desk.day_end.look()
    assert not await desk.started_anew().look()  # they wait in the queue
    assert len(await desk.send()) == 2
    assert not await desk.started_anew().look()  # they were sent
    clock.pass_(DAY)
    assert await desk.day_end.look()
    assert len(await desk.send()) == 2


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.RELEASED, Outcome.REFUSED, Outcome.UNKNOWN])
async def test_what_an_earlier_life_could_not_hand_over_goes_once_more(desk: Desk, outcome: Outcome) -> None:
    """A mail that the server put off, or that there was no time for; never one that may have gone."""
    goes = outcome in (Outcome.DEFERRED, Outcome.RELEASED)
    assert await desk.day_end.look()
    await desk.send(outcome)
    assert await desk.started_anew().look() == goes
    assert len(await desk.send()) == (2 if goes else 0)
    assert not await desk.started_anew().look()


async def test_nobody_gets_it_if_nobody_is_named(clock: Clock) -> None:
    """And nobody becomes known to the consent service by it."""
    desk = Desk(clock, ())
    assert not await desk.day_end.look()
    assert len(desk.queue) == 0
