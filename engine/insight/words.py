"""The journal, the log and the gate in plain English: one sentence a word, one clause a reason.

A story is about one person, so the sentences leave that person out. Whatever stands between braces is filled
in: `flow`, `other`, `step`, `topic`, `segment` with names as people know them, `reason` with the journal's
own text, `why` with the clause for it, `for` and `found` with what decided.
"""

from collections.abc import Mapping

from consent.contract import Reason
from engine.core.record import What, Why

SENTENCES: Mapping[str, str] = {
    What.ENTERED: "Entered {flow}{for}.",
    What.NOT_ENTERED: "Did not enter {flow}: {why}{for}.",
    What.SENT: "Got the mail {step} from {flow}.",
    What.SKIPPED: "Did not get the mail {step} from {flow}: {why}.",
    What.UNKNOWN: "May have got the mail {step} from {flow}: the mail server did not say whether it took it.",
    What.ARRIVED: "Did get the mail {step} from {flow}, as the operator found.",
    What.RESENT: "Was sent the mail {step} from {flow} again, as the operator wished{unless}.",
    What.WAITS: "{flow} began to {step}{because}.",
    What.WAIT_MOVED: "{flow} waits for another moment ({step}): {why}.",
    What.HEARD: "{flow} had waited for this: {why}{for}.",
    What.MET: "{flow} had waited for this, and goes on ({step}){found}.",
    What.PASSED: "{flow} does not wait ({step}): {why}{for}.",
    What.TIMED_OUT: "{flow} has waited in vain ({step}), and goes on{found}.",
    What.ROUND: "{flow} {round}{for}.",
    What.DECIDED: "{flow} checked “{step}”: {reason}{for}.",
    What.ARM: "{flow} {lots} ({step}): {reason}{chance}.",
    What.CARRIED: "{flow} was changed: they stand at {step} of its new version.",
    What.LEFT: "Left {flow}: {why}{for}{held}.",
    What.FINISHED: "Reached the end of {flow}{ending}.",
    What.REACHED: "Reached the goal of {flow}: {why}.",
    What.JOINED: "Joined the segment {segment}.",
    What.PARTED: "Is in the segment {segment} no more.",
    What.PAUSED: "{flow} stands still{because}.",
    What.RESUMED: "{flow} goes on from where it stood.",
    What.HELD: "The mail {step} from {flow} waits: {why}.",
    What.SET: "{flow} took a note: {step}.",
    What.TAGGED: "{flow} changed a tag: {step}.",
    What.TOLD: "{flow} wrote to the team{unless}.",
    What.EMITTED: "{flow} says that `{reason}` happened.",
    What.NOT_EMITTED: "{flow} did not say that it happened ({step}): {why}.",
    What.STARTED: "{flow} asked for {other}.",
    What.CALLED: "{flow} {called}.",
    What.HELD_OUT: "Is among those whom {flow} leaves alone, to see what difference it makes.",
    What.UNSUBSCRIBED: "{flow} ended the agreement to {topic} on their behalf.",
    What.CODE: "{flow} made a code of the coupon {reason}.",
}
"""What the journal can say, by its word (`engine.core.record.What`)."""

