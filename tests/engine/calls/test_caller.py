"""Calls carried out: in order, again, side by side, and for people who are known only."""

import asyncio
import hashlib
import itertools
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from receiver import SECRET, Got, Receiver, open_receiver
from starlette.responses import Response

from consent.client import InProcess
from consent.contract import Policy
from consent.keys import Keys
from consent.service import Service, open_service
from engine.calls import post
from engine.calls.call import Call
from engine.calls.caller import Addresses, Caller, Ended
from engine.calls.lane import AT_ONCE
from engine.calls.patience import MOST_ATTEMPTS
from engine.calls.post import HttpPost
from engine.calls.recorder import Recorder
from engine.core.bundle import CallBody, Effect

pytestmark = pytest.mark.anyio
MONDAY = 1_772_434_800_000
DAY = 86_400_000


class Clock:
    """Ms UTC, moved by hand."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


_count = itertools.count()


def drawn(size: int) -> bytes:
    """Reproducible bytes."""
    return hashlib.shake_256(str(next(_count)).encode()).digest(size)


@pytest.fixture
def service(clock: Clock) -> Iterator[Service]:
    opened = open_service(
        None,
        Keys.random(drawn),
        origin="kafija.example/consent",
        public_url="https://kafija.example",
        team=(),
        clock=clock,
        entropy=drawn,
        durable=False,
    )
    yield opened
    opened.close()


@pytest.fixture
async def consent(service: Service) -> InProcess:
    client = InProcess(service)
    await client.publish(Policy((), ()))
    return client


@pytest.fixture
async def people(consent: InProcess) -> list[str]:
    """Ten people whom the consent service knows."""
    found = await consent.subjects([f"person{number}@example.com" for number in range(10)])
    return [subject for subject in found if subject is not None]


class Life:
    """A caller of the webhooks `crm` and `erp`, and what became of its calls."""

    def __init__(self, consent: Addresses, urls: dict[str, str], clock: Clock) -> None:
        receivers = [post.Receiver(name, url, SECRET) for name, url in urls.items()]
        self.caller = Caller(
            consent, HttpPost(receivers, private=True), list(urls), clock, lambda: self.changed.set()
        )
        self.changed = asyncio.Event()
        self.ended: list[Ended] = []

    def put(self, contact: str, *names: str, webhook: str = "crm", at: int = MONDAY) -> None:
        """Ask for calls that tell a name each."""
        for name in names:
            body = CallBody("alpha", "0" * 32, "call_1", at, webhook, {"name": name}, ("email",))
            key = hashlib.sha256(f"{contact}{name}{webhook}".encode()).hexdigest()[:32]
            self.caller.put(Effect(key, contact, "call", body))

    def outcomes(self) -> dict[str, str]:
        """By the name that a call tells, why it is over; empty: it was taken."""
        self.ended += self.caller.take_ended()
        return {str(one.body.values["name"]): one.reason for one in self.ended}

    async def until(self, count: int) -> None:
        """Let it run until so many calls are over."""
        running = asyncio.create_task(self.caller.run())
        try:
            async with asyncio.timeout(20):
                while len(self.outcomes()) < count:
                    self.changed.clear()
                    await self.changed.wait()
        finally:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


@pytest.fixture
async def life(consent: InProcess, receiver: Receiver, clock: Clock) -> AsyncIterator[Life]:
    one = Life(consent, {"crm": receiver.url}, clock)
    yield one
    await one.caller.close()


def names(receiver: Receiver) -> list[str]:
    """What the calls told, as they came."""
    return [got.data["values"]["name"] for got in receiver.got]


async def test_a_call_is_made_with_the_address_that_the_consent_service_knows(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """And is over when it was taken."""
    life.put(people[3], "one")
    await life.until(1)
    assert life.outcomes() == {"one": ""}
    [got] = receiver.got
    assert got.data["values"] == {"name": "one", "email": "person3@example.com"}
    assert got.data["contact"] == people[3]


async def test_calls_about_one_person_come_in_order(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """One at a time, however slow the receiver is."""

    async def slowly(got: Got) -> Response:
        await asyncio.sleep(0)
        return Response(status_code=204)

    receiver.answer = slowly
    life.put(people[0], *(f"{number}" for number in range(10)))
    await life.until(10)
    assert names(receiver) == [f"{number}" for number in range(10)]
    assert receiver.most == 1


async def test_a_later_call_waits_for_an_earlier_one_that_is_tried_again(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Other people's calls do not."""
    refused = {"first"}

    async def answer(got: Got) -> Response:
        return Response(status_code=503 if got.data["values"]["name"] in refused else 204)

    receiver.answer = answer
    life.put(people[0], "first", "second")
    life.put(people[1], "other")
    await life.caller.drain()
    assert life.outcomes() == {"other": ""}
    assert sorted(names(receiver)) == ["first", "other"]
    due = life.caller.next_due()
    assert due is not None
    assert 45_000 <= due - MONDAY <= 75_000
    clock.now = due - 1
    await life.caller.drain()
    assert len(receiver.got) == 2
    refused.clear()
    clock.now = due
    await life.caller.drain()
    assert names(receiver)[2:] == ["first", "second"]
    assert life.outcomes() == {"other": "", "first": "", "second": ""}
    assert len({got.id for got in receiver.got}) == 3


