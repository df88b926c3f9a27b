"""What is published to the consent service: what people are asked, and what it must know of templates.

Types only, and part of the contract (`consent.contract`), by which others reach them.
"""

from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct


class Basis(StrEnum):
    CONSENT = "consent"
    SOFT_OPT_IN = "soft_opt_in"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"


BESIDE_TOPICS = ("personalisation", "measurement")
"""Purposes that are agreed to like topics and about which no mail is sent: what a mail may draw on, and
whether opening and clicking are counted. A mail without them is complete."""


class Notice(Struct, frozen=True, omit_defaults=True):
    """What a person is told beside what they are asked (GDPR, Art. 13): the controller's postal `address`,
    the `contact` for questions, and by language which data is kept, who gets it, how long it is kept, which
    rights there are, and how agreement is taken back. Lines of a text are parted by a newline."""

    address: str = ""
    contact: str = ""
    data: dict[str, str] = {}
    recipients: dict[str, str] = {}
    retention: dict[str, str] = {}
    rights: dict[str, str] = {}
    withdrawal: dict[str, str] = {}


class Purpose(Struct, frozen=True):
    """What a person is asked, in every language of the project. Its version is the SHA-256 of its canonical
    JSON; a changed word is a new version. `controller` is the name of who answers for the data. `cap_count`
    mails per `cap_unit` at most (day, week, month, or the last days as in `7 days`); 0 is no cap. `similar`
    are the goods of a topic that rests on a sale."""

    topic: str
    basis: Basis
    title: dict[str, str]  # language → words
    wording: dict[str, str]  # language → the sentence beside the box
    controller: str
    cap_count: int = 0
    cap_unit: str = "month"
    similar: str = ""
    notice: Notice = Notice()


class TemplateFacts(Struct, frozen=True):
    """What the compiler found in a template, by the SHA-256 (hex) of its source in all languages."""

    name: str
    digest: str
    unsubscribe: bool  # shows `links.unsubscribe` in every variant
    imprint: bool  # shows `sender.imprint` in every variant, in a marketing mail
    promotional: bool = False  # carries a coupon, a recommendation or a marketing block


Meaning: TypeAlias = Literal["editorial", "material"]
"""Whether changed words mean the same as before, so that nobody need agree anew, or something else."""


class Said(Struct, frozen=True):
    """What was said of words that differ from those before: what they mean, by whom, as in `anna at shop1`,
    and how: at a `terminal`, by an `option`, by the `settings`, or `unasked`."""

    means: Meaning
    by: str
    how: Literal["terminal", "option", "settings", "unasked"]


class Policy(Struct, frozen=True):
    """What the engine may ask for. Published by apply; the gate denies what it does not know. `editorial` are
    topics whose words differ from those before, but mean the same: nobody need agree to them anew; `said`
    has by topic what was said of the change that this policy brings, and outweighs it.
    `origin_notice` names the template that tells people whom an import brought where their data is from.
    `attestation_key` is the public key by which the controller attests how people of another system agreed,
    as a C2SP verifier key line."""

    purposes: tuple[Purpose, ...]
    templates: tuple[TemplateFacts, ...]
    default_language: str = "en"
    editorial: tuple[str, ...] = ()
    origin_notice: str = ""
    attestation_key: str = ""
    said: dict[str, Said] = {}