REASONS: Mapping[str, str] = {
    Why.NOT_SUBSCRIBED: "they had not agreed to its topic",
    Why.IN_FLOW: "they were in it already",
    Why.ENTERED_BEFORE: "they had been in it before, and may not enter again yet",
    Why.NO_VALUE: "the event that would have started it lacked the value that tells its journeys apart",
    Why.EVENT_LATE: "the event was told more than a day late, and such events start nothing",
    Why.TOPIC_WITHDRAWN: "they took their agreement to its topic back",
    Why.FLOW_LEFT: "they had left the flow before it went",
    Why.STEP_GONE: "the step at which they stood is no more, and nothing behind it either",
    Why.SERVER_REFUSED: "the mail server refused it for good",
    Why.GAVE_UP: "the mail server put it off until it was too late",
    Why.TEMPLATE_FAILED: "the template could not be filled in",
    Why.TOO_LATE: "it could not go for more than twelve hours, and marketing so late goes no more",
    Why.CANCELLED: "the operator called it off",
    Why.OUTCOME_UNKNOWN: "the mail server did not say whether it took it, and it is not sent twice",
    Why.LEAVES_AT_ONCE: "what makes people leave it was true already",
    Why.CONDITION: "what makes people leave it became true",
    Why.COMPLAINED: "they reported a mail as unwanted",
    Why.HARD_BOUNCED: "their mailbox does not exist any more",
    Why.DATE_PASSED: "its moment has passed",
    Why.DATE_UNKNOWN: "its date is not known",
    Why.ANOTHER_CLOCK: "they go by another time zone now",
    Why.MAIL_LATE: "it counts from the mail before it, which was handed over late",
    Why.BEST_TIME: "that is the hour at which they read most of their mail",
    Why.TOO_LITTLE_KNOWN: "too little is known of when they read mail",
    Why.NOT_MEASURED: "they do not want it counted when they read mail",
    Why.LIMIT: "they have had as many mails as the limits allow",
    Why.QUIET: "it would have come in quiet hours",
    Why.NO_CODE: "the coupon has no code left",
    Why.NOT_BY_REQUEST: "no such flow starts by request",
    Why.ENDLESS: "flows set each other off without an end",
    Why.CALL_REFUSED: "it does not take such calls",
    Why.CALL_REDIRECTED: "it sent the call elsewhere, where calls do not follow",
    Why.CALL_GAVE_UP: "it gave no good answer, however often it was tried",
    Why.CALL_NOT_ALLOWED: "its address lies in a network where calls may not go",
    Why.NO_WEBHOOK: "the project names no such receiver any more",
    Why.RECORDED: "this is a trial, in which nobody is called",
    Why.STAGING: "this is staging, in which nobody is called",
    Reason.UNKNOWN_SUBJECT: "the consent service does not know them",
    Reason.UNREADABLE_SUBJECT: "their sealed address cannot be opened",
    Reason.UNKNOWN_TEMPLATE: "the template was not published to the consent service",
    Reason.UNKNOWN_TOPIC: "the topic was not published to the consent service",
    Reason.WRONG_CLASS: "the topic is for another kind of mail",
    Reason.TEMPLATE_WITHOUT_UNSUBSCRIBE: "the template shows no link to unsubscribe",
    Reason.TEMPLATE_WITHOUT_IMPRINT: "the template does not show who sends it",
    Reason.PROMOTION_IN_SERVICE_MAIL: "it advertises, which a service mail may not",
    Reason.NO_TRIGGER: "a service mail answers an event, and there was none",
    Reason.NEVER_ASKED: "they did not sign up for its topic",
    Reason.NOT_CONFIRMED: "they have not confirmed its topic by the link in the mail",
    Reason.CONFIRMATION_EXPIRED: "they did not confirm its topic in time",
    Reason.WITHDRAWN: "they had taken their agreement back",
    Reason.OBJECTED: "they objected to it, or to all marketing",
    Reason.RESTRICTED: "they asked that what is known of them is kept and not used",
    Reason.UNPROVEN: "nothing proves that they ever agreed to its topic",
    Reason.STALE: "they have been silent for too long",
    Reason.TERMINATED: "its topic was ended",
    Reason.WORDS_CHANGED: "they agreed to other words than those of its topic today",
    Reason.SOFT_OPT_IN_INCOMPLETE: "the sale, the goods or the chance to object is not on record",
    Reason.ERASED: "they were erased, and nothing is known of them any more",
    Reason.SUPPRESSED: "their address was erased or refused, and has not been confirmed anew since",
    Reason.NOT_AS_LOGGED: "what the store of consent says of them is not what its log says",
    Reason.TOPIC_CAP: "they have had as many mails as its topic promises",
    Reason.NOT_ON_TEAM: "such mails go to the team only",
    Reason.NO_PROOF_WANTED: "no confirmation is being waited for",
    Reason.NOTHING_TO_TELL: "there is nothing that they must be told",
    Reason.ALREADY_CLAIMED: "it has been on its way once, and goes only once",
    Reason.NOT_AS_AGREED: "it was written with more than they agree to now, and is written anew",
    Reason.ONE_AT_A_TIME: "another mail to them was just on its way",
    Reason.LOG_BEHIND: "a backup was put back, and the log of consent was not as long again as it had been",
    Reason.WRONG_ATTEMPT: "its earlier attempts have not ended",
    "paused": "they asked for a pause",
    "own_frequency": "they chose to get fewer mails",
}
"""Why something did not happen, as the end of a sentence: the engine's reasons and those of the gate."""

