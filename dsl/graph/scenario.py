"""Scenarios: tests of flows that a marketer writes, ready to be played.

A scenario is a list of lines in written order. A line may set the clock (`at`, `after`); it holds one act
or one expectation. `subscribed`, `unsubscribed` and other events of Virta itself are acts as well: they
happen in the way in which they happen to people (a confirmed sign-up, a withdrawal, a bounce).
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from dsl.graph.values import Condition, Duration, Value


class Record(Struct, frozen=True, tag_field="is", tag="record"):
    """`(sku "a1", quantity 2)`: one record of a list."""

    fields: "tuple[tuple[str, Given], ...]"


class Several(Struct, frozen=True, tag_field="is", tag="several"):
    """`[…, …]`: a list of values or records."""

    items: "tuple[Given, ...]"


Given: TypeAlias = Value | Record | Several
"""What an act gives: literals, sums of them, lists and records. Nothing of a contact or an event."""


class Profile(Struct, frozen=True):
    """Who the scenario is about. `agreed`: topics and purposes, confirmed before the first line, which starts
    nothing. `language`, `time_zone` and `country` stand among the attributes."""

    attributes: tuple[tuple[str, Given], ...] = ()
    agreed: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


# ---------------------------------------------------------------- what happens


class Occurs(Struct, frozen=True, tag_field="is", tag="occurs"):
    """An event. `late`: it happened so long ago, and arrives now."""

    event: str
    values: tuple[tuple[str, Given], ...] = ()
    late: Duration | None = None


class Opens(Struct, frozen=True, tag_field="is", tag="opens"):
    """The newest mail of the step named `mail` is opened."""

    mail: str


class Clicks(Struct, frozen=True, tag_field="is", tag="clicks"):
    """The first link, or the first whose address holds `link`, is clicked in the newest mail of a step."""

    mail: str
    link: str | None = None


class Withdraws(Struct, frozen=True, tag_field="is", tag="withdraws"):
    topic: str


class Changes(Struct, frozen=True, tag_field="is", tag="changes"):
    """`set contact.NAME to VALUE`; None: to unknown."""

    attribute: str
    value: Given | None


class Requests(Struct, frozen=True, tag_field="is", tag="requests"):
    """`start flow NAME`: as the API does it."""

    flow: str


Act: TypeAlias = Occurs | Opens | Clicks | Withdraws | Changes | Requests


# ---------------------------------------------------------------- what is expected


class Wording(Struct, frozen=True):
    """A line below `expect send`: what the subject or the text of the mail is like. Text compares as
    everywhere: blanks around it and capitals do not count."""

    part: Literal["subject", "text"]
    operator: Literal["is", "is not", "contains", "starts with", "ends with"]
    words: str
    line: int


class ExpectSend(Struct, frozen=True, tag_field="is", tag="send"):
    """A mail of the step named `mail` has gone out since the last timed line."""

    mail: str
    wordings: tuple[Wording, ...] = ()


class ExpectNoSend(Struct, frozen=True, tag_field="is", tag="no_send"):
    """None of this step (None: none at all) has gone out since the last timed line."""

    mail: str | None = None


class ExpectCount(Struct, frozen=True, tag_field="is", tag="count"):
    """So many mails have gone out since the scenario began."""

    mails: int


class ExpectSkipped(Struct, frozen=True, tag_field="is", tag="skipped"):
    """A mail of this step was skipped since the last timed line, for a reason of the published list."""

    mail: str
    reason: str


class ExpectIn(Struct, frozen=True, tag_field="is", tag="in"):
    """A journey stands at this step now."""

    step: str


class ExpectLeft(Struct, frozen=True, tag_field="is", tag="left"):
    """No journey goes on, and the newest to end was left."""


class ExpectFinished(Struct, frozen=True, tag_field="is", tag="finished"):
    """No journey goes on, and the newest to end was finished, with this label if one is given."""

    label: str | None = None


class ExpectHolds(Struct, frozen=True, tag_field="is", tag="holds"):
    """A condition on the contact holds now."""

    test: Condition


class ExpectArm(Struct, frozen=True, tag_field="is", tag="arm"):
    """The contact took this arm of the split."""

    label: str
    split: str


Expectation: TypeAlias = (
    ExpectSend
    | ExpectNoSend
    | ExpectCount
    | ExpectSkipped
    | ExpectIn
    | ExpectLeft
    | ExpectFinished
    | ExpectHolds
    | ExpectArm
)


# ---------------------------------------------------------------- the whole


class Line(Struct, frozen=True):
    """One line. `at` is a wall-clock moment on the contact's clock (`YYYY-MM-DDTHH:MM`), `after` counts from
    the line before; with neither it is the same moment. `line` counts from 1 in the scenario's file; `text`
    is the line as written, without its indentation."""

    line: int
    text: str
    does: Act | Expectation
    at: str | None = None
    after: Duration | None = None


class Choice(Struct, frozen=True):
    """`choose LABEL of SPLIT`: the arm that is taken."""

    label: str
    split: str


class Scenario(Struct, frozen=True):
    """`flows` are those that run; all others stand still. `file` and `line` say where it is written."""

    name: str
    flows: tuple[str, ...]
    profile: Profile
    lines: tuple[Line, ...]
    file: str
    line: int
    choices: tuple[Choice, ...] = ()
