"""The scrub: by and by, all people and all leaves are looked at, whether the store says what the log says.

Where people stand and what lies over their addresses is told anew from their leaves, their evidence is opened
and its commitments are computed anew, and the bytes of leaves are compared with the hashes of their tree. It
reads only, in parts, beside whoever writes; what it finds is noted afterwards, and denies marketing."""

import json
import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.compared import people
from consent.ledger.doubts import THE_LOG, doubt
from consent.ledger.logged import read_logged
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import living
from consent.proof.tree import leaf_hash, merkle_root
from consent.states import PENDING_PURGED
from consent.store.columns import blob
from consent.store.statement import Statement
from consent.store.tables import (
    IN_ANY_SPAN,
    among,
    erasures,
    facts,
    leaves,
    merged,
    nodes,
    subjects,
)

VISITS = 144
"""In so many visits it gets round: in a day, if it comes every ten minutes."""
_PEOPLE = 50
_LEVEL = 8
_BLOCK = 1 << _LEVEL
"""So many leaves, a complete subtree, are looked at together."""
_FEWEST = 4 * _BLOCK  # leaves of a visit
_IDS = 1 << 128
_NAME = "scrub"
_ID = re.compile("(?:[0-9a-f]{32})?")


class Place(Struct, frozen=True):
    """How far a round has come: behind which id (hex), and before which leaf; when it began and when the one
    before was over (ms UTC; 0: there was none)."""

    person: str = ""
    leaf: int = 0
    began: int = 0
    over: int = 0


class Visit(Struct, frozen=True):
    """Up to where one visit goes: to this id (empty: to the last one), and to this leaf."""

    person: str
    leaf: int


class Seen(Struct, frozen=True):
    """One part: how far it came, whom it found, and whether the visit is over."""

    place: Place
    found: tuple[tuple[str, str], ...] = ()
    over: bool = False


_FACT = Statement(select(facts.c.value).where(facts.c.name == _NAME))
_INTO = insert(facts)
_KEEP = Statement(
    _INTO.on_conflict_do_update(index_elements=[facts.c.name], set_={"value": _INTO.excluded.value})
)
_NEWEST = Statement(select(func.max(leaves.c.seq)))
_NEXT_LEAF = Statement(select(func.min(leaves.c.seq)).where(leaves.c.seq >= bindparam("first")))
_HOLE = "leaves from "


def place_of(reading: Reading) -> Place:
    """How far the scrub has come."""
    row = _FACT.first(reading.driver)
    try:
        place = Place() if row is None else msgspec.json.decode(blob(row[0]), type=Place)
    except msgspec.MsgspecError:
        return Place()  # whoever wrote that may want that it never begins again
    return place if place.leaf >= 0 and _ID.fullmatch(place.person) else Place(over=place.over)


