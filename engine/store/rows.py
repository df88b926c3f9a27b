"""Contacts, journeys, effects and journal lines as bytes in rows, and back."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from engine.core.bundle import Bundle, Effect, Entry, Journey, MailBody, Seen, in_order, replace
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


_profile = decoder(_Profile)
_journey = decoder(Journey)
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
    )


def journey_row(journey: Journey) -> bytes:
    return encode(replace(journey, trigger=packable(journey.trigger), received=packable(journey.received)))


def journey_of(row: bytes) -> Journey:
    found: Journey = _journey.decode(row)
    return found


def mail_row(effect: Effect) -> bytes:
    body = effect.body
    return encode(
        replace(
            body,
            attributes=packable(body.attributes),
            trigger=packable(body.trigger),
            received=packable(body.received),
            values=packable(body.values),
        )
    )


def effect_of(key: bytes, contact: bytes, row: bytes) -> Effect:
    return Effect(key.hex(), contact.hex(), "mail", _mail.decode(row))


def journal_row(entries: Sequence[Entry]) -> bytes:
    return zlib.compress(encode(entries), 1)


def entries_of(row: bytes) -> list[Entry]:
    found: list[Entry] = _entries.decode(zlib.decompress(row))
    return found


def data_row(data: dict[str, Any]) -> bytes:
    return encode(packable(data))


data_of = decoder(dict[str, Any]).decode
