"""The published reasons for which a mail is skipped, as `expect skipped NAME because REASON` names them."""

OF_FLOWS = (
    "limit",
    "quiet",
    "no_code",
    "flow_left",
    "template_failed",
    "server_refused",
    "gave_up",
)
"""Reasons of the engine: limits and quiet hours, an empty list of codes, and what became of the mail."""

OF_CONSENT = (
    "erased",
    "unknown_subject",
    "unreadable_subject",
    "restricted",
    "objected",
    "complained",
    "hard_bounced",
    "suppressed",
    "not_as_logged",
    "unknown_topic",
    "wrong_class",
    "unknown_template",
    "template_without_unsubscribe",
    "template_without_imprint",
    "promotion_in_service_mail",
    "no_trigger",
    "never_asked",
    "not_confirmed",
    "confirmation_expired",
    "withdrawn",
    "unproven",
    "stale",
    "terminated",
    "soft_opt_in_incomplete",
    "words_changed",
    "topic_cap",
    "own_frequency",
    "paused",
    "not_on_team",
    "no_proof_wanted",
    "nothing_to_tell",
    "already_claimed",
    "not_as_agreed",
    "one_at_a_time",
    "log_behind",
    "wrong_attempt",
)
"""Reasons of the consent service, in the order in which it checks; docs/consent.md says what each means."""

REASONS = (*OF_FLOWS, *OF_CONSENT)