def begin(reading: Reading, visits: int = VISITS) -> tuple[Place, Visit]:
    """Where a visit begins and where it ends, if so many get round."""
    place, size = place_of(reading), _size(reading)
    first = 0 if place.leaf >= size else place.leaf // _BLOCK * _BLOCK
    upto = int(place.person or "0", 16) + _IDS // visits
    most = max(_FEWEST, -(-size // visits // _BLOCK) * _BLOCK)
    began = place.began or reading.now
    return (
        msgspec.structs.replace(place, leaf=first, began=began),
        Visit(f"{upto:032x}" if upto < _IDS else "", min(first + most, size)),
    )


def look(reading: Reading, place: Place, visit: Visit) -> Seen:
    """The next part of a visit: some leaves first, then some people."""
    if place.leaf < visit.leaf:
        upto = min(place.leaf + _BLOCK, visit.leaf)
        found = tuple(_leaves(reading, place.leaf, upto))
        if found and found[-1][1].startswith(_HOLE):
            upto = min(_after_hole(reading, upto), visit.leaf)
        return Seen(msgspec.structs.replace(place, leaf=upto), found)
    ids = _ids(reading, place.person, visit.person)
    if any(not isinstance(one, str) for one in ids):  # they stand last, and no mail can ask by them
        strange = ((THE_LOG, "a person's id"),)
        ids = [one for one in ids if isinstance(one, str)]
        if not ids:
            return Seen(Place(leaf=place.leaf, over=reading.now), strange, over=True)
    if ids:
        found = tuple((one.subject, what) for one in people(reading, ids) for what in one.differs)
        return Seen(msgspec.structs.replace(place, person=ids[-1]), found)
    if visit.person:
        return Seen(msgspec.structs.replace(place, person=visit.person), over=True)
    return Seen(Place(leaf=place.leaf, over=reading.now), over=True)


def look_through(reading: Reading) -> list[tuple[str, str]]:
    """Whom a whole round finds, with what differs, from the beginning and in one go; nothing is noted."""
    place, visit, found = Place(), Visit("", _size(reading)), list[tuple[str, str]]()
    while True:
        seen = look(reading, place, visit)
        found += seen.found
        if seen.over:
            return found
        place = seen.place


def note(tx: Writing, place: Place, found: Sequence[tuple[str, str]]) -> int:
    """Keep how far it came and whom it found; how many of these are new."""
    _KEEP.run(tx.driver, name=_NAME, value=msgspec.json.encode(place))
    return doubt(tx, _of_whom(tx, found)) if found else 0


def _of_whom(tx: Writing, found: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Whom it concerns by now: of somebody who became part of another, that one; of somebody who is there no
    more, whose leaves alone are left, the log."""
    ids = [subject for subject, _ in found if subject]
    into = living(tx, ids)
    there = {row[0] for row in _THERE[0].rows(tx.driver, ids=json.dumps([*ids, *into.values()]))}
    for subject, what in found:
        whole = into.get(subject, subject)
        if not subject or whole in there or what == "subject":
            yield whole, what
        elif what.startswith("leaf "):
            yield THE_LOG, what


def _after_hole(reading: Reading, first: int) -> int:
    """The block of the next leaf from here on; a leaf may be planted as far on as there are numbers."""
    row = _NEXT_LEAF.first(reading.driver, first=first)
    return first if row is None or row[0] is None else int(row[0]) // _BLOCK * _BLOCK


def _size(reading: Reading) -> int:
    row = _NEWEST.first(reading.driver)
    return 0 if row is None or row[0] is None else int(row[0]) + 1


# ------------------------------------------------------------------ people

_NEXT = select(subjects.c.id).where(subjects.c.id > bindparam("after")).order_by(subjects.c.id).limit(_PEOPLE)
_IDS_ON = Statement(_NEXT)
_IDS_UPTO = Statement(_NEXT.where(subjects.c.id <= bindparam("upto")))


def _ids(reading: Reading, after: str, upto: str) -> list[str]:
    if upto:
        return [row[0] for row in _IDS_UPTO.rows(reading.driver, after=after, upto=upto)]
    return [row[0] for row in _IDS_ON.rows(reading.driver, after=after)]


# ------------------------------------------------------------------ leaves

_SOME = Statement(
    select(
        leaves.c.seq,
        leaves.c.type,
        leaves.c.subject,
        leaves.c.purpose,
        leaves.c.at,
        leaves.c.body,
        nodes.c.hash,
    )
    .outerjoin(nodes, (nodes.c.level == 0) & (nodes.c.index == leaves.c.seq))
    .where(leaves.c.seq >= bindparam("first"), leaves.c.seq < bindparam("end"))
    .order_by(leaves.c.seq)
)
_NODE = Statement(
    select(nodes.c.hash).where(nodes.c.level == bindparam("on"), nodes.c.index == bindparam("place"))
)
_LEAVES_OF = Statement(
    select(leaves.c.subject, leaves.c.seq, leaves.c.body)
    .where(IN_ANY_SPAN, among(leaves.c.subject, "ids"))
    .order_by(leaves.c.seq)
)
_THERE = tuple(
    Statement(select(column).where(among(column, "ids")))
    for column in (subjects.c.id, erasures.c.subject, merged.c.subject)
)


def _leaves(reading: Reading, first: int, end: int) -> Iterator[tuple[str, str]]:
    """The leaves of a stretch against their tree, and whether the store knows of whom they are."""
    hashes, known = [], dict[str, int]()
    expected = first
    rows = _SOME.rows(reading.driver, first=first, end=end)
    if not rows:  # however long it is, it is told once
        yield THE_LOG, f"{_HOLE}{first} and on"
        return
    for seq, kind, subject, purpose, at, body, hashed in rows:
        yield from _gap(expected, seq)
        expected = seq + 1
        found, leaf = leaf_hash(blob(body)), read_logged(body)
        hashes.append(found)
        subject = subject if isinstance(subject, str) else ""
        columns = (seq, kind, subject, purpose, at)
        fits = leaf is not None and columns == (leaf.seq, leaf.type, leaf.subject, leaf.purpose, leaf.at)
        of_tree = hashed is not None and blob(hashed) == found
        if not of_tree:  # then it is not known whose it was, nor what it said
            yield THE_LOG, f"leaf {seq}"
        if not (fits and of_tree):
            yield leaf.subject if leaf is not None else subject or THE_LOG, f"leaf {seq}"
        if subject:
            known[subject] = seq
    yield from _gap(expected, end)
    if len(hashes) == _BLOCK and first % _BLOCK == 0:
        block = _NODE.first(reading.driver, on=_LEVEL, place=first >> _LEVEL)
        if block is None or blob(block[0]) != merkle_root(hashes):
            yield THE_LOG, f"tree {first}"
    yield from _missing(reading, set(known))


def _gap(first: int, end: int) -> Iterator[tuple[str, str]]:
    """Leaves that are not there, told once however many they are."""
    if end - first == 1:
        yield THE_LOG, f"leaf {first}"
    elif end > first:
        yield THE_LOG, f"leaves {first} to {end - 1}"


def _missing(reading: Reading, known: set[str]) -> Iterator[tuple[str, str]]:
    """People of whom the log tells and the store knows nothing, and nothing says why."""
    missing = set(known)
    for statement in _THERE:
        if missing:
            missing -= {row[0] for row in statement.rows(reading.driver, ids=json.dumps(sorted(missing)))}
    if not missing:
        return
    last = {
        subject: read_logged(body)
        for subject, _, body in _LEAVES_OF.rows(reading.driver, ids=json.dumps(sorted(missing)))
    }
    for subject in sorted(missing):
        leaf = last.get(subject)
        if leaf is None or leaf.type != PENDING_PURGED:
            yield subject, "subject"
