"""`[stores]` in virta.toml: where data is kept, and for how long."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qs, urlsplit

from msgspec import Struct

_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,47}\Z")
_MOST = {"mails_days": 3650, "events_months": 120, "journal_months": 120, "backups_days": 3650}


class Stores(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Folders and files, relative to the project. For `mails_days` days a mail can be seen in the browser,
    for `events_months` months raw events are kept, from which a new flow learns the past, for
    `journal_months` what every step of a flow did, and why. Backups are kept for `backups_days`: Virta does
    not delete them, and notes by it when an erasure has reached them."""

    folder: str = "data"
    mails_days: int = 90
    events_months: int = 25
    journal_months: int = 25
    backups_days: int = 30
    url: str = ""  # postgresql://… of the engine's tables; empty: a file in `folder`
    password: str = ""  # write it env:NAME
    consent_url: str = ""  # the same of the consent store
    consent_password: str = ""
    schema: str = ""  # this project's name in these databases


def stores_faults(stores: Stores) -> Iterator[str]:
    """What is of the right type and wrong all the same."""
    if not stores.folder:
        yield "`stores.folder` is empty."
    yield from _server_faults(stores)
    for name, most in _MOST.items():
        if not 1 <= getattr(stores, name) <= most:
            yield f"`stores.{name}` must be from 1 to {most}."


def _server_faults(stores: Stores) -> Iterator[str]:
    for name, password, url in (
        ("url", "password", stores.url),
        ("consent_url", "consent_password", stores.consent_url),
    ):
        parts = _database(url)
        if url and (parts is None or parts.scheme not in ("postgresql", "postgres")):
            yield (
                f"`stores.{name}` must be like postgresql://USER@HOST/DATABASE; leave it out to keep the "
                "data in a file."
            )
        elif parts is not None and (parts.password or "password" in parse_qs(parts.query)):
            yield f"`stores.{name}` must not hold a password; `stores.{password}` is for it."
        elif url and not _SCHEMA.match(stores.schema):
            yield (
                f"`stores.{name}` needs `stores.schema` beside it: a name of small letters, digits and `_` "
                "that no other project in the same database has."
            )
    if stores.url and not stores.consent_url:  # else two machines could each claim by a file of their own
        yield ("`stores.url` needs `stores.consent_url` beside it; both may lead to the same database.")


def _database(text: str) -> SplitResult | None:
    try:
        return urlsplit(text)
    except ValueError:
        return None
