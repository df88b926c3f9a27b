"""Contacts, journeys, effects and journal lines as bytes in rows, and back."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Raw, Struct, ValidationError

from engine.core.bundle import (
    Body,
    Bundle,
    CallBody,
    Effect,
    Entry,
    Journey,
    MailBody,
    Mailed,
    Seen,
    in_order,
    replace,
)
from engine.core.calendar import NEVER
from engine.core.values import decoder, encode, packable


class _Profile(Struct, frozen=True, array_like=True):
    """A bundle without its journeys: what the contact's own row holds."""

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


class Standing(Struct, frozen=True, array_like=True):
    """The beginning of a journey."""

    id: str
    contact: str
    flow: str
    graph: str
    node: int


class _Belonging(Struct, frozen=True, array_like=True):
    """The beginning of a contact's own row."""

    created: int
    attributes: Raw
    agreed: list[str]
    windows: Raw
    segments: list[str]


_profile = decoder(_Profile)
_journey = decoder(Journey)
_standing = decoder(Standing)
_belonging = decoder(_Belonging)
_body = decoder(Body)
_mail = decoder(MailBody)
_entries = decoder(list[Entry])


def profile_row(bundle: Bundle) -> bytes:
    return encode(
        _Profile(
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
        )
    )


def bundle_of(contact: str, row: bytes | None, journeys: Iterable[Journey]) -> Bundle:
    """The contact's bundle; one that has no row yet is new."""
    if row is None:
        return Bundle(contact, journeys=in_order(journeys))
    profile = _profile.decode(row)
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
    )


def journey_row(journey: Journey) -> bytes:
    return encode(replace(journey, trigger=packable(journey.trigger), received=packable(journey.received)))


def journey_of(row: bytes) -> Journey:
    found: Journey = _journey.decode(row)
    return found


def graph_of(row: bytes) -> str:
    """The digest of the graph on which a journey stands; the rest of the row is not looked at."""
    return standing_of(row).graph


def standing_of(row: bytes) -> Standing:
    """Who stands where; the rest of a journey's row is not looked at."""
    found: Standing = _standing.decode(row)
    return found


def segments_of(row: bytes) -> list[str]:
    """The segments of a contact; the rest of its row is hardly looked at."""
    found: _Belonging = _belonging.decode(row)
    return found.segments


def flow_of(row: bytes) -> str:
    """The flow in which a journey is; the rest of the row is not looked at."""
    return standing_of(row).flow


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


def journal_row(entries: Sequence[Entry]) -> bytes:
    return zlib.compress(encode(entries), 1)


def entries_of(row: bytes) -> list[Entry]:
    found: list[Entry] = _entries.decode(zlib.decompress(row))
    return found


def data_row(data: dict[str, Any]) -> bytes:
    return encode(packable(data))


data_of = decoder(dict[str, Any]).decode
