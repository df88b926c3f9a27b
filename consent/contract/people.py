"""What people send and are shown, and what is told of them."""

from enum import IntFlag, StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from consent.contract.bounds import MOST_BOXES, Age, Country, Label, Moment, Named, Told, WholePage
from consent.contract.mail import Ask
from consent.contract.published import Notice


class Visit(Struct, frozen=True):
    """What is known of a request by a person: kept as evidence, encrypted."""

    ip: Named = ""
    user_agent: Told = ""
    referrer: Told = ""


class ShownBox(Struct, frozen=True):
    """A box of a form as somebody was shown it: for which topic, the words beside it, and whether it was
    `ticked` before they touched it; None: that is not told."""

    topic: Named
    label: Label
    ticked: bool | None = None


Boxes = Annotated[tuple[ShownBox, ...], Meta(max_length=MOST_BOXES)]


class SignUp(Struct, frozen=True):
    """Someone asked to be written to. `form` is the name of the form and `form_version` which of its versions
    they saw, `boxes` are those of it. `shown` are the exact bytes of a page of ours, empty when it came by
    the API: that which everybody is shown, with nothing about anybody in it, for it outlives whoever saw it;
    `served` is what that page carried (`ConsentClient.serve_form`). Nothing is agreed until the link in the
    proof mail was used. `age` is in years, `country` two letters, as in `LV`: of somebody too young nothing
    is stored."""

    email: str
    topics: Annotated[tuple[Named, ...], Meta(max_length=MOST_BOXES)]
    language: Named
    form: Named
    shown: WholePage = b""
    visit: Visit = Visit()
    age: Age | None = None
    country: Country = ""
    form_version: Named = ""
    boxes: Boxes = ()
    served: Named = ""


class SoftFact(IntFlag):
    """What must be known before anybody is told of similar goods without having agreed to it."""

    SALE = 1
    SIMILAR_GOODS = 2
    OBJECTION_OFFERED = 4  # when the address was collected


ALL_FACTS = int(SoftFact.SALE | SoftFact.SIMILAR_GOODS | SoftFact.OBJECTION_OFFERED)


class Sale(Struct, frozen=True):
    """A sale by which a customer may be told of similar goods. `sale` is its id in the shop, `at` its moment
    (ms UTC), `category` that of the goods, `offered` how they could object when their address was collected,
    as in `a box at the checkout`, and `objected` whether they did. `source` says who tells of it."""

    subject: str
    topic: Named
    sale: Named
    at: Moment
    category: Named
    offered: Told
    source: Named = "api"
    objected: bool = False


class Kept(Struct, frozen=True):
    """How much was done by time alone: wishes that lapsed, requests forgotten, topics ended by silence and
    with the topic itself, people asked for changed words, people whose proof was forgotten, IP addresses cut
    short, legal holds whose day has come, decisions that are kept no longer; and `doubted`, how often the
    store was found to say what the log does not. `clock_off`: nothing was done, as the clock stands so far
    (ms; below 0: behind) from when it was done last. `more`: there is more to do now."""

    expired: int = 0
    purged: int = 0
    stale: int = 0
    ended: int = 0
    asked_again: int = 0
    proof_purged: int = 0
    ips_shortened: int = 0
    holds_ended: int = 0
    decisions_expired: int = 0
    doubted: int = 0
    clock_off: int = 0
    more: bool = False


class About(StrEnum):
    """What a proof mail, and the page behind its link, is about."""

    SIGN_UP = "sign_up"
    NEW_ADDRESS = "new_address"  # asks the address that mails are to go to from now on
    OLD_ADDRESS = "old_address"  # tells the address that they went to until now: there is nothing to confirm


class Proof(Struct, frozen=True):
    """A mail of the consent service itself that wants to be sent: one that asks for a confirmation, or, with
    `until`, a notice of a hold that stands until then (ms UTC). `ask` goes through the same claim as every
    other mail."""

    ask: Ask
    language: str
    wording: tuple[str, ...]  # the sentences that the person will agree to
    about: About = About.SIGN_UP
    until: int = 0


class Frequency(StrEnum):
    """How many marketing mails a person wants at most, all topics together; by calendar, in UTC."""

    AS_IT_COMES = ""
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class TopicView(Struct, frozen=True):
    """`beside`: it is one of `BESIDE_TOPICS`. `gets`: mails about it go, or what it is about is done, on
    whatever basis. `left`: they have stopped it, and nothing but their own confirmation leads back; whoever
    neither gets nor has left a topic can still leave it, so that nothing brings them there. `controller` and
    `notice` are what is told beside the words, on a page that asks for agreement. `language` is that of the
    words."""

    topic: str
    title: str
    wording: str
    state: str
    beside: bool = False
    gets: bool = False
    left: bool = False
    controller: str = ""
    notice: Notice = Notice()
    language: str = ""


class LinkView(Struct, frozen=True):
    """What a page behind a link shows. `address` is shortened (`a…@example.com`) unless the link is one for
    preferences. `topics` has those `BESIDE_TOPICS` too. `paused_until` is in ms UTC, 0 while nothing is
    paused. Reading it changes nothing."""

    valid: bool
    reason: str  # "", "expired", "used", "erased", "unknown"
    language: str  # empty if it is not known whose the link is
    address: str
    topic: str  # of an unsubscribe link; "" for all
    topics: tuple[TopicView, ...]
    frequency: Frequency = Frequency.AS_IT_COMES
    paused_until: int = 0
    closed: str = ""  # how a used link to confirm or refuse was: confirmed, refused, withdrawn, moved
    fetched: str = ""  # of a link to confirm or refuse: goes back with the button that is pressed
    about: About = About.SIGN_UP


class Heard(StrEnum):
    """What became of a report about a mail, which is known by its key."""

    NEW = "new"  # recorded
    AGAIN = "again"  # it was told before; nothing changed
    UNKNOWN = "unknown"  # no such mail, or no such person, is known; nothing changed


class Receipt(Struct, frozen=True):
    """Proof for the person, to keep: what happened, when, at which leaf, with the log's newest checkpoint
    (a C2SP signed note) that covers it. `topics` are those that it happened to: none of a break. `cut`: more
    was wanted than is taken within an hour, so only what stops mail or makes it rarer was done."""

    subject: str
    type: str
    topics: tuple[str, ...]
    at: int
    leaf: int
    checkpoint: str
    cut: bool = False


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


class Crowded(Unavailable):
    """More is asked of it than it takes; ask again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"More sign-ups come than are taken; ask again after {seconds} seconds.")
        self.seconds = seconds
