"""Contacts, journeys and effects as bytes in rows, and back."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Raw, Struct, ValidationError

from engine.core.bundle import (
    Body,
    Bundle,
    CallBody,
    Effect,
    Journey,
    MailBody,
    Mailed,
    Seen,
    in_order,
    replace,
)
from engine.core.calendar import NEVER
from engine.core.restriction import Restriction
from engine.core.values import decoder, encode, packable


class Profile(Struct, frozen=True, array_like=True):
    """A bundle without its journeys, of which it tells the `slots`: what the contact's own row holds."""

    created: int
    attributes: dict[str, Any]
    agreed: list[str]
    windows: dict[str, list[tuple[int, dict[str, Any]]]]
    segments: list[str]
    segments_due: int
    entered: dict[str, int]
    judged_by: str = ""
    watch: int = NEVER
    dates: dict[str, int] = {}
    dated_by: str = ""
    mails: tuple[Mailed, ...] = ()
    viewed: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()
    armed: dict[str, str] = {}
    given: dict[str, str] = {}
    known_since: dict[str, int] = {}
    silenced: bool = False
    predicted: dict[str, Any] = {}
    trials: dict[str, int] = {}
    kept_by: str = ""
    slots: tuple[int, ...] = ()
    restricted: Restriction | None = None


class _Rest(Struct, frozen=True, array_like=True):
    """A journey without what stands in columns of its own."""

    started: int
    trigger_id: str
    trigger: dict[str, Any]
    per: str = ""
    mail: str = ""
    received: dict[str, dict[str, Any]] = {}
    sent: tuple[str, ...] = ()
    visits: dict[str, int] = {}
    codes: dict[str, int] = {}
    held: int = 0
    given: dict[str, str] = {}
    beside: dict[str, int] | None = None


class _Told(Struct, frozen=True, array_like=True, gc=False):
    """The very beginning of it, with each attribute as it is packed."""

    created: int
    attributes: dict[str, Raw]


class _Belonging(Struct, frozen=True, array_like=True):
    """The beginning of a contact's own row."""

    created: int
    attributes: Raw
    agreed: list[str]
    windows: Raw
    segments: list[str]


_profile = decoder(Profile)
_rest = decoder(_Rest)
_belonging = decoder(_Belonging)
_told = decoder(_Told)
_body = decoder(Body)
_mail = decoder(MailBody)


def profile_row(bundle: Bundle, slots: tuple[int, ...]) -> bytes:
    """The contact's own row, whose journeys are in these slots."""
    return encode(
        Profile(
            bundle.created,
            packable(bundle.attributes),
            sorted(bundle.agreed),
            {
                event: [(seen.at, packable(seen.data)) for seen in window]
                for event, window in bundle.windows.items()
            },
            sorted(bundle.segments),
            bundle.segments_due,
            bundle.entered,
            bundle.judged_by,
            bundle.watch,
            bundle.dates,
            bundle.dated_by,
            bundle.mails,
            bundle.viewed,
            bundle.bought,
            bundle.armed,
            bundle.given,
            bundle.known_since,
            bundle.silenced,
            packable(bundle.predicted),
            bundle.trials,
            bundle.kept_by,
            slots,
            _packable(bundle.restricted),
        )
    )


def profile_of(row: bytes) -> Profile:
    found: Profile = _profile.decode(row)
    return found


def bundle_of(contact: str, profile: Profile, journeys: Iterable[Journey]) -> Bundle:
    """The contact's bundle."""
    return Bundle(
        contact,
        profile.created,
        profile.attributes,
        frozenset(profile.agreed),
        {event: tuple(Seen(at, data) for at, data in window) for event, window in profile.windows.items()},
        frozenset(profile.segments),
        profile.segments_due,
        profile.judged_by,
        profile.entered,
        in_order(journeys),
        profile.watch,
        profile.dates,
        profile.dated_by,
        profile.mails,
        profile.viewed,
        profile.bought,
        profile.armed,
        profile.given,
        profile.known_since,
        profile.silenced,
        profile.predicted,
        profile.trials,
        profile.kept_by,
        profile.restricted,
    )


def _packable(held: Restriction | None) -> Restriction | None:
    if held is None or not held.missed:
        return held
    return replace(held, missed=tuple([replace(one, data=packable(one.data)) for one in held.missed]))


def rest_row(journey: Journey) -> bytes:
    """Of a journey's row what has no column."""
    return encode(
        _Rest(
            journey.started,
            journey.trigger_id,
            packable(journey.trigger),
            journey.per,
            journey.mail,
            packable(journey.received),
            journey.sent,
            journey.visits,
            journey.codes,
            journey.held,
            journey.given,
            journey.beside,
        )
    )


def journey_of(row: Sequence[Any], flow: str, graph: str) -> Journey:
    """A journey by the columns `slot`, `contact`, `id`, `node`, `epoch`, `due`, `clock` and `body`, and by
    what it is pinned to."""
    slot, contact, id_, node, epoch, due, clock, body = row
    rest = _rest.decode(body)
    return Journey(
        id_.hex(),
        contact.hex(),
        flow,
        graph,
        node,
        due,
        epoch,
        rest.started,
        rest.trigger_id,
        rest.trigger,
        rest.per,
        rest.mail,
        rest.received,
        rest.sent,
        rest.visits,
        rest.codes,
        rest.held,
        rest.given,
        rest.beside,
        clock,
        slot,
    )


def mail_of(body: bytes) -> str:
    """The key of the open mail that a journey counts from."""
    found: str = _rest.decode(body).mail
    return found


def segments_of(row: bytes) -> list[str]:
    """The segments of a contact; the rest of its row is hardly looked at."""
    found: _Belonging = _belonging.decode(row)
    return found.segments


def attributes_of(row: bytes) -> dict[str, bytes]:
    """The attributes of a contact, each packed; the rest of its row is hardly looked at."""
    found: _Told = _told.decode(row)
    return {name: bytes(value) for name, value in found.attributes.items()}


def effect_row(effect: Effect) -> bytes:
    body = effect.body
    if isinstance(body, CallBody):
        return encode(replace(body, values=packable(body.values)))
    if not isinstance(body, MailBody):
        return encode(body)
    return encode(
        replace(
            body,
            attributes=packable(body.attributes),
            trigger=packable(body.trigger),
            received=packable(body.received),
            values=packable(body.values),
            subject=packable(body.subject),
        )
    )


def effect_of(key: bytes, contact: bytes, row: bytes) -> Effect:
    body: Body
    try:
        body = _body.decode(row)
    except ValidationError:  # of a version that asked for nothing but mails, and did not say so
        body = _mail.decode(row)
    return Effect(key.hex(), contact.hex(), str(body.__struct_config__.tag), body)


def data_row(data: dict[str, Any]) -> bytes:
    return encode(packable(data))


data_of = decoder(dict[str, Any]).decode
