"""The words between the consent service and everyone else: types only, no behaviour.

Times are integers, milliseconds since 1970 UTC, by the clock that was handed to the service. The id of a
contact and of a subject is one thing: 32 hex digits, random, no personal data. A mail's key has as many.
"""

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from consent.published import BESIDE_TOPICS as BESIDE_TOPICS
from consent.published import Basis as Basis
from consent.published import Policy as Policy
from consent.published import Purpose as Purpose
from consent.published import TemplateFacts as TemplateFacts


class MailClass(StrEnum):
    MARKETING = "marketing"
    SERVICE = "service"
    PROOF = "proof"  # the mail that asks for the confirmation itself
    INTERNAL = "internal"  # only to addresses listed under [team]
    TEST = "test"  # only to addresses listed under [team]


# ---------------------------------------------------------------- the way of a mail


class Ask(Struct, frozen=True):
    """May this mail go to this subject? `trigger` is the id of the event that a service mail answers.
    `variant` and `measured` say how a mail that is claimed was written, as in `Decision`."""

    key: str
    attempt: int  # 1, 2, …
    subject: str
    mail_class: MailClass
    topic: str | None
    template: str  # digest of the template
    trigger: str | None = None
    variant: str = "plain"
    measured: bool = False


class Reason(StrEnum):
    """Why a mail was denied: the first failing check. Stable; shown in `why`, journals and reports."""

    ERASED = "erased"  # nothing is kept of them but their id
    UNKNOWN_SUBJECT = "unknown_subject"
    UNREADABLE_SUBJECT = "unreadable_subject"  # their sealed address cannot be opened
    UNKNOWN_TEMPLATE = "unknown_template"
    UNKNOWN_TOPIC = "unknown_topic"
    WRONG_CLASS = "wrong_class"
    TEMPLATE_WITHOUT_UNSUBSCRIBE = "template_without_unsubscribe"
    TEMPLATE_WITHOUT_IMPRINT = "template_without_imprint"
    PROMOTION_IN_SERVICE_MAIL = "promotion_in_service_mail"
    NO_TRIGGER = "no_trigger"
    NEVER_ASKED = "never_asked"
    NOT_CONFIRMED = "not_confirmed"
    CONFIRMATION_EXPIRED = "confirmation_expired"
    WITHDRAWN = "withdrawn"
    COMPLAINED = "complained"  # they called a mail spam, and have not confirmed anew since
    HARD_BOUNCED = "hard_bounced"  # their mailbox does not exist, as far as is known
    SUPPRESSED = "suppressed"  # the address was erased, and has not confirmed anew since
    TOPIC_CAP = "topic_cap"
    OWN_FREQUENCY = "own_frequency"  # they asked for fewer mails
    PAUSED = "paused"  # they asked for none until a day that is to come
    NOT_ON_TEAM = "not_on_team"
    NO_PROOF_WANTED = "no_proof_wanted"
    ALREADY_CLAIMED = "already_claimed"  # this key and attempt was claimed before, or must not go again
    NOT_AS_AGREED = "not_as_agreed"  # written with more than they agree to now; write it anew, and ask again
    ONE_AT_A_TIME = "one_at_a_time"  # another mail to this subject is unsettled; ask again
    LOG_BEHIND = "log_behind"  # a backup was put back and the log is shorter than it was; ask again later
    WRONG_ATTEMPT = "wrong_attempt"  # attempt n+1 needs n settled deferred or released


class Links(Struct, frozen=True):
    """Absolute URLs for the templates; empty where the class of mail has none."""

    unsubscribe: str = ""
    preferences: str = ""
    confirm: str = ""
    refuse: str = ""


class Decision(Struct, frozen=True):
    """The gate's answer, kept with its batch. `consent_seq` is the leaf that an allowed marketing mail rests
    on (0: none), `epoch` counts the subject's stops, so that a decision older than a stop can be told.
    `variant` and `measured` are the most that the mail may be: without `measured`, links and opening must not
    be counted."""

    key: str
    attempt: int
    allowed: bool
    reason: Reason | None
    variant: str  # "personalised" or "plain"
    purpose: str  # version of the purpose, SHA-256 hex; empty where none applies
    consent_seq: int
    epoch: int
    links: Links
    measured: bool = False


class Permit(Struct, frozen=True):
    """The right to hand one mail to the mail server, once, to `recipient`, before `deadline` (ms UTC).
    Made by the consent service only. `headers` go into the mail as they are."""

    key: str
    attempt: int
    subject: str
    recipient: str
    headers: tuple[tuple[str, str], ...]
    leaf: int  # position of the batch's leaf in the log
    sender: str
    deadline: int


class Outcome(StrEnum):
    """How an attempt ended. Only `deferred` and `released` allow another."""

    ACCEPTED = "accepted"  # 2xx to the final dot
    REFUSED = "refused"  # 5xx
    DEFERRED = "deferred"  # 4xx
    RELEASED = "released"  # the final dot was never sent
    UNKNOWN = "unknown"  # the final dot may have been sent, no reply was read


