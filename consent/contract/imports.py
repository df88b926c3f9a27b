"""People and their standing, as they come from another system."""

from enum import StrEnum

from msgspec import Struct


class Stood(StrEnum):
    """Where somebody stood in the other system. Every one but `SUBSCRIBED` is sent nothing there."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    NEVER = "never subscribed"  # known there, and never agreed to anything


STOPPED = (Stood.UNSUBSCRIBED, Stood.BOUNCED, Stood.COMPLAINED)
"""What is taken first: nobody may be brought without those who had left."""


class Brought(StrEnum):
    """What an import makes of a row."""

    ATTESTED = "attested"  # consent, on the controller's word
    UNPROVEN = "unproven"  # known, and never mailed for marketing
    KNOWN = "known"  # they stand somewhere here already, and stay there
    WITHDRAWN = "withdrawn"  # they left here, or were never the ones who asked, and stay away
    STOPPED = "stopped"  # their mail came back here, or they called one spam
    ERASED = "erased"  # its owner was erased here, or said that they had never asked
    AGREED_SINCE = "agreed since"  # they left the other system, and have confirmed here after that
    LEFT = "left"  # taken over: they are sent nothing in the other system, and nothing here from now on
    SUPPRESSED = "suppressed"  # they are among those whom the other system sends nothing
    NEVER = "never"  # they never subscribed there: nothing is taken over
    REPEATED = "repeated"  # the address stands further up in the same files


PART = 500
"""So many rows of an attested import are signed and taken together; the last part may be shorter."""


class Taking(StrEnum):
    """What people of another system may become: consent on the controller's word, or known alone, or nothing
    is taken."""

    ATTESTED = "attested"
    UNPROVEN = "unproven"
    NEVER = "never"


class ImportFile(Struct, frozen=True):
    """A file of an import, by the SHA-256 of its bytes (hex). `holds` says what is in it, in a few words."""

    name: str
    digest: str
    holds: str


class Attested(Struct, frozen=True):
    """What the controller puts their name to: who said it, on which day, of which topics, by which form and
    with which words people had agreed. `digest` is that of the signed note that says so, and `key` the
    controller's public key, as a C2SP verifier key line, by which it is checked."""

    digest: str
    by: str
    on: str
    topics: tuple[str, ...]
    form: str
    wording: str
    key: str


class Import(Struct, frozen=True):
    """An import, as it is begun. `none` are those of whom the importer said that there are none in the other
    system, since no file tells of them; `tells` are those of whom files tell."""

    id: str
    product: str
    files: tuple[ImportFile, ...]
    topics: tuple[str, ...]
    importer: str
    none: tuple[str, ...] = ()
    attested: Attested | None = None
    tells: tuple[str, ...] = ()


class Entry(Struct, frozen=True, gc=False):
    """A row to be taken. `file` is the number of its file, `line` that in it; `confirmed_at` is in ms UTC (0:
    not known); `stopped_at` too; `claimed` are the cells that speak of consent, as they stand in the file."""

    file: int
    line: int
    email: str
    stood: Stood
    language: str = ""
    confirmed_at: int = 0
    stopped_at: int = 0
    claimed: dict[str, str] = {}


class Taken(Struct, frozen=True, gc=False):
    """What became of a row. `subject` is empty for somebody who is not known here, and `made` says that they
    are since this row."""

    brought: Brought
    subject: str = ""
    made: bool = False


class ImportRecord(Struct, frozen=True):
    """An import as it stands: `state` is running, done or undone, `position` how many rows are behind it, and
    `counts` how many of them became what. Moments are in ms UTC, 0: not yet."""

    what: Import
    state: str
    at: int
    ended: int
    position: int
    counts: dict[str, int]


class BroughtOne(Struct, frozen=True):
    """Somebody whom an import brought. `made`: nobody knew them here before, and no marketing was mailed to
    them since, whose link to unsubscribe must hold; `acted`: something happened with their consent since,
    whoever did it."""

    row: int
    subject: str
    made: bool
    acted: bool


class TakenBack(Struct, frozen=True):
    """How many people were forgotten, how many stand again where they stood, and how many stay, since they
    acted."""

    forgotten: int
    put_back: int
    stay: int


class Untold(Struct, frozen=True):
    """How many people are still to be told where their data is from, by when the first of them (ms UTC; 0:
    nobody is), and for how many it is too late."""

    people: int
    first: int
    late: int
