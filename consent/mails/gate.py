"""The gate: may this mail go to this person now? Pure, and the only place where that is decided.

The first check that fails is the reason. What is not known is denied.
"""

from msgspec import Struct

from consent.contract import ALL_FACTS, BESIDE_TOPICS, Ask, Basis, Frequency, MailClass, Reason
from consent.ledger.subjects import Subject
from consent.rules import Rules
from consent.states import AGREED, State


class Circumstances(Struct, frozen=True):
    """What the gate must know beside the subject and the policy.

    `on_team`: the recipient stands on the team list. `sent`: marketing mails of the topic in the present unit
    of its cap, those in flight and of unknown fate included; `got`: the same over all topics, in the unit of
    the person's own frequency. `erased`: the leaf of the subject's erasure (0: none). `suppressed`: the
    address is that of somebody who was erased. `doubted`: what the store says of them is not what the log
    says. `proof_expires`: when the queued request lapses
    whose key this is (ms UTC), None if there is none; `due`: they are to be told something by this mail."""

    on_team: bool = False
    sent: int = 0
    got: int = 0
    proof_expires: int | None = None
    due: bool = False
    erased: int = 0
    suppressed: bool = False
    doubted: bool = False


NO_CIRCUMSTANCES = Circumstances()


class Verdict(Struct, frozen=True):
    """Allowed if `reason` is None. `purpose` is the version that it rests on, `consent_seq` the leaf (0:
    none); `variant` and `measured` what the mail may draw on, and whether it may tell of its opening."""

    reason: Reason | None
    variant: str = "plain"
    purpose: str = ""
    consent_seq: int = 0
    measured: bool = False


_BY_STATE = {
    State.NONE: Reason.NEVER_ASKED,
    State.PENDING: Reason.NOT_CONFIRMED,
    State.REFUSED: Reason.NOT_CONFIRMED,
    State.EXPIRED: Reason.CONFIRMATION_EXPIRED,
    State.WITHDRAWN: Reason.WITHDRAWN,
    State.OBJECTED: Reason.OBJECTED,
    State.UNPROVEN: Reason.UNPROVEN,
    State.STALE: Reason.STALE,
    State.TERMINATED: Reason.TERMINATED,
    # In force on another basis than the topic has now:
    State.ACTIVE: Reason.NEVER_ASKED,
    State.ATTESTED: Reason.NEVER_ASKED,
    State.SOFT_ACTIVE: Reason.NOT_CONFIRMED,
}
_RESTS_ON = {
    Basis.CONSENT: AGREED,
    Basis.SOFT_OPT_IN: frozenset({State.SOFT_ACTIVE, State.ACTIVE}),  # who confirms has agreed to more
}
_SERVICE = (Basis.CONTRACT, Basis.LEGAL_OBLIGATION)
_OPEN = {reason: Verdict(reason) for reason in Reason}


def judge(ask: Ask, subject: Subject | None, rules: Rules, around: Circumstances, now: int) -> Verdict:
    """The verdict on one ask at `now` (ms UTC)."""
    if around.erased:
        return Verdict(Reason.ERASED, consent_seq=around.erased)
    if subject is None:
        return _OPEN[Reason.UNKNOWN_SUBJECT]
    if ask.mail_class is MailClass.MARKETING:
        return _marketing(ask, subject, rules, around, now)
    if ask.mail_class is MailClass.SERVICE:
        return _service(ask, subject, rules, around.doubted)
    if ask.mail_class is MailClass.PROOF:
        if around.proof_expires is None:
            return _OPEN[Reason.NO_PROOF_WANTED]
        return _OPEN[Reason.CONFIRMATION_EXPIRED] if around.proof_expires <= now else Verdict(None)
    if ask.mail_class is MailClass.NOTICE:
        return Verdict(None) if around.due else _OPEN[Reason.NOTHING_TO_TELL]
    return Verdict(None) if around.on_team else _OPEN[Reason.NOT_ON_TEAM]