LEAVES: Mapping[str, str] = {
    "requested": "Asked for {topic}, and agreed to the words below. It counts once it is confirmed.",
    "confirmed": "Confirmed {topic} by the link in the mail, agreeing to the words below.",
    "refused": "Said of {topic}: “This was not me.” Nothing more is sent because of it.",
    "expired": "Did not confirm {topic} in time. Nothing was agreed to.",
    "withdrawn": "Took the agreement to {topic} back{how}.",
    "objected": "Objected to mails about {topic}{how}.",
    "objected.marketing": "Objected to all marketing{how}.",
    "restricted": "What is known of them may be kept, and not used{how}.",
    "restriction.lifted": "What is known of them may be used again{how}.",
    "soft_opt_in.recorded": "Bought something like what {topic} is about, and could object to mails.",
    "imported": "Came from another system without proof of having agreed to {topic}. No mails about it.",
    "imported.attested": "Came from another system; the controller attests that they agreed to {topic}.",
    "import.undone": "The import that brought them was undone: no mails about {topic}.",
    "stale": "Was silent for so long that mails about {topic} ended.",
    "terminated": "{topic} was ended.",
    "suppressed": "Their address is kept from marketing.",
    "released": "Their address is no longer kept from marketing.",
    "notice.served": "Was shown the words of {topic} before asking for it.",
    "link.fetched": "The page behind a link of that mail was shown.",
    "address.requested": "Asked for another address; it counts once the mailbox there confirms it.",
    "address.refused": "Said of a change of address: “This was not me.” Nothing was changed.",
    "address.changed": "Their mails go to another address from now on.",
    "merged": "Became one with somebody whom we knew by another address.",
    "pending.purged": "Nothing of a wish that was never confirmed is kept any more.",
    "doubt.resolved": "The store said of them what the log did not; it follows the log again.",
    "evidence.lost": "Something that proved their agreements was damaged, and given up.",
    "proof.purged": "What proved their agreements is no longer kept.",
    "exported": "Got everything that is known of them.",
    "rectified": "Something about them was put right.",
    "request.received": "Asked for something that the law gives them.",
    "request.extended": "The answer to their request takes longer.",
    "request.answered": "Their request was answered.",
    "objected.profiling": "Objected to being profiled{how}.",
    "complaint": "Reported a mail as unwanted. Marketing stops.",
    "bounced.hard": "Their mail server says that the mailbox does not exist. Mails stop.",
    "bounced.soft": "Their mail server could not take a mail for now.",
    "erasure.requested": "Everything about them was erased.",
    "erasure.done.primary": "No store knows anything of them any more.",
    "erasure.done.backups": "No backup can know anything of them any more.",
    "hold.placed": "Proof about them is held under a key of its own until a day{how}.",
    "hold.told": "They were told of the hold and its end{how}.",
    "hold.opened": "Proof that is held was looked at{how}.",
    "hold.lifted": "The hold was lifted, and what it kept was destroyed{how}.",
    "hold.ended": "The day of the hold came, and what it kept was destroyed.",
    "proof_mail.queued": "The mail that asks them to confirm is on its way.",
    "proof_mail.accepted": "We asked them by mail to confirm.",
    "proof_mail.bounced": "The mail server refused the mail that asks for the confirmation.",
    "proof_mail.deferred": "The mail server put the mail that asks for the confirmation off.",
    "proof_mail.unknown": "The mail server did not say whether it took the mail that asks to confirm.",
    "language.changed": "Chose another language for the mails{value}.",
    "frequency.changed": "Chose how often mails may come{value}.",
    "topic.changed": "Changed what they get.",
    "paused": "Asked for a pause{value}.",
    "resumed": "The pause is over.",
    "renewed": "Renewed the agreement to {topic}.",
}
"""What the consent service's log can say of a person, by the type of the leaf."""

NO_EVIDENCE = "What was kept as evidence of it is missing, or no longer what the log committed to."

