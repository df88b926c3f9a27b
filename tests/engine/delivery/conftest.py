"""Fixtures: a clock in hand, the consent service, and offices that are closed at the end."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from office import Clock, Consent, Office, Opener

from consent.contract import ConsentClient
from engine.delivery.login import Login


@pytest.fixture
def clock() -> Clock:
    """Monday morning."""
    return Clock()


@pytest.fixture
def consent(clock: Clock) -> Iterator[Consent]:
    """The consent service."""
    opened = Consent(clock)
    yield opened
    opened.service.close()


@pytest.fixture
async def open_office(consent: Consent, clock: Clock, tmp_path: Path) -> AsyncIterator[Opener]:
    """Opens offices, each with an attempt file of its own unless one is named; they are connecting when they
    are returned."""
    opened: list[Office] = []

    def open_(
        login: Login,
        *,
        connections: int = 1,
        per_second: float = 0,
        client: ConsentClient | None = None,
        attempts: str = "",
        held: Callable[[], bool] = lambda: True,
    ) -> Office:
        office = Office(
            client or consent.client,
            login,
            tmp_path / (attempts or f"attempts{len(opened)}"),
            clock,
            connections=connections,
            per_second=per_second,
            held=held,
        )
        office.mailer.open()
        opened.append(office)
        return office

    yield open_
    for office in opened:
        await office.close()
