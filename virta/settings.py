"""`virta.toml`: who sends, in which languages, through which servers, with which stores.

Secrets never stand in it. A value written `env:NAME` names an environment variable; under `[keys]`,
`file` names a file of development keys that refuses to serve in production. Only a project in development
may hold a secret itself.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, parse_qs, urlsplit
from zoneinfo import available_timezones

import msgspec
from msgspec import Struct

from consent.contract import BESIDE_TOPICS
from engine.delivery.late import LatePolicy
from virta.consent_settings import Consent, consent_faults
from virta.consent_times import Times, times_faults
from virta.misfit import in_plain_words
from virta.sales_settings import Sold, sales_faults
from virta.urls import is_this_machine, parts_of

_ADDRESS = re.compile(r"[^\s@<>\",;]+@[^\s@<>\",;]+\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_NAMED = re.compile(r"env:\S+\Z")
_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,47}\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_BYTE_ORDER_MARK = "\ufeff"  # which editors on Windows put first
_MOST_DAYS = 3650
_MOST_MONTHS = 120


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
    asks for ten minutes: `final_timeout`. `delivery_notices`: a program of the operator's reads what the mail
    server writes to the sender's address, so it may be asked what was delivered (RFC 3461)."""

    url: str = "smtp://127.0.0.1:2525"
    user: str = ""
    password: str = ""  # write it env:NAME
    connections: int = 4
    per_second: float = 0  # 0: as fast as the server takes them
    timeout: float = 30
    final_timeout: float = 600
    delivery_notices: bool = False


class Delivery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of marketing mails that could not go for more than twelve hours, because Virta or the mail
    server stood still or because they were paused: they are skipped, or go after all, so many an hour."""

    late: LatePolicy = "skip"
    late_per_hour: float = 3600


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


class Keys(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the keys of the consent service come from; `docs/keys.md` says what each does."""

    file: str = ""  # development keys
    log_signing: str = "env:VIRTA_LOG_SIGNING_KEY"
    master: str = "env:VIRTA_MASTER_KEY"
    pepper: str = "env:VIRTA_PEPPER"
    link: str = "env:VIRTA_LINK_KEY"
    journey: str = "env:VIRTA_JOURNEY_KEY"
    hold: str = "env:VIRTA_HOLD_KEY"  # wanted only where somebody's proof is held
    signer: str = ""  # the socket of the process that holds the keys of the log


