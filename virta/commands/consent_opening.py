"""How the `virta consent` commands open a project's consent store: for reading, also while Virta serves."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from sqlalchemy.exc import DBAPIError

from consent.errors import ConsentError
from consent.service import Service, open_reader
from virta.database_url import consent_place
from virta.keys import read_consent_keys
from virta.operating.apart import is_apart
from virta.settings import BrokenProject, read_settings

Folder = Annotated[Path, Parameter(help="The project's folder.")]
Format = Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")]


@contextmanager
def reading(folder: Path) -> Iterator[Service]:
    """The consent service of the project in `folder`, for reading. Raises `BrokenProject`."""
    settings = read_settings(folder.resolve())
    path = consent_place(folder, settings)
    if is_apart(folder, settings):
        raise BrokenProject(
            f"The consent service is a process of its own, at {settings.consent.url}. Name the folder where "
            "its store is."
        )
    keys = read_consent_keys(settings, folder)
    try:
        with closing(open_reader(path, keys, clock=lambda: time.time_ns() // 1_000_000)) as service:
            yield service
    except ConsentError as fault:
        raise BrokenProject(str(fault)) from None
    except DBAPIError as fault:
        raise BrokenProject(f"The consent store cannot be read as a database: {fault.orig}.") from None
