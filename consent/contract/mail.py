"""The way of a mail in words: asks, decisions, permits, settlements, and the feed of changes."""

from enum import StrEnum

from msgspec import Struct

from consent.contract.bounds import Moment, ReplyCode, Said, Sha256, Size, WholePage


class MailClass(StrEnum):
    MARKETING = "marketing"
    SERVICE = "service"
    PROOF = "proof"  # the mail that asks for the confirmation itself
    NOTICE = "notice"  # what the law has somebody told, and nothing else: that their proof is held
    INTERNAL = "internal"  # only to addresses listed under [team]
    TEST = "test"  # only to addresses listed under [team]


class Ask(Struct, frozen=True):
    """May this mail go to this subject? `trigger` is the id of the event that a service mail answers.
    `variant` and `measured` say how a mail that is claimed was written, as in `Decision`, and `message_id`
    what it is called there: `<KEY@DOMAIN>` (RFC 5322, 3.6.4), empty as long as it is not written."""

    key: str
    attempt: int  # 1, 2, …
    subject: str
    mail_class: MailClass
    topic: str | None
    template: str  # digest of the template
    trigger: str | None = None
    variant: str = "plain"
    measured: bool = False
    message_id: str = ""


class Reason(StrEnum):
    """Why a mail was denied: the first failing check. Stable; shown in `why`, journals and reports."""

    ERASED = "erased"  # nothing is kept of them but their id
    UNKNOWN_SUBJECT = "unknown_subject"
    UNREADABLE_SUBJECT = "unreadable_subject"  # their sealed address cannot be opened
    RESTRICTED = "restricted"  # what is known of them may be kept, and not used
    OBJECTED = "objected"  # to this, or to all marketing
    COMPLAINED = "complained"  # they called a mail spam, and have not confirmed anew since
    HARD_BOUNCED = "hard_bounced"  # their mailbox does not exist, as far as is known
    SUPPRESSED = "suppressed"  # erased, or refused by whoever has it, and not confirmed anew since
    NOT_AS_LOGGED = "not_as_logged"  # the store says of them what the log does not
    UNKNOWN_TOPIC = "unknown_topic"
    WRONG_CLASS = "wrong_class"
    UNKNOWN_TEMPLATE = "unknown_template"
    TEMPLATE_WITHOUT_UNSUBSCRIBE = "template_without_unsubscribe"
    TEMPLATE_WITHOUT_IMPRINT = "template_without_imprint"
    PROMOTION_IN_SERVICE_MAIL = "promotion_in_service_mail"
    NO_TRIGGER = "no_trigger"
    NEVER_ASKED = "never_asked"
    NOT_CONFIRMED = "not_confirmed"
    CONFIRMATION_EXPIRED = "confirmation_expired"
    WITHDRAWN = "withdrawn"
    UNPROVEN = "unproven"  # imported without proof that they ever agreed
    STALE = "stale"  # silent for too long
    TERMINATED = "terminated"  # the topic was ended
    SOFT_OPT_IN_INCOMPLETE = "soft_opt_in_incomplete"  # sale, similar goods or the offer to object is missing
    WORDS_CHANGED = "words_changed"  # they agreed to other words, and have not renewed it
    TOPIC_CAP = "topic_cap"
    OWN_FREQUENCY = "own_frequency"  # they asked for fewer mails
    PAUSED = "paused"  # they asked for none until a day that is to come
    NOT_ON_TEAM = "not_on_team"
    NO_PROOF_WANTED = "no_proof_wanted"
    NOTHING_TO_TELL = "nothing_to_tell"
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
    """The right to hand one mail to the mail server, once, to `recipient`, before `deadline` (ms UTC, by the
    clock of whoever asked).
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


class Handed(Struct, frozen=True, omit_defaults=True):
    """What passed between mailer and mail server at an attempt of a mail of the service's own: evidence, to
    be kept sealed. `mail` are the bytes that were handed over, as they were before SMTP doubled their dots;
    where they are not told, `digest` (SHA-256, hex) and `size` say which they were, and without those no
    content was handed over. `reply` is what the server said, `why` what the mailer says where the server said
    nothing, `at` when it was over by the mailer's clock (ms UTC)."""

    mail: WholePage = b""
    digest: Sha256 = ""
    size: Size = 0
    reply: Said = ""
    why: Said = ""
    at: Moment = 0


class Settlement(Struct, frozen=True, omit_defaults=True):
    """`code` is the SMTP reply code, 0 if there was none. `handed` is told of proof mails and notices, as far
    as it is known."""

    key: str
    attempt: int
    outcome: Outcome
    code: ReplyCode = 0
    handed: Handed | None = None


class Claimed(Struct, frozen=True):
    """What a claim gave: permits for the allowed asks, decisions for all others. `at` is when it was
    answered, by the service's clock (ms UTC), by which the deadlines are reckoned too."""

    permits: tuple[Permit, ...]
    denied: tuple[Decision, ...]
    at: int


class Status(Struct, frozen=True):
    """What the service knows of a key's newest attempt; `outcome` is None while it is unsettled, `reason` is
    set when the newest decision denied."""

    key: str
    attempt: int
    outcome: Outcome | None
    reason: Reason | None = None


class Change(Struct, frozen=True):
    """One entry of the feed. `type` is the leaf's type: `confirmed`, `renewed`, `soft_opt_in.recorded`,
    `imported.attested`, `withdrawn`, `objected`, `objected.profiling`, `stale`, `terminated`,
    `complaint`, `bounced.hard`, `objected.marketing`, `erasure.requested`, `merged` (these five stop every
    topic: their `topic` is empty), `restricted` (until `restriction.lifted` nothing that is known of the
    subject may be used; the topic of both is empty), `language.changed`, `address.changed`. Whoever hears of
    an erasure forgets the subject, and says so by `forgotten`; one who has become part of another (`merged`)
    is forgotten likewise. `language` is the one that the person chose, known to the service alone until then;
    empty where it did not change. `domain` is that of the address, told at a confirmation and a change of
    address."""

    seq: int
    subject: str
    topic: str
    type: str
    at: int
    language: str = ""
    domain: str = ""


class Contradiction(ValueError):
    """A settlement that denies an earlier one, or settles what its sender never claimed. Nothing of the call
    was done."""
