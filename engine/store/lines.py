"""Lines of the journal, many packed into one row.

Ids are random and take sixteen bytes each, however they are packed; all else is said in few ways by many
lines. So what lines say stands once, in the order of first use, and each passage (lines of one journey, one
behind the other) tells the contact, the journey, and by number what it says.
"""

import zlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from msgspec import Struct

from engine.core.bundle import Entry, replace
from engine.core.record import Ground, Line
from engine.core.values import decoder, encode, packable

_ID = 16
_NO_ID = "0" * 32
_BY_JOURNEY = attrgetter("contact", "journey")

Said: TypeAlias = tuple[int, int, str, str, str, str, int, str, bytes]
"""Of an entry: `at`, `n`, `flow`, `step`, `what`, `reason`, `until`, `fault` and, encoded, `grounds`."""


class Passage(Struct, frozen=True, gc=False):
    """Lines of one journey at one moment (ms UTC)."""

    contact: str
    journey: str
    flow: str
    at: int
    lines: tuple[Line, ...]


def pack(entries: Iterable[Entry], passages: Sequence[Passage] = ()) -> bytes:
    """A row with all of them, in order."""
    said: dict[Said, int] = {}
    ways: dict[tuple[int, ...], int] = {}
    contacts, journeys, places = [], [], []
    for (contact, journey), run in groupby(entries, _BY_JOURNEY):
        way = tuple([said.setdefault(_said(entry), len(said)) for entry in run])
        contacts.append(contact)
        journeys.append(journey)
        places.append(ways.setdefault(way, len(ways)))
    known: dict[tuple[str, int, int], int] = {}
    for one in passages:
        same = (one.flow, one.at, id(one.lines))  # who goes the same way has the same object
        place = known.get(same)
        if place is None:
            way = tuple([said.setdefault(_line(one, n, line), len(said)) for n, line in enumerate(one.lines)])
            place = known[same] = ways.setdefault(way, len(ways))
        places.append(place)
    contacts += [one.contact for one in passages]
    journeys += [one.journey for one in passages]
    words = zlib.compress(encode((list(said), list(ways))), 1)
    return encode((words, places, _bytes(contacts), _bytes(journeys)))


def unpack(row: bytes, contact: str = "") -> list[Entry]:
    """The entries of a row in order; of one contact, or of all."""
    packed, places, contacts, journeys = _row.decode(row)
    if contact and bytes.fromhex(contact) not in contacts:
        return []
    said, ways = _words.decode(zlib.decompress(packed))
    found = []
    for number, place in enumerate(places):
        whose = contacts[number * _ID : (number + 1) * _ID].hex()
        if contact and whose != contact:
            continue
        journey = journeys[number * _ID : (number + 1) * _ID].hex()
        journey = "" if journey == _NO_ID else journey
        for each in ways[place]:
            at, n, flow, step, what, reason, until, fault, grounds = said[each]
            told = _grounds.decode(grounds) if grounds else ()
            found.append(Entry(whose, at, n, journey, flow, step, what, reason, until, fault, told))
    return found


def _said(entry: Entry) -> Said:
    return (
        entry.at,
        entry.n,
        entry.flow,
        entry.step,
        entry.what,
        entry.reason,
        entry.until,
        entry.fault,
        _packed(entry.grounds),
    )


def _line(passage: Passage, n: int, line: Line) -> Said:
    grounds = _packed(line.grounds)
    return passage.at, n, passage.flow, line.step, line.what, line.reason, line.until, "", grounds


def _packed(grounds: tuple[Ground, ...]) -> bytes:
    if not grounds:
        return b""
    return encode([replace(ground, value=packable(ground.value)) for ground in grounds])


def _bytes(ids: list[str]) -> bytes:
    return bytes.fromhex("".join([id_ or _NO_ID for id_ in ids]))


_Row: TypeAlias = tuple[bytes, list[int], bytes, bytes]
_row = decoder(_Row)
_words = decoder(tuple[list[Said], list[tuple[int, ...]]])
_grounds = decoder(tuple[Ground, ...])