LEAF_NAMES: Mapping[str, str] = {
    "log.opened": "log opened",
    "policy.changed": "settings changed",
    "purpose.version": "words of a topic",
    "decisions": "decisions on mails",
    "requested": "asked for",
    "confirmed": "confirmed",
    "refused": "“not me”",
    "expired": "not confirmed in time",
    "withdrawn": "taken back",
    "objected": "objected",
    "objected.marketing": "objected to marketing",
    "restricted": "restricted",
    "restriction.lifted": "restriction lifted",
    "doubt.resolved": "doubt resolved",
    "evidence.lost": "evidence lost",
    "soft_opt_in.recorded": "told of similar goods",
    "imported": "imported, unproven",
    "imported.attested": "imported, attested",
    "import.undone": "import undone",
    "stale": "silent for too long",
    "terminated": "topic ended",
    "suppressed": "address suppressed",
    "released": "address released",
    "notice.served": "words shown",
    "link.fetched": "link opened",
    "address.requested": "asked for another address",
    "address.refused": "“not me”, of an address",
    "address.changed": "new address",
    "merged": "became one",
    "pending.purged": "wish forgotten",
    "proof.purged": "proof forgotten",
    "exported": "data handed out",
    "rectified": "put right",
    "request.received": "request came",
    "request.extended": "request extended",
    "request.answered": "request answered",
    "objected.profiling": "objected to profiling",
    "complaint": "mail reported",
    "bounced.hard": "no such mailbox",
    "bounced.soft": "mailbox unwilling",
    "erasure.requested": "erased",
    "erasure.done.primary": "gone from all stores",
    "erasure.done.backups": "gone from all backups",
    "hold.placed": "proof is held",
    "hold.told": "told of the hold",
    "hold.opened": "held proof was looked at",
    "hold.lifted": "hold lifted",
    "hold.ended": "hold ended",
    "proof_mail.queued": "asking to confirm",
    "proof_mail.accepted": "asked to confirm",
    "proof_mail.bounced": "asking refused",
    "proof_mail.deferred": "asking put off",
    "proof_mail.unknown": "asking uncertain",
    "language.changed": "language chosen",
    "frequency.changed": "frequency chosen",
    "topic.changed": "topics chosen",
    "paused": "pause",
    "resumed": "pause over",
    "renewed": "renewed",
}
"""The types of leaves in two or three words, for a table."""

HOW: Mapping[str, str] = {
    "one_click": " with one click on “unsubscribe” in the mail program",
    "page": " on the page behind the link in a mail",
    "preferences": " on the preferences page",
    "rights_request": " in a request",
    "operator": ", which somebody of the shop entered for them",
}
"""Ways of stopping, by the second half of the leaf's actor; `flow:NAME` is said apart."""

STATES: Mapping[str, str] = {
    "none": "did not sign up",
    "pending": "asked, not confirmed yet",
    "active": "agreed",
    "active (attested)": "agreed, as the shop attests",
    "soft_active": "customer, told of similar goods",
    "unproven": "imported without proof",
    "terminated": "ended",
    "withdrawn": "taken back",
    "refused": "refused",
    "expired": "not confirmed in time",
    "objected": "objected",
    "stale": "silent for too long",
}
"""Where a person can stand with a topic."""

EVENTS: Mapping[str, str] = {
    "page_viewed": "they looked at a page",
    "product_viewed": "they looked at a product",
    "cart_updated": "the cart changed",
    "checkout_started": "they went to the checkout",
    "order_placed": "they placed an order",
    "order_paid": "they paid an order",
    "order_refunded": "they got money back for an order",
    "order_shipped": "an order was shipped",
    "order_delivered": "an order was delivered",
    "review_submitted": "they wrote a review",
    "subscribed": "they agreed to a topic",
    "back_in_stock": "something is in stock again",
    "price_dropped": "a price has dropped",
    "email_opened": "they opened a mail",
    "email_clicked": "they followed a link in a mail",
}
"""Events in words, as the end of a sentence; all others go by their name."""

MAIL_EVENTS: Mapping[str, str] = {
    "email_opened": "Opened the mail {step} from {flow}.",
    "email_clicked": "Followed a link in the mail {step} from {flow}: {link}.",
    "email_delivered": "The mail {step} from {flow} was delivered.",
    "email_bounced": "The mail {step} from {flow} came back, {kind}.",
    "email_complained": "Reported the mail {step} from {flow} as unwanted.",
}
"""What becomes of mails."""


FREQUENCIES: Mapping[str, str] = {
    "as_it_comes": "as they come",
    "weekly": "at most one a week",
    "monthly": "at most one a month",
}
"""What a person can choose, by the word in the evidence."""

SHORT: Mapping[str, str] = {
    Reason.NEVER_ASKED: "did not sign up",
    Reason.NOT_AS_LOGGED: "store and log differ",
    Reason.TOPIC_CAP: "the topic’s promise",
    "own_frequency": "chose fewer mails",
    Why.LIMIT: "limits",
    Why.QUIET: "quiet hours",
    Why.CONDITION: "`leave when`",
}
"""Reasons in a table, where the bare word says too little or something wrong."""


def reason_words(reason: str) -> str:
    """The clause for a reason; one that is no word of ours is the name of an event that happened."""
    return REASONS.get(reason) or event_words(reason)


def event_words(event: str) -> str:
    """The clause for an event."""
    return EVENTS.get(event) or f"`{event}` happened"


def reason_label(reason: str) -> str:
    """A reason in two or three words, for a table."""
    return SHORT.get(reason) or reason.replace("_", " ")
