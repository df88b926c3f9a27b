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
from zoneinfo import available_timezones

import msgspec
from msgspec import Struct

from consent.contract import BESIDE_TOPICS
from consent.proof.attestation import Unattested, read_key
from engine.delivery.late import LatePolicy
from virta.color import color_fault
from virta.consent_settings import Consent, consent_faults
from virta.consent_times import Times, times_faults
from virta.dkim_settings import Dkim, dkim_faults
from virta.misfit import in_plain_words
from virta.privacy_settings import Privacy, privacy_faults
from virta.sales_settings import Sold, sales_faults
from virta.smtp_settings import Smtp, smtp_faults
from virta.stores_settings import Stores, stores_faults
from virta.urls import parts_of

_ADDRESS = re.compile(r"[^\s@<>\",;]+@[^\s@<>\",;]+\Z")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_NAMED = re.compile(r"env:\S+\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_BYTE_ORDER_MARK = "\ufeff"  # which editors on Windows put first


class BrokenProject(Exception):
    """The folder is no usable project; the message says what to mend, in plain words."""


class Sender(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who stands in From, and the imprint that law asks for in every marketing mail. `color` is that of the
    buttons in mails of the consent service."""

    name: str
    address: str
    imprint: str
    reply_to: str = ""
    color: str = ""


class Controller(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The legal person that answers for the data (GDPR Art. 13), and the public key by which they attest how
    people of another system agreed."""

    name: str
    address: str
    contact: str
    attestation_key: str = ""


class Delivery(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What becomes of marketing mails that could not go for more than twelve hours, because Virta or the mail
    server stood still or because they were paused: they are skipped, or go after all, so many an hour."""

    late: LatePolicy = "skip"
    late_per_hour: float = 3600


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
    privacy: Privacy = Privacy()
    purposes: dict[str, Purpose] = {}  # personalisation, measurement; one that is missing is never asked
    smtp: Smtp = Smtp()
    dkim: Dkim = Dkim()
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
    yield from smtp_faults(settings.smtp)
    yield from dkim_faults(settings.dkim, settings.sender.address.rpartition("@")[2])
    if settings.delivery.late_per_hour <= 0:
        yield "`delivery.late_per_hour` must be more than 0."
    yield from stores_faults(settings.stores)
    if settings.controller.attestation_key:
        try:
            read_key(settings.controller.attestation_key)
        except Unattested as fault:
            yield f"`controller.attestation_key`: {fault}"
    yield from consent_faults(settings.consent, settings.environment == "production")
    yield from times_faults(settings.times)
    yield from sales_faults(settings.sales, settings.similar)
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
    yield from privacy_faults(settings.privacy, settings.languages, settings.environment == "production")


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
    named |= {f"dkim.keys.{selector}`": key for selector, key in settings.dkim.keys.items()}
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
    fault = color_fault("sender.color", sender.color) if sender.color else None
    if fault is not None:
        yield fault
