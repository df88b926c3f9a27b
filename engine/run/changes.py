"""Changes of consent, as the engine hears of them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import chain, groupby

import structlog

from consent.contract import BESIDE_TOPICS, Change, ConsentClient
from engine.core.bundle import Agreed, Learned, Stimulus, Stopped
from engine.core.record import Why
from engine.core.restriction import Restricted
from engine.delivery.mailer import Mailer

log = structlog.get_logger("engine")

CHANGES = "changes"
"""The name of the cursor that tells up to which change of consent the engine has heard."""

ANEW = "changes anew"
"""Up to here changes of another log are heard anew."""
_MARK = "changes mark"  # of the change at the cursor

_STARTED = "confirmed"
_GRANTED = frozenset({"renewed", "soft_opt_in.recorded", "imported.attested"})
_WITHDRAWN = frozenset({"withdrawn", "objected", "objected.profiling"})
_ENDED = frozenset({"stale", "terminated", "import.undone"})
_SILENCED = {
    "complaint": Why.COMPLAINED,
    "bounced.hard": Why.HARD_BOUNCED,
    "objected.marketing": Why.OBJECTED,
}
_SPEAKS = "language.changed"
_PAGE = 1000

_MOVED = "address.changed"
RESTRICTED, LIFTED = "restricted", "restriction.lifted"
GONE = frozenset({"erasure.requested", "merged"})
"""Whoever is erased is forgotten here too, and so is an id that has become part of another: what happens to
its person from then on comes in under the other's."""

STOPS = frozenset({*_WITHDRAWN, *_SILENCED, *GONE, RESTRICTED})
"""Changes after which mails that are not on their way must not go."""


def revoke(mailer: Mailer, changes: Sequence[Change]) -> None:
    """Have no mail go that such a change stops and that is not on its way."""
    for change in changes:
        if change.type in STOPS:
            mailer.revoke(change.subject, change.seq)


async def last_heard(consent: ConsentClient, cursors: Mapping[str, int]) -> dict[str, int]:
    """Cursors by which changes are heard on; none, if the log knows the change that was heard last. If not,
    an older consent store was put back. Is it shorter, it is told how long it was, and its changes count from
    where it now ends, so that no later one is missed. Has it another change there, it has grown meanwhile,
    and nobody knows from where on it is another: all is heard anew, quietly. (The gate decides on each mail
    by the log as it is, whatever was heard.)"""
    cursor = cursors[CHANGES]
    there = await consent.changes(cursor - 1, 1) if cursor else []
    if not cursor or (there and there[0].seq == cursor and cursors.get(_MARK) in (None, _mark(there[0]))):
        return {}
    if there and there[0].seq == cursor:
        log.error("the consent store is another than the one that was heard of; all changes are heard anew")
        return {CHANGES: 0, ANEW: await _end(consent)}
    log.error("the consent store is older than what was heard of it; changes count from its end")
    await consent.reached(cursor + 1)
    return {CHANGES: await _end(consent)}


async def _end(consent: ConsentClient) -> int:
    end = 0
    while part := await consent.changes(end, _PAGE):
        end = part[-1].seq
    return end


def heard(changes: Sequence[Change], cursors: Mapping[str, int]) -> dict[str, int]:
    """The cursors behind these changes."""
    return {CHANGES: changes[-1].seq, _MARK: _mark(changes[-1]), ANEW: cursors.get(ANEW, 0)}


def _mark(change: Change) -> int:
    """What tells a change from another at its position: a hash of what stays, for the domain goes with an
    erasure."""
    told = f"{change.seq} {change.subject} {change.topic} {change.type} {change.at}"
    return int.from_bytes(sha256(told.encode()).digest()[:7])


async def changes_after(consent: ConsentClient, after: int) -> tuple[list[Change], bool]:
    """The next changes behind a position, and whether there may be more. What one person changes at once is
    not torn apart."""
    changes = await consent.changes(after, _PAGE)
    if len(changes) < _PAGE:
        return changes, False
    whole = len(changes)
    while whole and _together(changes[whole - 1]) == _together(changes[-1]):
        whole -= 1
    return changes[:whole] or changes, True


def _together(change: Change) -> tuple[str, int]:
    return change.subject, change.at


def stimuli_of(changes: Sequence[Change], anew: int = 0) -> list[Stimulus]:
    """What the flows hear of the changes; up to the position `anew` quietly, so that nobody enters by them.
    Of what one person changes at once, the purposes beside the topics come first: the mail that a topic
    starts goes by them already."""
    stimuli: list[Stimulus] = []
    at_once = groupby(changes, _together)
    ordered = (sorted(group, key=lambda change: change.topic not in BESIDE_TOPICS) for _, group in at_once)
    for change in chain.from_iterable(ordered):
        data: Agreed | Stopped | Restricted | Learned
        if change.type == _STARTED or change.type in _WITHDRAWN:
            told = (change.topic, change.type == _STARTED, change.language, change.domain)
            data = Agreed(*told, quiet=change.seq <= anew)
        elif change.type in _GRANTED or change.type in _ENDED:
            data = Agreed(change.topic, change.type in _GRANTED, quiet=True)
        elif change.type in _SILENCED:
            data = Stopped(_SILENCED[change.type])
        elif change.type in (RESTRICTED, LIFTED):
            data = Restricted(change.type == RESTRICTED)
        elif change.type == _SPEAKS:
            data = Learned({"language": change.language})
        elif change.type == _MOVED and change.domain:
            data = Learned({"email_domain": change.domain})
        else:
            continue
        stimuli.append(Stimulus(f"change-{change.seq}", change.subject, change.at, data))
    return stimuli
