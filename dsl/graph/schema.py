"""What a project declares: types of fields, events, topics."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from dsl.graph.values import Duration, Money


class FieldType(Struct, frozen=True):
    """`kind` is one of text, number, money, flag, date, moment, url, choice, list, record.

    `choices` serves choice; `item` serves list; `fields` serves record.
    """

    kind: Literal["text", "number", "money", "flag", "date", "moment", "url", "choice", "list", "record"]
    choices: tuple[str, ...] = ()
    item: "FieldType | None" = None
    fields: "tuple[tuple[str, FieldType], ...]" = ()


class EventType(Struct, frozen=True):
    """An event's fields. `built_in` events come from Virta itself and are refused at the API."""

    name: str
    fields: tuple[tuple[str, FieldType], ...]
    built_in: bool = False


class TopicType(Struct, frozen=True):
    """What a person agrees to (`marketing`) or gets because of something they did (`service`)."""

    name: str
    title: str
    purpose: Literal["marketing", "service"]
    basis: Literal["consent", "contract", "legal_obligation"]
    wording: str = ""
    cap_count: int = 0  # at most this many mails per `cap_unit`; 0: no cap
    cap_unit: Literal["day", "week", "month", "rolling"] = "month"
    cap_rolling: Duration | None = None  # the window of a rolling cap: days only


class Sale(Struct, frozen=True):
    """An event that is a sale, by which its customer comes to the topics that rest on sales of its goods.
    Each field is named by its way within the event, as in `items.category`: `order` has its id, `goods` their
    category or several, `offered` whether the customer could object when their address was collected,
    `notice` by which words, `objected` whether they did (empty: the event does not say)."""

    event: str
    order: str
    goods: str
    offered: str
    notice: str
    objected: str = ""


class Coupon(Struct, frozen=True):
    """What a code is worth, and how one is made: `pattern` holds `{random N}` once, as in `BACK-{random 8}`;
    or `codes_from` names a file of the project that holds one code a line, each given once (`pattern` is
    empty then).

    Exactly one of `percent`, `amount` and `free_shipping` is given. A code is valid from its creation, for
    `valid` (None: without end).
    """

    name: str
    title: str
    pattern: str = ""
    percent: Decimal | None = None
    amount: Money | None = None
    free_shipping: bool = False
    valid: Duration | None = None
    codes_from: str = ""


class Webhook(Struct, frozen=True):
    """Where `call` sends what it tells. `secret_env` names the environment variable that holds the key by
    which a call is signed."""

    name: str
    url: str
    secret_env: str = ""


class Cap(Struct, frozen=True):
    """`at most N emails per U`: U is a calendar day, week (Monday first) or month, or the rolling window
    `rolling`. `wait`: how long a mail may be held for room (None: it is skipped at once)."""

    count: int
    unit: Literal["day", "week", "month", "rolling"]
    rolling: Duration | None = None
    wait: Duration | None = None


class Quiet(Struct, frozen=True):
    """`quiet A to B`, HH:MM; B is earlier than A where the night lies between."""

    start: str
    end: str


class Limits(Struct, frozen=True):
    """How much marketing mail one person gets, on the contact's own clock."""

    caps: tuple[Cap, ...] = ()
    quiet: tuple[Quiet, ...] = ()
