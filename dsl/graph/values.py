"""Values and conditions, as trees."""

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct


class Money(Struct, frozen=True, array_like=True):
    """An amount in one currency (ISO 4217). Never converted."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class Duration(Struct, frozen=True):
    """A length of time in three parts that do not mix: calendar months, calendar days, elapsed seconds."""

    months: int = 0
    days: int = 0
    seconds: int = 0


class Expression(Struct, frozen=True, tag_field="is"):
    """Anything that has a value at run time."""


class Text(Expression, frozen=True, tag="text"):
    value: str


class Number(Expression, frozen=True, tag="number"):
    value: Decimal


class Amount(Expression, frozen=True, tag="amount"):
    value: Money


class Flag(Expression, frozen=True, tag="flag"):
    value: bool


class Day(Expression, frozen=True, tag="day"):
    value: date


class Moment(Expression, frozen=True, tag="moment"):
    """A wall-clock moment as written, `YYYY-MM-DDTHH:MM`; it becomes an instant on the flow's clock."""

    local: str


class Attribute(Expression, frozen=True, tag="attribute"):
    """`contact.NAME`; also id, email, email_domain, language, time_zone, country, created_at. `within` runs
    on into records: of a list of records it is the list of their values."""

    name: str
    within: tuple[str, ...] = ()


class Trigger(Expression, frozen=True, tag="trigger"):
    """`trigger.FIELD`: a field of the event that started the journey; `within` as of an attribute."""

    field: str
    within: tuple[str, ...] = ()


class Received(Expression, frozen=True, tag="received"):
    """`received.FIELD`: a field of the event that came at the `wait for` named `step`; `within` as of an
    attribute."""

    step: str
    field: str
    within: tuple[str, ...] = ()


class Field(Expression, frozen=True, tag="field"):
    """A bare name under `where`: a field of the event being looked at. `path` runs into records of a list."""

    path: tuple[str, ...]


class Now(Expression, frozen=True, tag="now"):
    pass


class Today(Expression, frozen=True, tag="today"):
    """The date on the flow's clock."""


class CouponCode(Expression, frozen=True, tag="coupon"):
    """`coupon NAME`: the code made for this journey and step. Only as a whole value of `with` and `set`."""

    coupon: str


class Predicted(Expression, frozen=True, tag="predicted"):
    """`predicted.churn_risk` (0 to 1) and `predicted.lifetime_value` (money); unknown without the contact's
    agreement to personalisation."""

    what: Literal["churn_risk", "lifetime_value"]


class Arithmetic(Expression, frozen=True, tag="arithmetic"):
    operator: Literal["+", "-", "*", "/"]
    left: "Value"
    right: "Value"


class Negative(Expression, frozen=True, tag="negative"):
    value: "Value"


class YearsSince(Expression, frozen=True, tag="years_since"):
    """Whole years that have passed since a date or moment."""

    value: "Value"


class LastSpan(Struct, frozen=True, tag_field="is", tag="last"):
    """`in last D`: (now − D, now]."""

    duration: Duration


class SinceEntry(Struct, frozen=True, tag_field="is", tag="entry"):
    """`since entry`: after the event that started the journey."""


class SinceDate(Struct, frozen=True, tag_field="is", tag="date"):
    """`since DATE`: from 00:00 of that day on the flow's clock; a value that may be unknown."""

    value: "Value"


Span: TypeAlias = LastSpan | SinceEntry | SinceDate


class History(Expression, frozen=True, tag="history"):
    """A question to the contact's past. `any` and `no` are conditions, the others values."""

    kind: Literal["any", "no", "count", "sum", "average", "largest", "smallest", "first", "last"]
    event: str
    path: tuple[str, ...] = ()
    where: "Condition | None" = None
    span: Span | None = None


class Compare(Expression, frozen=True, tag="compare"):
    operator: Literal["is", "is not", "<", "<=", ">", ">=", "contains", "starts with", "ends with"]
    left: "Value"
    right: "Value"


class Between(Expression, frozen=True, tag="between"):
    """Both ends included."""

    value: "Value"
    low: "Value"
    high: "Value"


class OneOf(Expression, frozen=True, tag="one_of"):
    value: "Value"
    among: "tuple[Value, ...]"
    negated: bool = False


class Known(Expression, frozen=True, tag="known"):
    value: "Value"
    negated: bool = False


class TimeSince(Expression, frozen=True, tag="time_since"):
    """`time since X > D` means X + D < now (and so for the other signs)."""

    value: "Value"
    operator: Literal["<", "<=", ">", ">="]
    duration: Duration


class InSegment(Expression, frozen=True, tag="in_segment"):
    segment: str


class AgreedTo(Expression, frozen=True, tag="agreed_to"):
    topic: str


class Tagged(Expression, frozen=True, tag="tagged"):
    tag: str


class MailTest(Expression, frozen=True, tag="mail_test"):
    """`opened NAME`, `clicked NAME [link "…"]`, `sent NAME`, in this journey."""

    kind: Literal["opened", "clicked", "sent"]
    step: str
    link: str | None = None


class And(Expression, frozen=True, tag="and"):
    parts: "tuple[Condition, ...]"


class Or(Expression, frozen=True, tag="or"):
    parts: "tuple[Condition, ...]"


class Not(Expression, frozen=True, tag="not"):
    part: "Condition"


Value: TypeAlias = (
    Text
    | Number
    | Amount
    | Flag
    | Day
    | Moment
    | Attribute
    | Trigger
    | Received
    | Field
    | Now
    | Today
    | Arithmetic
    | Negative
    | YearsSince
    | History
    | CouponCode
    | Predicted
)
Condition: TypeAlias = (
    Compare
    | Between
    | OneOf
    | Known
    | TimeSince
    | History
    | InSegment
    | AgreedTo
    | Tagged
    | MailTest
    | And
    | Or
    | Not
)
