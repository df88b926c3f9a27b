"""What the engine knows of one contact, what can happen to it, and what comes of that.

Instants are milliseconds since 1970 UTC, ids 32 hex digits. `gc=False`: trees of values make no cycle.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from engine.core.calendar import NEVER
from engine.core.counted import Drawn, Scored, Struck
from engine.core.record import Ground
from engine.core.restriction import Restricted, Restriction


class Seen(Struct, frozen=True, array_like=True, gc=False):
    """One event in a contact's history, with the fields that some flow asks for."""

    at: int
    data: dict[str, Any]


class Mailed(Struct, frozen=True, array_like=True, gc=False):
    """A marketing mail that was handed over, or is asked for and may be: what limits count. `at`: when it was
    asked for, or handed over if that was much later. One that is still open counts as if it went now."""

    at: int
    key: str
    flow: str


class Journey(Struct, frozen=True, array_like=True, gc=False):
    """One contact's way through one graph. It stands at `node` with one armed deadline, `due`; each arming
    counts `epoch` up, so that a timer of an earlier arming is known to be stale.

    `mail` is the key of a mail whose hand-over this journey's present step counts from, while it is open.
    `started` is the moment of the event that started it: what happened behind it happened since entry.
    `visits` counts how often a step within a round was met. `codes` tells by step and coupon when a code was
    made, `given` which one it is. `held`: since when its mail waits for limits and quiet, 0 where none does.
    `beside` tells by event how many of it were known, as it started, to have happened at the very moment
    `started`, that which started it among them: they are not since entry (None: none of that moment is).
    `clock` names the contact's zone, empty: the project's; `slot` is its place in the store, 0: none yet.
    """

    id: str
    contact: str
    flow: str
    graph: str  # digest
    node: int
    due: int
    epoch: int
    started: int
    trigger_id: str
    trigger: dict[str, Any]
    per: str = ""
    mail: str = ""
    received: dict[str, dict[str, Any]] = {}
    sent: tuple[str, ...] = ()  # names of the sends that were handed over
    visits: dict[str, int] = {}
    codes: dict[str, int] = {}
    held: int = 0
    given: dict[str, str] = {}
    beside: dict[str, int] | None = None
    clock: str = ""
    slot: int = 0


class Bundle(Struct, frozen=True, gc=False):
    """Everything that `advance` reads and writes of one contact. `created` is 0 until the first stimulus;
    journeys are in the order in which they take turns.

    `watch` is the armed instant at which time alone may change something of this contact: the earliest of
    `segments_due` (a membership), of `dates` (the next start of each flow that starts on a date) and of what
    its journeys' conditions wait for. `entered` holds the last entry into each flow (`flow`, or `flow` NUL
    value where a flow has one journey per value). `armed` names the occasions whose instants `dates` tells,
    `given` the last one of each start that came. `mails` is what limits count. `viewed` and `bought` are
    SKUs, newest first. `known_since` tells by purpose (`measurement`, `personalisation`) when the contact
    agreed to it: of the time before, what it lets be known is unknown. `silenced`: all marketing is over
    until a topic is confirmed anew. `predicted` is what a model foretells, of people only who agreed to
    personalisation. `trials` tells by mark until when what happens counts for the arm that was drawn.
    `restricted`: what is known of the contact is kept, and not used; None: it may be.
    """

    contact: str
    created: int = 0
    attributes: dict[str, Any] = {}
    agreed: frozenset[str] = frozenset()
    windows: dict[str, tuple[Seen, ...]] = {}
    segments: frozenset[str] = frozenset()
    segments_due: int = NEVER
    judged_by: str = ""  # digest of the segments whose members `segments` tells
    entered: dict[str, int] = {}
    journeys: tuple[Journey, ...] = ()
    watch: int = NEVER
    dates: dict[str, int] = {}
    dated_by: str = ""  # digest of the starts that `dates` tells
    mails: tuple[Mailed, ...] = ()
    viewed: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()
    armed: dict[str, str] = {}
    given: dict[str, str] = {}
    known_since: dict[str, int] = {}
    silenced: bool = False
    predicted: dict[str, Any] = {}
    trials: dict[str, int] = {}
    kept_by: str = ""  # digest of what was asked for by which `windows` are kept
    restricted: Restriction | None = None


def in_order(journeys: Iterable[Journey]) -> tuple[Journey, ...]:
    """Journeys in the order in which they take turns: flows by name."""
    return tuple(sorted(journeys, key=lambda journey: (journey.flow, journey.id)))


class Happened(Struct, frozen=True, gc=False):
    """An event: from the API, or one of Virta's own."""

    event: str
    data: dict[str, Any]
    late: bool = False  # came more than 24 hours after it happened: starts nothing


class Fired(Struct, frozen=True, gc=False):
    """A journey's deadline has come; `journey` is empty for the contact's own watch. `mail_open` says that
    the mail which the present wait counts from has not been handed over yet."""

    journey: str
    epoch: int
    mail_open: bool = False


class Agreed(Struct, frozen=True, gc=False):
    """A topic was confirmed (`active`) or stopped."""

    topic: str
    active: bool
    language: str = ""
    domain: str = ""  # of the address
    quiet: bool = False  # nobody subscribed or left just now: no flow hears of it


class Stopped(Struct, frozen=True, gc=False):
    """All marketing to this contact is over; `reason` is from the published list."""

    reason: str


class Learned(Struct, frozen=True, gc=False):
    """Attributes of the contact; None makes one unknown."""

    attributes: dict[str, Any]


class Foretold(Struct, frozen=True):
    """What a model predicts of the contact (`churn_risk`, `lifetime_value`); None: nothing any more."""

    predicted: dict[str, Any]


class Requested(Struct, frozen=True, gc=False):
    """Somebody asked that a flow start for the contact."""

    flow: str