class Settlement(Struct, frozen=True):
    """`code` is the SMTP reply code, 0 if there was none."""

    key: str
    attempt: int
    outcome: Outcome
    code: int = 0


class Claimed(Struct, frozen=True):
    """What a claim gave: permits for the allowed asks, decisions for all others."""

    permits: tuple[Permit, ...]
    denied: tuple[Decision, ...]


class Status(Struct, frozen=True):
    """What the service knows of a key's newest attempt; `outcome` is None while it is unsettled, `reason` is
    set when the newest decision denied."""

    key: str
    attempt: int
    outcome: Outcome | None
    reason: Reason | None = None


class Change(Struct, frozen=True):
    """One entry of the feed. `type` is the leaf's type: `confirmed`, `withdrawn`, `complaint`,
    `bounced.hard`, `erasure.requested` (these three stop every topic: their `topic` is empty),
    `language.changed`. Whoever hears of an erasure forgets the subject, and says so by `forgotten`.
    `language` is the one that the person chose, known to the service alone until then; empty where it did not
    change. `domain` is that of the address, told at a confirmation."""

    seq: int
    subject: str
    topic: str
    type: str
    at: int
    language: str = ""
    domain: str = ""


# ---------------------------------------------------------------- people


class Visit(Struct, frozen=True):
    """What is known of a request by a person: kept as evidence, encrypted."""

    ip: str = ""
    user_agent: str = ""
    referrer: str = ""


class SignUp(Struct, frozen=True):
    """Someone asked to be written to. `form` is the id of the form, `shown` the exact bytes of the page or
    an empty string when it came by the API; nothing is agreed until the link in the proof mail was used."""

    email: str
    topics: tuple[str, ...]
    language: str
    form: str
    shown: bytes = b""
    visit: Visit = Visit()


class Proof(Struct, frozen=True):
    """A proof mail that wants to be sent. `ask` goes through the same claim as every other mail."""

    ask: Ask
    language: str
    wording: tuple[str, ...]  # the sentences that the person will agree to


class Frequency(StrEnum):
    """How many marketing mails a person wants at most, all topics together; by calendar, in UTC."""

    AS_IT_COMES = ""
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class TopicView(Struct, frozen=True):
    """`beside`: it is one of `BESIDE_TOPICS`."""

    topic: str
    title: str
    wording: str
    state: str
    beside: bool = False


class LinkView(Struct, frozen=True):
    """What a page behind a link shows. `address` is shortened (`a…@example.com`) unless the link is one for
    preferences. `topics` has those `BESIDE_TOPICS` too. `paused_until` is in ms UTC, 0 while nothing is
    paused. Reading it changes nothing."""

    valid: bool
    reason: str  # "", "expired", "used", "unknown"
    language: str
    address: str
    topic: str  # of an unsubscribe link; "" for all
    topics: tuple[TopicView, ...]
    frequency: Frequency = Frequency.AS_IT_COMES
    paused_until: int = 0
    closed: str = ""  # how a used link to confirm or refuse was: confirmed, refused, withdrawn


class Heard(StrEnum):
    """What became of a report about a mail, which is known by its key."""

    NEW = "new"  # recorded
    AGAIN = "again"  # it was told before; nothing changed
    UNKNOWN = "unknown"  # no such mail, or no such person, is known; nothing changed


class Receipt(Struct, frozen=True):
    """Proof for the person, to keep: what happened, when, at which leaf, with the log's newest checkpoint
    (a C2SP signed note) that covers it."""

    subject: str
    type: str
    topics: tuple[str, ...]
    at: int
    leaf: int
    checkpoint: str


class Erasure(Struct, frozen=True):
    """How far the erasure of a subject has come: the leaf and the moment (ms UTC) at which it was asked for,
    and when all stores, and all backups, had forgotten them; 0: not yet."""

    subject: str
    leaf: int
    at: int
    primary: int = 0
    backups: int = 0


class InvalidAddress(ValueError):
    """The text is no e-mail address; the message says why in plain words."""


