"""The words of the journal: what can be written of a journey, and why."""

from enum import StrEnum


class What(StrEnum):
    ENTERED = "entered"
    NOT_ENTERED = "not_entered"
    SENT = "sent"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"  # the mail server may or may not have taken the mail
    WAITS = "waits"
    HEARD = "heard"
    TIMED_OUT = "timed_out"
    DECIDED = "decided"
    ARM = "arm"
    LEFT = "left"
    FINISHED = "finished"
    JOINED = "joined"  # a segment
    PARTED = "parted"  # from a segment


class Why(StrEnum):
    """Reasons of the engine's own; those of the gate are in `consent.contract.Reason`."""

    NOT_SUBSCRIBED = "not_subscribed"
    IN_FLOW = "in_flow"
    ENTERED_BEFORE = "entered_before"
    NO_VALUE = "no_value"
    EVENT_LATE = "event_late"
    TOPIC_WITHDRAWN = "topic_withdrawn"
    FLOW_LEFT = "flow_left"
    SERVER_REFUSED = "server_refused"
    GAVE_UP = "gave_up"
    TEMPLATE_FAILED = "template_failed"
    OUTCOME_UNKNOWN = "outcome_unknown"
