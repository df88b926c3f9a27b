"""`virta.toml`: who sends, in which languages, through which servers, with which stores.

Secrets never stand in it. A value written `env:NAME` names an environment variable; under `[keys]`,
`file` names a file of development keys that refuses to serve in production.
"""

import os
import tomllib
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import msgspec
from msgspec import Struct


class BrokenProject(Exception):
    """The folder is no usable project; the message says what to mend, in plain words."""


class Sender(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who stands in From, and the imprint that law asks for in every marketing mail."""

    name: str
    address: str
    imprint: str
    reply_to: str = ""


class Controller(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The legal person that answers for the data (GDPR Art. 13)."""

    name: str
    address: str
    contact: str


class Smtp(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`url` is `smtp://host:port`, `smtps://…` for TLS from the first byte, or `smtp+starttls://…`.

    `timeout` is in seconds and bounds every reply but the last one of a mail, for which RFC 5321 (4.5.3.2.6)
    asks for ten minutes: `final_timeout`."""

    url: str = "smtp://127.0.0.1:2525"
    user: str = ""
    password: str = ""  # write it env:NAME
    connections: int = 4
    per_second: float = 0  # 0: as fast as the server takes them
    timeout: float = 30
    final_timeout: float = 600


class Stores(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Folders and files, relative to the project."""

    folder: str = "data"


class Keys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the keys of the consent service come from; `docs/keys.md` says what each does."""

    file: str = ""  # development keys
    log_signing: str = "env:VIRTA_LOG_SIGNING_KEY"
    master: str = "env:VIRTA_MASTER_KEY"
    pepper: str = "env:VIRTA_PEPPER"
    link: str = "env:VIRTA_LINK_KEY"
    journey: str = "env:VIRTA_JOURNEY_KEY"


class Api(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bearer keys for `/v1`, each with its scopes: `events`, `contacts`, `signups`."""

    key: str  # write it env:NAME
    scopes: tuple[str, ...] = ("events", "contacts", "signups")


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file. `languages[0]` is the default one. `url` is where people reach the pages."""

    name: str
    environment: Literal["development", "staging", "production"] = "development"
    url: str = "http://127.0.0.1:8025"
    languages: tuple[str, ...] = ("en",)
    time_zone: str = "UTC"
    currency: str = "EUR"
    sender: Sender
    controller: Controller
    smtp: Smtp = Smtp()
    stores: Stores = Stores()
    keys: Keys = Keys()
    api: tuple[Api, ...] = ()
    team: tuple[str, ...] = ()


def read_settings(folder: Path) -> Settings:
    """The settings of the project in `folder`. Raises `BrokenProject`."""
    path = folder / "virta.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise BrokenProject(
            f"There is no virta.toml in {folder}. Name the project's folder, or change to it."
        ) from None
    except (OSError, UnicodeDecodeError) as fault:
        raise BrokenProject(f"{path} cannot be read: {fault}") from None
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as fault:
        raise BrokenProject(f"{path} is not valid TOML: {fault}") from None
    except msgspec.ValidationError as fault:
        raise BrokenProject(f"{path}: {fault}") from None
    _judge(path, settings)
    return settings


def secret(value: str) -> str:
    """What stands behind `env:NAME`; any other text is returned as it is. Raises `BrokenProject`."""
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    found = os.environ.get(name)
    if not found:
        raise BrokenProject(f"The environment variable {name}, which virta.toml asks for, is not set.")
    return found


def _judge(path: Path, settings: Settings) -> None:
    if settings.time_zone not in available_timezones():
        raise BrokenProject(f"{path}: `{settings.time_zone}` is no time zone; write one as in `Europe/Riga`.")
    if not settings.languages:
        raise BrokenProject(f'{path}: `languages` is empty; write at least one, as in `["en"]`.')
    if urlsplit(settings.url).scheme not in ("http", "https"):
        raise BrokenProject(f"{path}: `url` must begin with http:// or https://.")
    if urlsplit(settings.smtp.url).scheme not in ("smtp", "smtps", "smtp+starttls"):
        raise BrokenProject(f"{path}: `smtp.url` must begin with smtp://, smtps:// or smtp+starttls://.")
    if settings.smtp.connections < 1:
        raise BrokenProject(f"{path}: `smtp.connections` must be at least 1.")