class Carried(Struct, frozen=True):
    """Other versions of flows are in force. `places` has by the digest of an older graph, for each of its
    nodes in order, the node of the present one where its people go (`END`: none), and whether it is the same
    step; else they go on to it."""

    places: dict[str, tuple[tuple[int, bool], ...]]


class Backfilled(Struct, frozen=True):
    """A flow is to start for what happened before it was there: for a member of the segment of its start, or,
    where it starts on events, by one of `events`, which are newest first, each with its name."""

    flow: str
    events: tuple[tuple[str, dict[str, Any]], ...] = ()


class Cancelled(Struct, frozen=True):
    """The operator ends what is under way of a flow for whoever has not been mailed; with `mailed`, for all.
    `issue` is the day on which the journeys began that are meant, empty: all."""

    flow: str
    mailed: bool = False
    issue: str = ""


class MailEnded(Struct, frozen=True, gc=False):
    """A mail was handed over (no `reason`) or will never be; `fault` is what is wrong with its template."""

    flow: str
    journey: str
    step: str
    key: str
    template: str
    topic: str
    reason: str = ""
    fault: str = ""


class Stimulus(Struct, frozen=True, gc=False):
    """Something that happens to one contact. `at` is when it happened. `open` has the keys of those of her
    mails that have not been handed over, where limits may have to decide; `codes` are free codes of coupons'
    lists, for those who are to get one."""

    id: str
    contact: str
    at: int
    data: (
        Happened
        | Fired
        | Agreed
        | Stopped
        | Restricted
        | Learned
        | Foretold
        | Requested
        | Carried
        | Backfilled
        | Cancelled
        | MailEnded
    )
    open: frozenset[str] = frozenset()
    codes: dict[str, tuple[str, ...]] = {}


# ---------------------------------------------------------------- what comes of it


class MailBody(Struct, frozen=True, tag_field="is", tag="mail"):
    """All that a template may show and the consent service must know, as it was when the step was reached.

    `report` says that the journey waits for the hand-over, or that a window counts it: then also an accepted
    mail comes back as a stimulus. `subject`: words and amounts of money; a text was written by an
    earlier version. `viewed` and `bought` are SKUs, newest first, for a template that recommends and a
    contact who agreed to personalisation. `late`: by how many milliseconds the timer was late that led here.
    """

    flow: str
    journey: str
    step: str
    template: str
    topic: str
    service: bool
    at: int
    trigger_id: str
    attributes: dict[str, Any]
    trigger: dict[str, Any]
    received: dict[str, Any]
    values: dict[str, Any]
    subject: tuple[Any, ...] | str = ()
    sender: str = ""
    reply_to: str = ""
    report: bool = False
    viewed: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()
    late: int = 0
    resent: bool = False  # it may have gone before, and no journey waits for it


class TellBody(Struct, frozen=True, tag_field="is", tag="tell"):
    """A plain mail to somebody of the team. A `text` in parts has the contact's own address between each two
    of them: it is not known here."""

    flow: str
    journey: str
    step: str
    at: int
    address: str
    text: str | tuple[str, ...]


class WithdrawBody(Struct, frozen=True, tag_field="is", tag="withdraw"):
    """A topic to be withdrawn on the person's behalf."""

    flow: str
    journey: str
    step: str
    at: int
    topic: str


class CodeBody(Struct, frozen=True, tag_field="is", tag="coupon"):
    """A coupon's code that was made, or (`listed`) taken from a list. `until` is its end, None: never."""

    flow: str
    journey: str
    step: str
    at: int
    coupon: str
    code: str
    until: int | None = None
    listed: bool = False


class EventBody(Struct, frozen=True, tag_field="is", tag="event"):
    """An event that a flow emitted. It has been worked on already, and is to be kept."""

    flow: str
    journey: str
    step: str
    at: int
    event: str
    data: dict[str, Any]


class CallBody(Struct, frozen=True, tag_field="is", tag="call"):
    """What a webhook is to be told. Among the values an `int` is a moment. Those in `addressed` are the
    contact's address, which is not known here."""

    flow: str
    journey: str
    step: str
    at: int
    webhook: str
    values: dict[str, Any]
    addressed: tuple[str, ...] = ()


Body: TypeAlias = MailBody | TellBody | WithdrawBody | CodeBody | EventBody | CallBody


class Effect(Struct, frozen=True, gc=False):
    """Something to be carried out after the state that asks for it has been committed. `kind` is `mail`,
    `tell`, `withdraw`, `coupon`, `event` or `call`."""

    key: str
    contact: str
    kind: str
    body: Body


class Recall(Struct, frozen=True, gc=False):
    """A mail that shall not go any more, if it has not gone."""

    key: str
    contact: str


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """A line of the journal. `n` orders the lines of one contact at one instant; `reason` is from a published
    list. `until` is the moment (ms UTC) to which something waits or is held, 0 where there is none; `fault`
    what is wrong with a template that failed, in words without anything of the contact; `grounds` decided."""

    contact: str
    at: int
    n: int
    journey: str
    flow: str
    step: str
    what: str
    reason: str = ""
    until: int = 0
    fault: str = ""
    grounds: tuple[Ground, ...] = ()


class Advanced(Struct, frozen=True, gc=False):
    """What `advance` gives: the contact as it now is, what to do, and what to write down. `short` are coupons
    of whose lists more codes were asked for than the stimulus has: with more of them more comes of it."""

    bundle: Bundle
    effects: tuple[Effect, ...] = ()
    recalls: tuple[Recall, ...] = ()
    entries: tuple[Entry, ...] = ()
    trials: tuple[Drawn | Scored | Struck, ...] = ()
    short: frozenset[str] = frozenset()


replace = msgspec.structs.replace
