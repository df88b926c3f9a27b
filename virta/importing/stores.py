"""The consent service of a project, as an import asks it: a look beside whatever runs, or a change."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from consent.keys import Keys
from consent.ledger.policy import publish
from consent.rules import NO_RULES
from consent.service import Service, open_service
from dsl.compile import Compiled
from virta.consent_door import log_name
from virta.keys import make_missing_keys
from virta.operating import asking
from virta.operating.apart import refuse_where_the_engine_is_elsewhere
from virta.operating.asking import Asked
from virta.operating.ordering import now
from virta.release.content import content_of
from virta.settings import Settings


@asynccontextmanager
async def weighing(folder: Path, settings: Settings) -> AsyncIterator[Asked]:
    """For looks alone; where there is no store yet it knows nobody. Raises `BrokenProject`."""
    _refuse_elsewhere(folder, settings)
    async with asking.reading(folder, settings, lambda: _blank(settings)) as consent:
        yield consent


def _refuse_elsewhere(folder: Path, settings: Settings) -> None:
    """What the files know of people beside consent is for the engine, which has to be here."""
    if not settings.consent.url:
        refuse_where_the_engine_is_elsewhere(folder, settings)


def _blank(settings: Settings) -> Service:
    return open_service(
        None,
        Keys.random(secrets.token_bytes),
        origin=log_name(settings),
        public_url=settings.url,
        team=(),
        clock=now,
        entropy=secrets.token_bytes,
        durable=False,
    )


@asynccontextmanager
async def writing(folder: Path, settings: Settings, compiled: Compiled) -> AsyncIterator[Asked]:
    """For changes. A store that was never published to gets the policy of the folder. Raises
    `BrokenProject`."""
    _refuse_elsewhere(folder, settings)

    def publish_first(service: Service) -> None:
        policy = content_of(folder, settings, compiled).policy
        service.write(lambda tx: publish(tx, policy) if tx.rules is NO_RULES else None)

    make_missing_keys(settings, folder, secrets.token_bytes)
    (folder / settings.stores.folder).mkdir(parents=True, exist_ok=True)
    async with asking.writing(folder, settings, publish_first) as consent:
        yield consent