class LinkRefused(ValueError):
    """A link that is forged, of another scope, expired or used. `reason` is as in `LinkView`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unavailable(Exception):
    """The consent service did not answer. Nothing may be sent; ask again later."""


class ConsentClient(Protocol):
    """The one door to the consent service. `Unavailable` may come from every call."""

    # the way of a mail
    async def publish(self, policy: Policy) -> str:
        """Make `policy` the one in force and return its digest; the same policy twice changes nothing."""

    async def subjects(self, addresses: Sequence[str]) -> list[str | None]:
        """The subject id of each address, made on first sight without any consent; None: not an address."""

    async def addresses(self, subjects: Sequence[str]) -> list[str | None]:
        """The address of each, for mails that show it, words to the team and webhooks; None: there is no
        such subject."""

    async def decide(self, asks: Sequence[Ask]) -> list[Decision]:
        """The gate's present opinion of each ask, in order. Writes nothing."""

    async def claim(self, sender: str, asks: Sequence[Ask], settlements: Sequence[Settlement]) -> Claimed:
        """Settle, then run the gate again and claim, in one transaction with one leaf. At most 256 asks. The
        same sender repeating a claim that is unsettled gets the same permits with the same deadlines."""

    async def settle(self, sender: str, settlements: Sequence[Settlement]) -> None:
        """Record how attempts ended. Repeating a settlement changes nothing; contradicting one raises."""

    async def status(self, keys: Sequence[str]) -> list[Status | None]:
        """What became of each key, in order; None: never claimed and never denied."""

    async def unsettled(self, sender: str) -> list[tuple[str, int]]:
        """Keys and attempts that `sender` claimed and did not settle, oldest first."""

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """Changes of consent with a position greater than `after`, in order."""

    async def feed(self, after: int) -> AsyncIterator[list[Change]]:
        """The same, for ever: each batch as soon as it has been committed."""
        yield []

    # people
    async def sign_up(self, request: SignUp) -> None:
        """Record the wish and queue a proof mail, unless a cool-down forbids it. The same for every address.
        Raises `InvalidAddress`; an unknown topic is a `ValueError` that names it."""

    async def proofs(self, limit: int = 256, after: str = "") -> list[Proof]:
        """Proof mails that are queued and not settled, oldest first. `after` is the key of one: those that
        come behind it."""

    async def confirmation(self, token: str) -> LinkView: ...
    async def confirm(self, token: str, visit: Visit) -> Receipt:
        """Turn pending into active. Once only. Raises `LinkRefused`."""

    async def refuse(self, token: str, visit: Visit) -> None:
        """ "This wasn't me": the request is closed, nothing is sent again. Raises `LinkRefused`."""

    async def unsubscription(self, token: str) -> LinkView: ...
    async def withdraw(self, token: str, how: str, everything: bool, visit: Visit) -> Receipt:
        """Withdraw the link's topic, or all. `how` is `one_click` or `page`. Idempotent. Raises
        `LinkRefused` for forged links only: an unsubscribe link never expires."""

    async def slow_down(self, token: str, visit: Visit) -> Receipt:
        """By an unsubscribe link: from now on at most one marketing mail a month. All that such a link may do
        is to stop mail or make it rarer, since it never expires. Idempotent. Raises `LinkRefused`."""

    async def preferences(self, token: str) -> LinkView: ...
    async def choose(
        self,
        token: str,
        topics: Sequence[str],
        language: str,
        visit: Visit,
        frequency: Frequency | None = None,
        pause: int | None = None,
    ) -> Receipt:
        """Keep exactly `topics` of those that are active, withdraw the others; topics that are newly wanted
        become pending and a proof mail is queued. `pause` counts days from now, 0 ends a pause; None leaves
        frequency or pause as it is. Raises `LinkRefused`."""

    # what is told about mails by their keys
    async def withdraw_by_flow(
        self, subject: str, topic: str, flow: str, key: str, at: int | None = None
    ) -> Heard:
        """Withdraw `topic` (empty: all) because `flow` said so at `at` (ms UTC; None: now), as far as it was
        agreed to then; once per `key`."""

    async def complained(self, key: str, at: int | None = None) -> Heard:
        """Whoever got the mail with this key called it spam: nothing on any topic goes to them until they
        confirm anew. Once per key, and again if `at` (ms UTC) is after that."""

    async def bounced(self, key: str, kind: str) -> Heard:
        """The mail with this key came back: `hard` stops all mail to the address until a fresh confirmation
        shows that it works again, `soft` is recorded. Once per key and kind."""

    async def give_word(self, key: str, arrived: bool, actor: str) -> Outcome | None:
        """An operator knows what became of a mail that was settled as unknown: it arrived, or it did not and
        may be claimed once more, which only mails for service may. The outcome that stands from now on; None:
        there is no such mail. Raises `ValueError` for a mail that may not go again."""

    # erasure
    async def erase(self, subject: str, actor: str) -> Erasure | None:
        """Forget everything of `subject` here, at once and for good, because `actor` asks for it: `operator`,
        or `subject:` and the way it came. Doing it again changes nothing. None: there is no such subject."""

    async def forgotten(self, subjects: Sequence[str]) -> None:
        """Whoever else keeps something of people has forgotten these, who were erased here."""

    async def backups_forgot(self, days: int) -> int:
        """Note of whom no backup can know anything any more, since each is kept for `days` at most; how many
        they are."""

    async def offered(self) -> tuple[Purpose, ...]:
        """The topics that a sign-up form may offer: those that rest on consent."""

    async def checkpoint(self) -> str:
        """The newest checkpoint, a C2SP signed note."""
