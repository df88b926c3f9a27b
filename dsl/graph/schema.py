"""What a project declares: types of fields, events, topics."""

from typing import Literal

from msgspec import Struct


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
    cap_unit: Literal["day", "week", "month"] = "month"