async def test_a_call_that_is_refused_for_good_lets_the_next_one_go(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """The reason is told; nothing is tried again."""
    receiver.says(400, 204)
    life.put(people[0], "first", "second")
    await life.caller.drain()
    assert life.outcomes() == {"first": "call_refused", "second": ""}
    assert names(receiver) == ["first", "second"]


async def test_after_five_attempts_a_call_is_given_up(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Each under the same id, signed anew."""
    receiver.says(500)
    life.put(people[0], "one")
    for _ in range(MOST_ATTEMPTS):
        await life.caller.drain()
        clock.now = life.caller.next_due() or clock.now
    assert life.outcomes() == {"one": "call_gave_up"}
    assert len(receiver.got) == MOST_ATTEMPTS
    assert len({got.id for got in receiver.got}) == 1
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == MOST_ATTEMPTS
    assert life.caller.next_due() is None


async def test_after_three_days_a_call_is_given_up(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Also one that an earlier life has tried: a restart does not begin them anew."""
    receiver.says(500)
    clock.now = MONDAY + 3 * DAY
    life.put(people[0], "one")
    await life.caller.drain()
    assert life.outcomes() == {"one": "call_gave_up"}


async def test_a_receiver_that_asks_for_more_time_gets_it(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """`Retry-After` counts where it is longer than the pause."""
    receiver.says(429, headers={"retry-after": "7200"})
    life.put(people[0], "one")
    await life.caller.drain()
    assert life.caller.next_due() == MONDAY + 7_200_000


async def test_a_receiver_that_takes_ten_a_second_gets_ten_a_second(
    life: Life, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """`Retry-After` holds back all calls of a webhook, and costs none of them an attempt."""
    taken: Counter[int] = Counter()

    async def answer(got: Got) -> Response:
        second = clock.now // 1000
        if taken[second] == 10:
            return Response(status_code=429, headers={"retry-after": "1"})
        taken[second] += 1
        return Response(status_code=204)

    receiver.answer = answer
    for contact in people:
        life.put(contact, *(f"{contact} {number}" for number in range(10)))
    for _ in range(20):
        await life.caller.drain()
        clock.now = life.caller.next_due() or clock.now
    assert list(life.outcomes().values()) == [""] * 100
    assert clock.now - MONDAY <= 10_000
    assert len(receiver.got) <= 110
    for contact in people:
        told = [name for name in names(receiver) if name.startswith(contact)]
        assert list(dict.fromkeys(told)) == [f"{contact} {number}" for number in range(10)]


async def test_calls_are_not_spent_on_a_receiver_that_is_not_there(
    life: Life, receiver: Receiver, people: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some that nobody answered the others wait a little, then longer, and keep their attempts."""
    never = asyncio.Event()

    async def silent(got: Got) -> Response:
        await never.wait()
        return Response()

    for number, contact in enumerate(people):
        life.put(contact, f"{number}")
    with monkeypatch.context() as hasty:
        hasty.setattr(post, "WHOLE", 0.05)
        receiver.answer = silent
        await life.caller.drain()
        assert names(receiver) == ["0", "1", "2", "3", "4"]
        assert life.caller.next_due() == MONDAY + 2000
        clock.now = MONDAY + 2000
        await life.caller.drain()
        assert names(receiver)[5:] == ["5"]
        assert life.caller.next_due() == MONDAY + 6000
    never.set()
    receiver.answer = None
    clock.now = MONDAY + 6000
    await life.caller.drain()
    assert names(receiver)[6:] == ["6", "7", "8", "9"]
    assert life.outcomes() == dict.fromkeys(["6", "7", "8", "9"], "")


async def test_a_call_whose_three_days_have_passed_is_not_made(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """However long it had to wait for its first attempt."""
    life.put(people[0], "old", at=MONDAY - 3 * DAY - 1)
    life.put(people[0], "new")
    await life.caller.drain()
    assert life.outcomes() == {"old": "call_gave_up", "new": ""}
    assert names(receiver) == ["new"]


async def test_a_receiver_that_hangs_delays_no_other(
    consent: InProcess, receiver: Receiver, people: list[str], clock: Clock
) -> None:
    """Ten calls to another webhook are over while it holds as many as it gets."""
    free = asyncio.Event()

    async def hang(got: Got) -> Response:
        await free.wait()
        return Response(status_code=204)

    receiver.answer = hang
    async with open_receiver() as other:
        life = Life(consent, {"crm": receiver.url, "erp": other.url}, clock)
        for number, contact in enumerate(people):
            life.put(contact, f"crm {number}", webhook="crm")
            life.put(contact, f"erp {number}", webhook="erp")
        await life.until(10)
        assert all(name.startswith("erp") for name in life.outcomes())
        assert receiver.most == AT_ONCE
        free.set()
        await life.caller.close()


async def test_people_who_are_known_no_more_are_told_of_no_more(
    life: Life, receiver: Receiver, people: list[str], service: Service
) -> None:
    """What was erased stays so; the calls of others are made."""
    gone = "f" * 32
    life.put(gone, "gone", "gone too")
    life.put(people[0], "here")
    await life.until(3)
    assert life.outcomes() == {"gone": "unknown_subject", "gone too": "unknown_subject", "here": ""}
    assert names(receiver) == ["here"]


async def test_a_consent_service_that_does_not_answer_costs_no_attempt(
    life: Life, receiver: Receiver, people: list[str], service: Service, clock: Clock
) -> None:
    """The call is made a second after it answers again."""
    writer = service.store.writer
    assert writer is not None
    writer.exec_driver_sql("ALTER TABLE subjects RENAME TO mislaid")
    writer.commit()
    life.put(people[0], "one")
    for _ in range(10):
        await life.caller.drain()
        clock.now += 1000
    assert life.outcomes() == {}
    writer.exec_driver_sql("ALTER TABLE mislaid RENAME TO subjects")
    writer.commit()
    await life.caller.drain()
    assert life.outcomes() == {"one": ""}
    assert len(receiver.got) == 1


async def test_a_webhook_that_is_declared_no_more_is_called_no_more(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """The line in the journal says so."""
    life.put(people[0], "one", webhook="old")
    assert life.outcomes() == {"one": "no_webhook"}
    assert receiver.got == []


async def test_calls_that_were_under_way_at_the_end_of_a_life_are_open(
    life: Life, receiver: Receiver, people: list[str]
) -> None:
    """Nothing is told of them: the next life makes them again, under the same id."""
    free = asyncio.Event()

    async def hang(got: Got) -> Response:
        free.set()
        await asyncio.sleep(3600)
        return Response()

    receiver.answer = hang
    life.put(people[0], "one")
    running = asyncio.create_task(life.caller.run())
    await free.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert life.outcomes() == {}


async def test_an_attempt_that_fails_as_nobody_foresaw_ends_nothing(
    life: Life, receiver: Receiver, people: list[str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made again like any other; the calls about others go on."""

    def odd(said: str, now: int) -> int:
        raise ArithmeticError(said)

    receiver.says(503, 204, headers={"retry-after": "odd"})
    with monkeypatch.context() as broken:
        broken.setattr(post, "_after", odd)
        life.put(people[0], "one")
        await life.caller.drain()
        life.put(people[1], "other")
        await life.until(1)
    assert life.outcomes() == {"other": ""}
    clock.now += 120_000
    await life.until(2)
    assert life.outcomes() == {"other": "", "one": ""}


async def test_a_recorder_takes_every_call_and_makes_none(
    consent: InProcess, people: list[str], clock: Clock
) -> None:
    """Whoever has stores and nobody to call must say so: it is the default of nothing."""
    caller = Caller(consent, Recorder(), ["crm"], clock, lambda: None)
    body = CallBody("alpha", "0" * 32, "call_1", MONDAY, "crm", {}, ("email",))
    caller.put(Effect("1" * 32, people[0], "call", body))
    await caller.drain()
    assert [one.reason for one in caller.take_ended()] == ["recorded"]


async def test_a_recorder_keeps_no_call() -> None:
    """Those of a year's simulation would fill the memory, and nobody reads them."""
    call, recorder = Call("1" * 32, "crm", b"{}"), Recorder()
    before = sys.getrefcount(call)
    await recorder.post(call, MONDAY)
    assert sys.getrefcount(call) == before
