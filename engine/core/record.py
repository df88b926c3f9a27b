"""The words of the journal: what can be written of a journey, and why."""

from enum import StrEnum
from typing import Any

from msgspec import Struct


class What(StrEnum):
    ENTERED = "entered"
    NOT_ENTERED = "not_entered"
    SENT = "sent"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # the mail server may or may not have taken the mail
    ARRIVED = "arrived"  # such a mail, as the operator found
    RESENT = "resent"  # such a mail went again, as the operator wished, or, with a reason, did not
    PAUSED = "paused"  # what is known of the contact is not to be used: the journey stands still
    RESUMED = "resumed"  # it goes on
    HELD = "held"  # a mail waits for room within the limits, or for the end of quiet
    WAITS = "waits"
    WAIT_MOVED = "wait_moved"  # to another moment
    HEARD = "heard"
    MET = "met"  # the condition waited for
    PASSED = "passed"  # a wait for a moment that does not lie ahead
    TIMED_OUT = "timed_out"
    ROUND = "round"  # of a repeat; the reason is its number, or "over"
    DECIDED = "decided"
    ARM = "arm"
    SET = "set"  # an attribute; the reason is its name
    TAGGED = "tagged"  # a tag was added or removed; the reason is "add" or "remove"
    CODE = "code"  # a coupon's code was made; the reason is the coupon
    TOLD = "told"  # a mail to the team was handed over, or, with a reason, not
    EMITTED = "emitted"  # an event; the reason is its name
    NOT_EMITTED = "not_emitted"
    STARTED = "started"  # another flow was asked to start; the reason is its name
    CALLED = "called"  # a webhook took a call, or, with a reason, did not
    HELD_OUT = "held_out"  # entered and measured, and takes no step
    UNSUBSCRIBED = "unsubscribed"  # by a step; the reason is the topic
    CARRIED = "carried"  # to a step of a new version; the reason is the step of the old one
    LEFT = "left"
    FINISHED = "finished"
    REACHED = "reached"  # the flow's goal; told of mails and events when a story is, never written
    JOINED = "joined"  # a segment
    PARTED = "parted"  # from a segment


class Why(StrEnum):
    """Reasons of the engine's own; those of the gate are in `consent.contract.Reason`."""

    NOT_SUBSCRIBED = "not_subscribed"
    RESTRICTED = "restricted"  # as the gate says it: what is known of them is kept, and not used
    IN_FLOW = "in_flow"
    ENTERED_BEFORE = "entered_before"
    NO_VALUE = "no_value"
    EVENT_LATE = "event_late"
    NOT_BY_REQUEST = "not_by_request"  # no such flow starts by request
    ENDLESS = "endless"  # too much followed from one event
    LEAVES_AT_ONCE = "leaves_at_once"  # what makes people leave the flow is true already
    CONDITION = "condition"  # `leave when` became true
    TOPIC_WITHDRAWN = "topic_withdrawn"
    COMPLAINED = "complained"
    HARD_BOUNCED = "hard_bounced"
    OBJECTED = "objected"
    LIMIT = "limit"
    QUIET = "quiet"
    NO_CODE = "no_code"
    DATE_PASSED = "date_passed"
    DATE_UNKNOWN = "date_unknown"
    ANOTHER_CLOCK = "another_clock"  # what they wait for comes at another moment where they are now
    MAIL_LATE = "mail_late"  # the mail that the wait counts from was handed over late
    BEST_TIME = "best_time"  # at that hour they read most of their mail
    TOO_LITTLE_KNOWN = "too_little_known"  # of when they read mail
    NOT_MEASURED = "not_measured"  # they do not agree to it
    FLOW_LEFT = "flow_left"
    STEP_GONE = "step_gone"  # and no step behind it is still there, in a new version of the flow
    SERVER_REFUSED = "server_refused"
    GAVE_UP = "gave_up"
    TEMPLATE_FAILED = "template_failed"
    TOO_LATE = "too_late"  # marketing that could not go for more than twelve hours
    CANCELLED = "cancelled"  # by the operator
    OUTCOME_UNKNOWN = "outcome_unknown"
    CALL_REFUSED = "call_refused"  # the receiver answered that it does not take the call
    CALL_REDIRECTED = "call_redirected"
    CALL_GAVE_UP = "call_gave_up"  # no good answer, however often it was tried
    CALL_NOT_ALLOWED = "call_not_allowed"  # the address lies where calls may not go
    NO_WEBHOOK = "no_webhook"  # the project declares it no more
    RECORDED = "recorded"  # a simulation calls nobody
    STAGING = "staging"  # nobody is called in staging


class Ground(Struct, frozen=True, array_like=True, gc=False):
    """Something that decided: what was asked for, as a flow writes it, and what it was (`dsl.graph`; None:
    not known). `whether`: asked was a part of a condition, and the value says whether it held."""

    asked: str
    value: Any = None
    whether: bool = False


SHARE = "share"
"""The ground of an arm that was drawn by chance: its share in percent."""
BEST_SINCE = "best since"
"""The ground of an arm that was found to be the best: the moment of that."""


class Line(Struct, frozen=True, gc=False):
    """What a journey has to tell of a step: `what` and `reason` as above, (ms UTC) until when it stands
    there, 0 where it does not, and what decided, if anything did."""

    step: str
    what: str
    reason: str = ""
    until: int = 0
    grounds: tuple[Ground, ...] = ()
