"""Making up for stops that the store has lost: it is an older one, or its commit failed."""

import json
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from consent.ledger.evidence import Evidence
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import living
from consent.states import (
    COMPLAINT,
    ERASURE,
    HARD_BOUNCE,
    MADE_UP_FOR,
    MERGED,
    MOVED,
    OBJECTION,
    OVERLAYS,
    RESTRICTED,
    RESTRICTION_LIFTED,
    Step,
)
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import among, made_up, nodes
from consent.subscriber.cooling import hold_off
from consent.subscriber.erasure import erase_again
from consent.subscriber.told import restrict_again
from consent.subscriber.wishes import wished_by
from consent.subscriber.withdrawal import silence, still_to_stop, stop

ACTOR = "system:stops_file"

_HASHES = Statement(
    select(nodes.c.index, nodes.c.hash).where(nodes.c.level == 0, among(nodes.c.index, "positions"))
)
_MADE_UP = Statement(select(made_up.c.leaf).where(among(made_up.c.leaf, "leaves")))
_POSITIONS = 1 << 62  # what no log comes to
_NOTE = Statement(insert(made_up).on_conflict_do_nothing())


def make_up(tx: Writing, failed: Sequence[Sequence[Stop]]) -> None:
    """Make up for the stops of commits that failed just now, as `replay` does. Of a merge or a move, nothing:
    whoever asked for it heard that it failed and may ask again, and no part of it holds without the rest."""
    undone = [one for stops in failed if _merges(stops) for one in stops]
    _NOTE.run_many(
        tx.driver, [(one.leaf,) for one in missed_among(tx, undone)]
    )  # a later start knows as well
    replay(tx, [one for stops in failed if not _merges(stops) for one in stops])


def _merges(stops: Sequence[Stop]) -> bool:
    return any(one.type == MERGED for one in stops)


def replay(tx: Writing, stops: Sequence[Stop]) -> None:
    """Stop once more what the stops file says was stopped and the log knows nothing of.

    What is known is told by the hash of the leaf at its position, so neither a clock that was set nor a
    position that was given anew plays a part; what was made up for is noted, so that a consent given
    afterwards stays. Whatever the store has when this runs is older than the stop, the links to confirm that
    are under way too. Subjects that this store does not know have nothing to stop. The queries do not grow
    with the log."""
    missed = missed_among(tx, stops)
    topics: dict[str, dict[str, Stop]] = {}
    kinds: dict[str, dict[str, Stop]] = {}
    gone = [one.subject for one in missed if one.type == ERASURE]
    erased = set(gone) - living(tx, gone).keys()  # who is a part of somebody here goes with them
    restricted: dict[str, bool] = {}  # by the last word; one that lifted it starts nothing here
    for one in missed:
        if one.subject in erased:
            continue
        if one.type in _RESTRICTIONS:
            restricted[one.subject] = one.type == RESTRICTED
            continue
        (kinds if one.type in _WHOLE else topics).setdefault(one.subject, {})[one.topic or one.type] = one
    people = load(tx, sorted({one.subject for one in missed}))
    for id_, subject in people.items():
        _again(tx, subject, topics.get(id_, {}), kinds.get(id_, {}))
        if restricted.get(id_):
            restrict_again(tx, subject, ACTOR)
    for id_ in sorted(erased):
        erase_again(tx, id_, ACTOR)
    made_up_for = people.keys() | erased
    _NOTE.run_many(tx.driver, [(one.leaf,) for one in missed if one.subject in made_up_for])


def _again(tx: Writing, subject: Subject, topics: Mapping[str, Stop], kinds: Mapping[str, Stop]) -> None:
    # Also of a topic with which they stand nowhere yet: what they left came to be after this store was kept,
    # and a sale or a list may bring it once more.
    for topic in still_to_stop(subject, sorted(topics), wished_by(tx, subject.id)):
        line = topics[topic]
        subject = stop(tx, subject, [topic], ACTOR, _said(tx, line), _STEPS.get(line.type, Step.WITHDRAWN))
    for kind, line in {_SILENCED_BY.get(kind, kind): line for kind, line in sorted(kinds.items())}.items():
        silence(tx, subject, kind, ACTOR, _said(tx, line))
        if kind == COMPLAINT:
            hold_off(tx, subject)


def _said(tx: Writing, line: Stop) -> Evidence:
    """What the line is good for: what was said, and when, since the leaf that makes up for it is younger."""
    return {"schema": "made_up/v1", "said": line.type, "said_at": line.at, "at": tx.now}


_STEPS = {step.value: step for step in (Step.WITHDRAWN, Step.OBJECTED, Step.OBJECTED_TO_PROFILING)}
_WHOLE = OVERLAYS | {MOVED}
_RESTRICTIONS = (RESTRICTED, RESTRICTION_LIFTED)
_SILENCED_BY = {MERGED: OBJECTION, MOVED: HARD_BOUNCE}
"""An older store does not know whose part they have become, nor what their address is now: nothing goes to
the one that was left, and no marketing to whom it has as somebody of their own."""


def missed_among(reading: Reading, stops: Sequence[Stop]) -> list[Stop]:
    """Those whose leaves are not in this log and that were not made up for yet."""
    positions = json.dumps([one.seq for one in stops if 0 <= one.seq < _POSITIONS])
    held = {(seq, bytes(hash_).hex()) for seq, hash_ in _HASHES.rows(reading.driver, positions=positions)}
    lost = [one for one in stops if one.type in MADE_UP_FOR and (one.seq, one.leaf) not in held]
    done = {row[0] for row in _MADE_UP.rows(reading.driver, leaves=json.dumps([one.leaf for one in lost]))}
    return [one for one in lost if one.leaf not in done]
