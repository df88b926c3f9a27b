"""The stores of a project, opened by an import: to weigh beside whatever runs, to write alone."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from consent.errors import AlreadyOpen, ConsentError
from consent.keys import Keys
from consent.ledger.policy import publish
from consent.rules import NO_RULES
from consent.service import Service, open_reader, open_service
from dsl.compile import Compiled
from virta.database_url import consent_place
from virta.keeping.manifest import CONSENT
from virta.keeping.places import exists, places_of, refuse_unfinished
from virta.keeping.versions import refuse_other_versions
from virta.keys import make_missing_keys, read_consent_keys
from virta.operating.ordering import now
from virta.release.content import content_of
from virta.settings import BrokenProject, Settings
from virta.wiring import log_name


@contextmanager
def weighing(folder: Path, settings: Settings) -> Iterator[Service]:
    """The consent service, for reading; one that knows nobody where there is no store yet. Raises
    `BrokenProject`."""
    _refuse_apart(settings)
    places = places_of(folder, settings)
    refuse_other_versions(places, folder)
    try:
        if exists(places.stores[CONSENT]):
            keys = read_consent_keys(settings, folder)
            opened = open_reader(consent_place(folder, settings), keys, clock=now)
        else:
            opened = open_service(
                None,
                Keys.random(secrets.token_bytes),
                origin=log_name(settings),
                public_url=settings.url,
                team=(),
                clock=now,
                entropy=secrets.token_bytes,
                durable=False,
            )
        with closing(opened) as service:
            yield service
    except ConsentError as fault:
        raise BrokenProject(str(fault)) from None
    except DBAPIError as fault:
        raise BrokenProject(f"The consent store cannot be read as a database: {fault.orig}.") from None


@contextmanager
def writing(folder: Path, settings: Settings, compiled: Compiled) -> Iterator[Service]:
    """The consent service, for writing; nobody else may have it. A store that was never published to gets the
    policy of the folder. Raises `BrokenProject`."""
    _refuse_apart(settings)
    refuse_unfinished(folder / settings.stores.folder)
    refuse_other_versions(places_of(folder, settings), folder)
    make_missing_keys(settings, folder, secrets.token_bytes)
    (folder / settings.stores.folder).mkdir(parents=True, exist_ok=True)
    try:
        service = open_service(
            consent_place(folder, settings),
            read_consent_keys(settings, folder),
            origin=log_name(settings),
            public_url=settings.url,
            team=settings.team,
            clock=now,
            entropy=secrets.token_bytes,
        )
        with closing(service):
            policy = content_of(folder, settings, compiled).policy
            service.write(lambda tx: publish(tx, policy) if tx.rules is NO_RULES else None)
            yield service
    except AlreadyOpen:
        raise BrokenProject(
            "Virta is running on this project's stores. Stop it (`virta serve`), import, and start it again."
        ) from None
    except ConsentError as fault:
        raise BrokenProject(str(fault)) from None
    except DBAPIError as fault:
        raise BrokenProject(f"The consent store cannot be used as a database: {fault.orig}.") from None


def _refuse_apart(settings: Settings) -> None:
    if settings.consent.url:
        raise BrokenProject(
            f"The consent service of this project is a process of its own, at {settings.consent.url}. Import "
            "where its store is, with a virta.toml that does not name `consent.url`, while both stand still."
        )
