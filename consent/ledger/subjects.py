"""Subjects: who an address belongs to, where they stand, and what kept evidence says."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from consent.address import Address
from consent.contract import Frequency
from consent.ledger.borne import borne
from consent.ledger.evidence import Evidence
from consent.ledger.marking import known_again
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.states import AGREED, GOING, GRANTS, STOPS, TRANSITIONS, State, Step, may
from consent.store.columns import blob, fits, readable
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import among, evidence, former, forms, standings, subjects


class Unlawful(ValueError):
    """A step that nothing allows from where the subject stands, or not by whoever takes it."""


class Standing(Struct, frozen=True):
    """Where a subject stands with a topic. `seq` is the leaf that led here, `version` the purpose's.

    `expires` (ms UTC) bounds a pending wish; 0 where nothing is pending. `facts` are those known of a soft
    opt-in, as in `SoftFact`."""

    state: State = State.NONE
    seq: int = 0
    version: str = ""
    expires: int = 0
    facts: int = 0

    def at(self, now: int) -> State:
        """The state at `now`: a pending wish lapses by time alone."""
        return State.EXPIRED if self.lapsed(now) else self.state

    def lapsed(self, now: int) -> bool:
        """Whether a wish is pending whose time is over at `now` (ms UTC)."""
        return self.state is State.PENDING and self.expires <= now


NOWHERE = Standing()
UNREADABLE = Standing(State.WITHDRAWN, -1)
"""What a row says that holds what it cannot: nothing goes, and no leaf bears it."""


class Subject(Struct, frozen=True):
    """A person as the service knows them. The address is sealed and opened only where it is needed."""

    id: str
    epoch: int
    language: str
    wrapped: bytes
    sealed: bytes
    standings: Mapping[str, Standing]
    confirmed: int = 0  # the newest leaf of each kind; 0: there is none
    complained: int = 0
    bounced: int = 0
    objected: int = 0  # to all marketing
    restricted: int = 0
    frequency: Frequency = Frequency.AS_IT_COMES
    paused_until: int = 0  # ms UTC
    proofs: int = 0  # proof mails queued since the last confirmation
    proof_at: int = 0  # when the last was, ms UTC
    alive: int = 0  # their last sign of life, ms UTC
    address_since: int = 0  # when they got the one that they have, ms UTC; 0: from the start
    links_since: int = 0  # only links to choose that were mailed after it count, ms UTC; 0: all do
    unreadable: bool = False  # a row of theirs holds what it cannot: no mail goes to them

    def standing(self, topic: str) -> Standing:
        """Where they stand with `topic`."""
        return self.standings.get(topic, NOWHERE)

    def agreed(self, topic: str) -> bool:
        """Whether they agreed to `topic`, and no stop of the whole address holds for it."""
        return self.standing(topic).state in AGREED and not self.holds(self.stopped, topic)

    def gets(self, topic: str) -> bool:
        """Whether mails about `topic` go to them, on whatever basis: the gate says the same, unless something
        else is in the way that passes, as a pause or a cap."""
        return self.standing(topic).state in GOING and not self.holds(self.stopped, topic)

    @property
    def stopped(self) -> int:
        """The newest stop of the whole address that only a confirmation ends (its leaf); 0: none."""
        return max(self.complained, self.bounced, self.objected)

    def holds(self, stop: int, topic: str) -> bool:
        """Whether a stop of the whole address (its leaf) holds for `topic`: until they confirm anything anew,
        and for what they had agreed to before, until they confirm just that."""
        standing = self.standing(topic)
        return stop > self.confirmed or (standing.state in GOING and stop > standing.seq)

    def shown(self, topic: str, now: int) -> State:
        """Where they stand with `topic` at `now` (ms UTC) in their own eyes: what a stop of the whole address
        holds back, or made worthless before it was confirmed, counts as withdrawn."""
        return State.WITHDRAWN if self.held(topic) else self.standing(topic).at(now)

    def held(self, topic: str) -> int:
        """The stop of the whole address that came after they agreed to `topic` or asked for it (its leaf);
        0: none."""
        standing = self.standing(topic)
        going = standing.state in GOING or standing.state is State.PENDING
        return self.stopped if going and self.stopped > standing.seq else 0

    def moved(self, topic: str, standing: Standing) -> "Subject":
        """The same subject after a step."""
        return replace(self, standings={**self.standings, topic: standing})


_PEOPLE = Statement(
    select(
        subjects.c.id,
        subjects.c.epoch,
        subjects.c.language,
        subjects.c.wrapped,
        subjects.c.address,
        subjects.c.confirmed,
        subjects.c.complained,
        subjects.c.bounced,
        subjects.c.objected,
        subjects.c.restricted,
        subjects.c.frequency,
        subjects.c.paused_until,
        subjects.c.proofs,
        subjects.c.proof_at,
        subjects.c.alive,
        subjects.c.moved,
        subjects.c.links_since,
    ).where(among(subjects.c.id, "ids"))
)
_STANDINGS = Statement(
    select(
        standings.c.subject,
        standings.c.topic,
        standings.c.state,
        standings.c.seq,
        standings.c.version,
        standings.c.expires,
        standings.c.facts,
    ).where(among(standings.c.subject, "ids"))
)


def load(reading: Reading, ids: Sequence[str]) -> dict[str, Subject]:
    """The subjects with these ids; unknown ones are left out."""
    wanted = json.dumps(list(dict.fromkeys(ids)))
    where: dict[str, dict[str, Standing]] = {}
    for subject, topic, state, *rest in _STANDINGS.rows(reading.driver, ids=wanted):
        sound = state in _STATES and fits(rest, _KINDS_STANDING)
        where.setdefault(subject, {})[str(topic)] = Standing(_STATES[state], *rest) if sound else UNREADABLE
    found = {}
    for row in _PEOPLE.rows(reading.driver, ids=wanted):
        sound = fits(row, _KINDS) and row[10] in _FREQUENCIES
        id_, epoch, language, wrapped, sealed, *rest = row if sound else readable(row, _KINDS)
        confirmed, complained, bounced, objected, restricted, *rest = rest
        frequency, paused, proofs, proof_at, alive, moved, links_since = rest
        stands = where.get(id_, {})
        found[id_] = Subject(
            *(id_, epoch, language, wrapped, sealed, stands),
            *(confirmed, complained, bounced, objected, restricted),
            _FREQUENCIES.get(frequency, Frequency.AS_IT_COMES),
            *(paused, proofs, proof_at, alive, moved, links_since),
            not sound or UNREADABLE in stands.values(),
        )
    return found


_STATES = {state.value: state for state in State}
_KINDS_STANDING = (int, str, int, int)
_KINDS = (str, int, str, bytes, bytes, *[int] * 5, str, *[int] * 6)
_FREQUENCIES = {frequency.value: frequency for frequency in Frequency}


_FIND = Statement(select(subjects.c.id).where(subjects.c.lookup == bindparam("lookup")))
_FIND_LEFT = Statement(select(former.c.subject).where(former.c.lookup == bindparam("lookup")))
_SOME = [f"lookup_{place}" for place in range(50)]
"""So many are looked up by one statement."""
_FIND_SOME = Statement(
    select(subjects.c.lookup, subjects.c.id).where(subjects.c.lookup.in_([bindparam(name) for name in _SOME]))
)
_ANY_LEFT = Statement(select(former.c.subject).limit(1))
_FIND_SOME_LEFT = Statement(
    select(former.c.lookup, former.c.subject).where(former.c.lookup.in_([bindparam(name) for name in _SOME]))
)
_MAKE = Statement(subjects.insert())
_KNOWN = Statement(
    update(subjects).where(among(subjects.c.id, "ids"), subjects.c.known.is_(False)).values(known=True)
)


def find(reading: Reading, address: Address) -> str | None:
    """The subject with this address, or who had it before and nobody has proved to have it since; under
    whichever pepper it was stored."""
    return _first(reading, _FIND_LEFT, address) or _first(reading, _FIND, address)


def _first(reading: Reading, statement: Statement, address: Address) -> str | None:
    for lookup in reading.parts.vault.lookups(address.folded):
        row = statement.first(reading.driver, lookup=lookup)
        if row is not None:
            return str(row[0])
    return None


def find_or_make(tx: Writing, addresses: Sequence[Address], known_too: bool = True) -> list[str]:
    """The subject ids of `addresses`, in order; those seen for the first time get one, and no consent.
    `known_too`: somebody else keeps something of them, as a shop does of its customers; that is theirs who
    had the address before. Else a mail is wanted at that very address, and who had it before is not meant."""
    if not known_too:
        return [_first(tx, _FIND, address) or _make(tx, address, known=False) for address in addresses]
    ids = _find_or_make(tx, addresses)
    _KNOWN.run(tx.driver, ids=json.dumps(ids))
    return ids


def _find_or_make(tx: Writing, addresses: Sequence[Address]) -> list[str]:
    if len(addresses) == 1:
        return [find(tx, addresses[0]) or _make(tx, addresses[0], known=True)]
    known = find_all(tx, [address.folded for address in addresses])
    for address in addresses:
        if address.folded not in known:
            known[address.folded] = _make(tx, address, known=True)
    return [known[address.folded] for address in addresses]


def find_all(reading: Reading, addresses: Sequence[str]) -> dict[str, str]:
    """The subjects of those of the folded addresses that were seen before, as `find` finds them."""
    vault = reading.parts.vault
    lookups = {folded: vault.lookups(folded) for folded in addresses}
    wanted = [lookup for each in lookups.values() for lookup in each]
    statements = [_FIND_SOME] if _ANY_LEFT.first(reading.driver) is None else [_FIND_SOME, _FIND_SOME_LEFT]
    found: dict[str, str] = {}
    for statement in statements:  # who had it before is the last word
        stored: dict[bytes, str] = {}
        for first in range(0, len(wanted), len(_SOME)):
            part = wanted[first : first + len(_SOME)]
            part += part[:1] * (len(_SOME) - len(part))
            stored.update(statement.rows(reading.driver, **dict(zip(_SOME, part, strict=True))))
        found |= {
            folded: next(stored[lookup] for lookup in each if lookup in stored)
            for folded, each in lookups.items()
            if not stored.keys().isdisjoint(each)
        }
    return found


def _make(tx: Writing, address: Address, known: bool) -> str:
    vault = tx.parts.vault
    id_ = tx.parts.entropy(16).hex()
    wrapped = vault.new_key(id_)
    _MAKE.run(
        tx.driver,
        id=id_,
        lookup=vault.lookup(address.folded),
        wrapped=wrapped,
        address=vault.seal_address(id_, wrapped, address.typed),
        epoch=0,
        language="",
        proofs=0,
        proof_at=0,
        confirmed=0,
        complained=0,
        bounced=0,
        objected=0,
        restricted=0,
        frequency="",
        paused_until=0,
        alive=0,
        known=known,
        moved=0,
        links_since=0,
    )
    known_again(tx, id_, address.folded)
    return id_


_INTO = insert(standings)
_STAND = Statement(
    _INTO.on_conflict_do_update(
        index_elements=[standings.c.subject, standings.c.topic],
        set_={name: _INTO.excluded[name] for name in ("state", "seq", "version", "at", "expires", "facts")},
    )
)
_EPOCH = Statement(
    update(subjects).where(subjects.c.id == bindparam("of")).values(epoch=subjects.c.epoch + 1)
)
_KEEP = Statement(evidence.insert())
_FORM = Statement(select(forms.c.body).where(forms.c.digest == bindparam("of")))
_KEEP_FORM = Statement(insert(forms).on_conflict_do_nothing())


def move(
    tx: Writing,
    subject: Subject,
    topic: str,
    step: Step,
    *,
    actor: str,
    notice: str = "",
    commitment: str = "",
    expires: int = 0,
    language: str = "",
    facts: int = 0,
) -> Standing:
    """Take one step of the transition table: the leaf, the new standing, and for a stop the epoch and its
    line.

    Raises `Unlawful` for a step that the table does not know from here, or not by this actor."""
    before = borne(tx, subject.id, topic, subject.standing(topic))
    after = TRANSITIONS.get((before.state, step))
    if after is None or not may(step, actor):
        raise Unlawful(f"`{step}` by {actor} leads nowhere from `{before.state}`.")
    version = notice or before.version
    seq = tx.log.append(
        Leaf(
            type=step,
            subject=subject.id,
            purpose=topic,
            before=before.state,
            after=after,
            notice=version,
            actor=actor,
            evidence=commitment,
            language=language,
        )
    )
    if after is before.state and after is not State.PENDING and step not in GRANTS and step not in STOPS:
        # A wish that changes nothing yet must not move the leaf and the time of the present state.
        return before
    standing = Standing(after, seq, version, expires, facts)
    _STAND.run(
        tx.driver,
        subject=subject.id,
        topic=topic,
        state=standing.state.value,
        seq=standing.seq,
        version=standing.version,
        at=tx.now,
        expires=standing.expires,
        facts=standing.facts,
        asked="",
    )
    if step in STOPS:
        _EPOCH.run(tx.driver, of=subject.id)
        tx.stops.append(Stop(subject.id, topic, step, tx.now, seq, tx.log.newest.hex()))
    return standing


def keep_evidence(tx: Writing, subject: Subject, record: Evidence) -> str:
    """Seal `record` for `subject` and return the commitment for its leaf."""
    row = tx.parts.entropy(16).hex()
    vault, sealed_ip, ip = tx.parts.vault, b"", record.get("ip")
    if isinstance(ip, str) and ip:
        sealed_ip, proof = vault.seal_ip(subject.id, subject.wrapped, row, ip)
        record = {**record, "ip": proof}
    sealed, commitment = vault.seal_evidence(subject.id, subject.wrapped, row, record)
    _KEEP.run(
        tx.driver,
        commitment=commitment,
        subject=subject.id,
        row=row,
        sealed=sealed,
        ip=sealed_ip,
        whole=sealed_ip != b"",
        at=tx.now,
    )
    return commitment


def kept_form(reading: Reading, digest: str) -> bytes | None:
    """A page as it was shown, by the SHA-256 (hex) of its bytes; None: there is none."""
    row = _FORM.first(reading.driver, of=digest)
    return blob(row[0]) if row is not None else None


def keep_form(tx: Writing, shown: bytes) -> str:
    """Keep a page as it was shown, once, and return the SHA-256 of its bytes; empty for none."""
    if not shown:
        return ""
    digest = hashlib.sha256(shown).hexdigest()
    _KEEP_FORM.run(tx.driver, digest=digest, body=shown)
    return digest