def _marketing(ask: Ask, subject: Subject, rules: Rules, around: Circumstances, now: int) -> Verdict:
    known = rules.purposes.get(ask.topic or "")
    present = known[0] if known is not None else ""
    laid_over = _overlay(subject, ask.topic or "", present)
    if laid_over is not None:
        return laid_over
    if around.suppressed:
        return Verdict(Reason.SUPPRESSED, purpose=present)
    if around.doubted:
        return Verdict(Reason.NOT_AS_LOGGED, purpose=present)
    if known is None:
        return _OPEN[Reason.UNKNOWN_TOPIC]
    purpose = known[1]
    rests_on = _RESTS_ON.get(purpose.basis)
    if rests_on is None or purpose.topic in BESIDE_TOPICS:
        return Verdict(Reason.WRONG_CLASS, purpose=present)
    template = rules.templates.get(ask.template)
    if template is None:
        return Verdict(Reason.UNKNOWN_TEMPLATE, purpose=present)
    if not template.unsubscribe:
        return Verdict(Reason.TEMPLATE_WITHOUT_UNSUBSCRIBE, purpose=present)
    if not template.imprint:
        return Verdict(Reason.TEMPLATE_WITHOUT_IMPRINT, purpose=present)
    standing = subject.standing(purpose.topic)
    state = standing.at(now)
    if state not in rests_on:
        return Verdict(_BY_STATE[state], purpose=standing.version or present, consent_seq=standing.seq)
    if state is State.SOFT_ACTIVE and standing.facts != ALL_FACTS:
        return Verdict(Reason.SOFT_OPT_IN_INCOMPLETE, purpose=standing.version, consent_seq=standing.seq)
    if state is not State.SOFT_ACTIVE and not rules.holds(standing.version, present):
        return Verdict(Reason.WORDS_CHANGED, purpose=standing.version, consent_seq=standing.seq)
    if purpose.cap_count and around.sent >= purpose.cap_count:
        return Verdict(Reason.TOPIC_CAP, purpose=standing.version, consent_seq=standing.seq)
    if subject.frequency and around.got:
        return Verdict(Reason.OWN_FREQUENCY, purpose=standing.version, consent_seq=standing.seq)
    if subject.paused_until > now:
        return Verdict(Reason.PAUSED, purpose=standing.version, consent_seq=standing.seq)
    variant = "personalised" if _agreed(subject, "personalisation", rules) else "plain"
    return Verdict(None, variant, standing.version, standing.seq, _agreed(subject, "measurement", rules))


def _agreed(subject: Subject, beside: str, rules: Rules) -> bool:
    """Whether they agreed to a purpose beside the topics, in words that hold today."""
    known = rules.purposes.get(beside)
    agreed = subject.agreed(beside)
    return agreed and (known is None or rules.holds(subject.standing(beside).version, known[0]))


def _overlay(subject: Subject, topic: str, present: str) -> Verdict | None:
    """What lies over the whole address, whatever the topic: the person hears of that first."""
    if subject.restricted:
        return Verdict(Reason.RESTRICTED, purpose=present, consent_seq=subject.restricted)
    if subject.holds(subject.objected, topic):
        return Verdict(Reason.OBJECTED, purpose=present, consent_seq=subject.objected)
    if subject.holds(subject.complained, topic):
        return Verdict(Reason.COMPLAINED, purpose=present, consent_seq=subject.complained)
    if subject.holds(subject.bounced, topic):
        return Verdict(Reason.HARD_BOUNCED, purpose=present, consent_seq=subject.bounced)
    return None


def _service(ask: Ask, subject: Subject, rules: Rules, doubted: bool) -> Verdict:
    known = rules.purposes.get(ask.topic or "")
    present = known[0] if known is not None else ""
    if subject.restricted:
        return Verdict(Reason.RESTRICTED, purpose=present, consent_seq=subject.restricted)
    if subject.bounced > subject.confirmed:
        return Verdict(Reason.HARD_BOUNCED, purpose=present, consent_seq=subject.bounced)
    if known is None:
        return _OPEN[Reason.UNKNOWN_TOPIC]
    if known[1].basis not in _SERVICE:
        return Verdict(Reason.WRONG_CLASS, purpose=present)
    template = rules.templates.get(ask.template)
    if template is None:
        return Verdict(Reason.UNKNOWN_TEMPLATE, purpose=present)
    if template.promotional:
        return Verdict(Reason.PROMOTION_IN_SERVICE_MAIL, purpose=present)
    if not ask.trigger:
        return Verdict(Reason.NO_TRIGGER, purpose=present)
    return Verdict(None, purpose=present, measured=not doubted and _agreed(subject, "measurement", rules))


def exceeds(variant: str, measured: bool, found_variant: str, found_measured: bool) -> bool:
    """Whether a mail written as `variant`, `measured` is more than was found to be agreed to."""
    return variant not in ("plain", found_variant) or (measured and not found_measured)


UNITS = {Frequency.WEEKLY: "week", Frequency.MONTHLY: "month"}
"""The calendar unit in which someone wants one mail at most."""