class Purpose(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What people may agree to beside the topics, in the default language: the sentence beside its box."""

    title: str
    consent: str


class Webhooks(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the webhooks that the flows declare may be called. Outside development no call goes into a private
    network or to this machine, unless `allow_private`. In staging nobody is called, unless `staging` says
    `send`."""

    allow_private: bool = False
    staging: Literal["skip", "send"] = "skip"


class Serving(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How `virta serve` behaves as a process. Stopping may take `stop_seconds`. From `most_waiting` rows of
    the inbox on that are not worked on, the API turns away what would add to them. `log` is how the log is
    written: `auto` is words on a terminal and JSON elsewhere."""

    stop_seconds: float = 45
    most_waiting: int = 100000
    log: Literal["auto", "words", "json"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


ApiScope: TypeAlias = Literal["events", "contacts", "signups", "returns", "journeys", "merges", "metrics"]


class Api(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Bearer keys for `/v1`, each with its scopes. `returns`, which stops mail, `journeys`, which begins
    some, and `metrics` are asked for by name."""

    key: str  # write it env:NAME
    scopes: tuple[ApiScope, ...] = ("events", "contacts", "signups")


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
    purposes: dict[str, Purpose] = {}  # personalisation, measurement; one that is missing is never asked
    smtp: Smtp = Smtp()
    delivery: Delivery = Delivery()
    stores: Stores = Stores()
    consent: Consent = Consent()
    sales: dict[str, Sold] = {}  # the shop's events that are sales
    times: Times = Times()
    keys: Keys = Keys()
    webhooks: Webhooks = Webhooks()
    serving: Serving = Serving()
    api: tuple[Api, ...] = ()
    team: tuple[str, ...] = ()
    auditors: tuple[str, ...] = ()  # who gets each day's checkpoint
    imports: Literal["attested", "unproven", "never"] = "attested"  # what other systems' lists may become
    editorial: tuple[str, ...] = ()  # topics whose changed words mean the same: nobody is asked anew
    similar: dict[str, str] = {}  # topics that rest on sales, each with the category of its goods
    origin_notice: str = ""  # the template of the mail that tells imported people where their data is from


def read_settings(folder: Path) -> Settings:
    """The settings of the project in `folder`. Raises `BrokenProject`."""
    path = folder / "virta.toml"
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise BrokenProject(
            f"There is no virta.toml in {folder}. Name the project's folder, or change to it."
        ) from None
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be read: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise BrokenProject(f"{path} is not UTF-8 text.") from None
    return settings_in(text, path)


def settings_in(text: str, path: Path) -> Settings:
    """The settings that the text of a virta.toml holds; `path` stands in the messages. Raises
    `BrokenProject`."""
    try:
        settings = msgspec.convert(tomllib.loads(text.removeprefix(_BYTE_ORDER_MARK)), Settings)
    except tomllib.TOMLDecodeError as fault:
        raise BrokenProject(f"{path} is not valid TOML: {fault}.") from None
    except msgspec.ValidationError as fault:
        raise BrokenProject(f"{path}: {in_plain_words(fault, Settings)}") from None
    found = next(_faults(settings), None)
    if found is not None:
        raise BrokenProject(f"{path}: {found}")
    return settings


def secret(value: str) -> str:
    """What stands behind `env:NAME`; any other text is returned as it is. Raises `BrokenProject`."""
    if not value.startswith("env:"):
        return value
    name = value.removeprefix("env:")
    found = os.environ.get(name, "").strip()
    if not found:
        raise BrokenProject(f"The environment variable {name}, which virta.toml asks for, is not set.")
    return found


def _faults(settings: Settings) -> Iterator[str]:
    """What is of the right type and wrong all the same, in the order of the file."""
    if settings.name != settings.name.strip() or not settings.name.isprintable() or not settings.name:
        yield "`name` must be a name in one line."
    url = parts_of(settings.url)
    if url is None or url.scheme not in ("http", "https"):
        yield f"`url` must be a whole URL, as in `https://mail.kafija.example`; it is `{settings.url}`."
    elif settings.environment == "production" and url.scheme != "https":
        yield f"`url` must begin with `https://` in production: links in mails do; it is `{settings.url}`."
    elif url.path not in ("", "/") or url.query or url.fragment or "@" in url.netloc:
        yield (
            "`url` must end with its host or port, as in `https://mail.kafija.example`: the pages stand at "
            f"the root of a host of their own; it is `{settings.url}`."
        )
    if not settings.languages:
        yield '`languages` is empty; write at least one, as in `["en"]`.'
    for language in settings.languages:
        if not _LANGUAGE.match(language):
            yield f"`{language}` under `languages` is no language; write its short name, as in `lv`."
    if settings.time_zone not in available_timezones():
        yield f"`{settings.time_zone}` is no time zone; write one as in `Europe/Riga`."
    if not _CURRENCY.match(settings.currency):
        yield f"`{settings.currency}` is no currency; write its three letters, as in `EUR`."
    for address in settings.team:
        if not _ADDRESS.match(address):
            yield f"`{address}` under `team` is no e-mail address."
    for address in settings.auditors:
        if not _ADDRESS.match(address):
            yield f"`{address}` under `auditors` is no e-mail address."
    yield from _sender_faults(settings.sender)
    yield from _smtp_faults(settings.smtp)
    if settings.delivery.late_per_hour <= 0:
        yield "`delivery.late_per_hour` must be more than 0."
    if not settings.stores.folder:
        yield "`stores.folder` is empty."
    yield from _server_faults(settings.stores)
    yield from consent_faults(settings.consent, settings.environment == "production")
    yield from times_faults(settings.times)
    yield from sales_faults(settings.sales, settings.similar)
    if not 1 <= settings.stores.mails_days <= _MOST_DAYS:
        yield f"`stores.mails_days` must be from 1 to {_MOST_DAYS}."
    if not 1 <= settings.stores.events_months <= _MOST_MONTHS:
        yield f"`stores.events_months` must be from 1 to {_MOST_MONTHS}."
    if not 1 <= settings.stores.journal_months <= _MOST_MONTHS:
        yield f"`stores.journal_months` must be from 1 to {_MOST_MONTHS}."
    if not 1 <= settings.stores.backups_days <= _MOST_DAYS:
        yield f"`stores.backups_days` must be from 1 to {_MOST_DAYS}."
    if settings.serving.stop_seconds <= 0:
        yield "`serving.stop_seconds` must be more than 0."
    if settings.serving.most_waiting < 1:
        yield "`serving.most_waiting` must be at least 1."
    for name, purpose in settings.purposes.items():
        if name not in BESIDE_TOPICS:
            yield f"there is no purpose `{name}`; there are `{'` and `'.join(BESIDE_TOPICS)}`."
        elif not purpose.title.strip() or not purpose.consent.strip():
            yield f"`purposes.{name}` needs a `title` and, in `consent`, the sentence beside its box."
    for api in settings.api:
        if not api.key.strip():
            yield 'an API key is empty; write `key = "env:NAME"` and set that environment variable.'
    if settings.environment != "development":
        yield from _secret_faults(settings)


def _secret_faults(settings: Settings) -> Iterator[str]:
    """A file that is kept with the project is read by many: secrets are for the environment."""
    named = {"smtp.password`": settings.smtp.password}
    named["stores.password`"] = settings.stores.password
    named["stores.consent_password`"] = settings.stores.consent_password
    named["consent.key`"] = settings.consent.key
    named["consent.operator_key`"] = settings.consent.operator_key
    named |= {
        f"keys.{name}`": getattr(settings.keys, name)
        for name in settings.keys.__struct_fields__
        if name != "file"
    }
    named |= {f"api.key` (number {number})": api.key for number, api in enumerate(settings.api, 1)}
    for name, value in named.items():
        if value and not _NAMED.match(value):
            yield (
                f"`{name} holds a secret itself, which only a project in development may; write "
                "`env:NAME` and set that environment variable."
            )


def _sender_faults(sender: Sender) -> Iterator[str]:
    if not sender.name.strip() or not sender.name.isprintable():
        yield "`sender.name` must be a name in one line."
    if not _ADDRESS.match(sender.address):
        yield f"`sender.address` must be an e-mail address; it is `{sender.address}`."
    elif not sender.address.isascii():
        yield "`sender.address` must be in ASCII; write a domain of other letters as `xn--…`."
    if sender.reply_to and not _ADDRESS.match(sender.reply_to):
        yield f"`sender.reply_to` must be an e-mail address; it is `{sender.reply_to}`."
    if not sender.imprint.strip():
        yield "`sender.imprint` is empty; law asks for it in every marketing mail."


def _smtp_faults(smtp: Smtp) -> Iterator[str]:
    url = parts_of(smtp.url)
    if url is None or url.scheme not in ("smtp", "smtps", "smtp+starttls"):
        yield "`smtp.url` must be like smtp://HOST:PORT, smtps://HOST:PORT or smtp+starttls://HOST:PORT."
    elif url.username or url.password:
        yield "`smtp.url` must not hold a name or a password; `smtp.user` and `smtp.password` are for them."
    if bool(smtp.user) != bool(smtp.password):
        yield "`smtp.user` and `smtp.password` go together; one of them is empty."
    elif smtp.user and url is not None and url.scheme == "smtp" and not is_this_machine(url.hostname or ""):
        yield (
            f"`smtp.url` would send the password to {url.hostname} for anyone on the way to read; write "
            "`smtps://` or `smtp+starttls://`."
        )
    if smtp.connections < 1:
        yield "`smtp.connections` must be at least 1."
    if smtp.per_second < 0:
        yield "`smtp.per_second` must not be negative; 0 means as fast as the server takes them."
    if smtp.timeout <= 0 or smtp.final_timeout <= 0:
        yield "`smtp.timeout` and `smtp.final_timeout` must be more than 0 seconds."


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
