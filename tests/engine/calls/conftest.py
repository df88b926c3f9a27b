"""A receiver of webhooks, people whom the consent service knows, and a caller for them."""

from collections.abc import AsyncIterator, Iterator

import pytest
from dice import Dice
from life import Clock, Life
from receiver import Receiver, open_receiver

from consent.client import InProcess
from consent.contract import Policy
from consent.keys import Keys
from consent.service import Service, open_service


@pytest.fixture
def clock() -> Clock:
    """Monday morning."""
    return Clock()


@pytest.fixture
def service(clock: Clock) -> Iterator[Service]:
    """A consent service in memory."""
    opened = open_service(
        None,
        Keys.random(Dice("keys")),
        origin="kafija.example/consent",
        public_url="https://kafija.example",
        team=(),
        clock=clock,
        entropy=Dice(),
        durable=False,
    )
    yield opened
    opened.close()


@pytest.fixture
async def consent(service: Service) -> InProcess:
    """Its client; the policy knows no topics."""
    client = InProcess(service)
    await client.publish(Policy((), ()))
    return client


@pytest.fixture
async def people(consent: InProcess) -> list[str]:
    """Ten people whom the consent service knows."""
    found = await consent.subjects([f"person{number}@example.com" for number in range(10)])
    return [subject for subject in found if subject is not None]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """One that takes every call, unless a test tells it otherwise."""
    async with open_receiver() as opened:
        yield opened


@pytest.fixture
async def life(consent: InProcess, receiver: Receiver, clock: Clock) -> AsyncIterator[Life]:
    """A caller of that receiver, by the name `crm`."""
    one = Life(consent, {"crm": receiver.url}, clock)
    yield one
    await one.caller.close()
