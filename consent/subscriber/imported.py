"""People from another system: those who left there first, then those who stay, on whatever proof there is.

An import is taken in parts, each a transaction that also says how far it has come: one that was cut short
goes on exactly there, and a part that comes twice changes nothing."""

import json
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from consent.address import Address, read_address
from consent.contract import BESIDE_TOPICS, Basis
from consent.contract.imports import Attested, Brought, Entry, Import, ImportRecord, Stood, Taken
from consent.ledger.evidence import Evidence
from consent.ledger.subjects import Subject, find_all, find_or_make, keep_evidence, keep_form, load, move
from consent.ledger.suppression import erased_among
from consent.ledger.transaction import Reading, Writing
from consent.proof.attestation import day_ends
from consent.states import COMPLAINT, HARD_BOUNCE, State, Step
from consent.store.statement import Row, Statement
from consent.store.tables import among, imported, imports, leaves, subjects
from consent.subscriber.withdrawal import silence, stop
from consent.times import until

RUNNING, DONE, UNDONE = "running", "done", "undone"

_ALL = Statement(select(imports).order_by(imports.c.at, imports.c.id))
_ONE = Statement(select(imports).where(imports.c.id == bindparam("of")))
_BEGIN = Statement(imports.insert())
_AFRESH = Statement(
    update(imports)
    .where(imports.c.id == bindparam("of"))
    .values(state=RUNNING, at=bindparam("now"), ended=0, position=0, body=bindparam("said"), counts=b"{}")
)
_ADVANCE = Statement(
    update(imports)
    .where(imports.c.id == bindparam("of"))
    .values(position=bindparam("to"), counts=bindparam("so_far"))
)
_END = Statement(
    update(imports)
    .where(imports.c.id == bindparam("of"))
    .values(state=bindparam("as_"), ended=bindparam("now"))
)
_INTO = insert(imported)
_NOTE = Statement(
    _INTO.on_conflict_do_update(  # one that was undone, of somebody who stayed, may come again
        index_elements=[imported.c["import"], imported.c.subject, imported.c.topic],
        set_={name: _INTO.excluded[name] for name in ("row", "seq", "made", "due")},
    )
)
_TAKEN = Statement(
    select(imported.c.row, imported.c.subject, imported.c.made).where(
        imported.c["import"] == bindparam("of"),
        imported.c.row >= bindparam("first"),
        imported.c.row < bindparam("end"),
    )
)
_SPEAKS = Statement(
    update(subjects)
    .where(subjects.c.id == bindparam("of"), subjects.c.language == "")
    .values(language=bindparam("spoken"))
)
_SINCE = Statement(select(leaves.c.seq, leaves.c.at).where(among(leaves.c.seq, "positions")))


def imports_of(reading: Reading) -> list[ImportRecord]:
    """All imports, oldest first."""
    return [_record(row) for row in _ALL.rows(reading.driver)]


def find_import(reading: Reading, id_: str) -> ImportRecord | None:
    """The import of this id; None: there is none."""
    row = _ONE.first(reading.driver, of=id_)
    return None if row is None else _record(row)


def _record(row: Row) -> ImportRecord:
    _, state, at, ended, position, body, counts = row
    what = msgspec.json.decode(body, type=Import)
    return ImportRecord(what, state, at, ended, position, json.loads(counts))


def begin(tx: Writing, what: Import, attestation: bytes = b"") -> ImportRecord:
    """Begin an import, or go on with it: the record says from where. `attestation` is the file that
    `what.attested` comes from. Raises `ValueError` for a topic that nobody can agree to."""
    for topic in what.topics:
        known = tx.rules.purposes.get(topic)
        if known is None or known[1].basis is not Basis.CONSENT:
            raise ValueError(f"There is no topic `{topic}` that one can agree to.")
    keep_form(tx, attestation)
    before = find_import(tx, what.id)
    if before is None:
        _BEGIN.run(
            tx.driver,
            id=what.id,
            state=RUNNING,
            at=tx.now,
            ended=0,
            position=0,
            body=msgspec.json.encode(what),
            counts=b"{}",
        )
    elif before.state == UNDONE:
        _AFRESH.run(tx.driver, of=what.id, now=tx.now, said=msgspec.json.encode(what))
    found = find_import(tx, what.id)
    assert found is not None
    return found


def weigh(reading: Reading, what: Import, entries: Sequence[Entry]) -> list[Brought]:
    """What would become of these rows, each on its own; writes nothing."""
    people = _People(reading, [entry.email for entry in entries])
    return [_weigh(what, entry, people.find(entry.email), people.erased(entry.email)) for entry in entries]


def take(tx: Writing, id_: str, first: int, entries: Sequence[Entry]) -> list[Taken]:
    """Take the part of an import that begins with row `first`, and say what became of each row. A part that
    was taken before is told as it was, as far as it brought anybody."""
    record = find_import(tx, id_)
    if record is None or record.state != RUNNING or record.position < first:
        raise ValueError(f"Import {id_} does not wait for row {first}.")
    done = record.position - first
    taken = _as_taken(tx, id_, first, entries[:done])
    first, entries = first + len(taken), entries[done:]
    if not entries:
        return taken
    people = _People(tx, [entry.email for entry in entries])
    people.make(tx, [entry.email for entry in entries if entry.stood is not Stood.NEVER])
    fresh = [_take(tx, record.what, number, entry, people) for number, entry in enumerate(entries, first)]
    counts = dict(record.counts)
    for one in fresh:
        counts[one.brought] = counts.get(one.brought, 0) + 1
    _ADVANCE.run(tx.driver, of=id_, to=first + len(entries), so_far=msgspec.json.encode(counts))
    return taken + fresh


def end(tx: Writing, id_: str, beside: Mapping[str, int]) -> None:
    """All rows of the import are behind it; `beside` counts those that were not taken."""
    record = find_import(tx, id_)
    if record is not None and record.state == RUNNING:
        counts = {
            name: record.counts.get(name, 0) + beside.get(name, 0)
            for name in sorted({*record.counts, *beside})
        }
        _ADVANCE.run(tx.driver, of=id_, to=record.position, so_far=msgspec.json.encode(counts))
        _END.run(tx.driver, of=id_, as_=DONE, now=tx.now)


def _as_taken(tx: Writing, id_: str, first: int, entries: Sequence[Entry]) -> list[Taken]:
    rows = {
        row: Taken(Brought.UNPROVEN, subject, bool(made))
        for row, subject, made in _TAKEN.rows(tx.driver, of=id_, first=first, end=first + len(entries))
    }
    people = _People(tx, [entry.email for entry in entries])
    found = []
    for number, entry in enumerate(entries, first):
        subject = people.find(entry.email)
        known = Taken(Brought.KNOWN, subject.id if subject is not None else "")
        stands = entry.stood is Stood.SUBSCRIBED
        found.append(rows.get(number, known if stands else Taken(Brought.LEFT)))
    return found


class _People:
    """Those whom the rows of a part are about, as they stand at present."""

    def __init__(self, reading: Reading, emails: Sequence[str]) -> None:
        self.addresses: dict[str, Address] = {email: read_address(email) for email in emails}
        folded = list({address.folded for address in self.addresses.values()})
        self._ids = find_all(reading, folded)
        self._subjects = load(reading, list(self._ids.values()))
        self._erased = erased_among(reading, folded, [one for one in folded if one not in self._ids])
        self._made: set[str] = set()

    def find(self, email: str) -> Subject | None:
        """Who has the address; None: nobody here."""
        return self._subjects.get(self._ids.get(self.addresses[email].folded, ""))

    def erased(self, email: str) -> bool:
        """Whether whoever had the address was erased, and nobody has confirmed it since."""
        return self.addresses[email].folded in self._erased

    def make(self, tx: Writing, emails: Sequence[str]) -> None:
        """Whoever of these is not known has an id from now on, but for those who were erased."""
        wanted = [self.addresses[email] for email in emails]
        unknown = {
            address.folded: address
            for address in wanted
            if address.folded not in self._ids and address.folded not in self._erased
        }
        if not unknown:
            return
        self._ids |= dict(zip(unknown, find_or_make(tx, list(unknown.values())), strict=True))
        self._made = {self._ids[folded] for folded in unknown}
        self._subjects |= load(tx, list(self._made))

    def is_made(self, subject: Subject) -> bool:
        """Whether somebody is known since just now; said once."""
        was = subject.id in self._made
        self._made.discard(subject.id)
        return was

    def keep(self, subject: Subject) -> Subject:
        """The subject as they stand now."""
        self._subjects[subject.id] = subject
        return subject


def _weigh(what: Import, entry: Entry, subject: Subject | None, erased: bool) -> Brought:
    """What a row is to become, where several topics are at stake the most of it."""
    if erased and (subject is None or entry.stood is Stood.SUBSCRIBED):
        return Brought.WITHDRAWN if subject is not None and _refused(subject) else Brought.ERASED
    if entry.stood is Stood.NEVER:
        return Brought.NEVER
    if entry.stood is not Stood.SUBSCRIBED:
        return Brought.LEFT
    found = {_of_topic(what, entry, subject, topic) for topic in what.topics}
    return next(one for one in _MOST if one in found)


_MOST = (Brought.ATTESTED, Brought.UNPROVEN, Brought.KNOWN, Brought.WITHDRAWN, Brought.STOPPED)
_AWAY = (State.WITHDRAWN, State.OBJECTED, State.REFUSED)


def _of_topic(what: Import, entry: Entry, subject: Subject | None, topic: str) -> Brought:
    said = _spoken_for(what, entry)
    attested = said is not None and topic in said.topics
    new = Brought.ATTESTED if attested else Brought.UNPROVEN
    if subject is None:
        return new
    if subject.restricted or subject.stopped > subject.standing(topic).seq:
        return (
            Brought.STOPPED
        )  # what was agreed to elsewhere is older than that, whatever they confirmed since
    state = subject.standing(topic).state
    if state in _AWAY or (attested and _left_all(subject)):
        return Brought.WITHDRAWN
    if state is State.NONE or (state is State.UNPROVEN and attested):
        return new
    return Brought.KNOWN


def _refused(subject: Subject) -> bool:
    """Whether they said that it was not them, and are still known by that."""
    return any(standing.state is State.REFUSED for standing in subject.standings.values())


def _left_all(subject: Subject) -> bool:
    """Whether they left here and get nothing: what they agreed to elsewhere before leads to no topic, also to
    none that came later."""
    topics = [topic for topic in subject.standings if topic not in BESIDE_TOPICS]
    return any(subject.standing(topic).state in _AWAY for topic in topics) and not any(
        subject.gets(topic) for topic in topics
    )


def _spoken_for(what: Import, entry: Entry) -> Attested | None:
    """What is attested of a row: it says when they confirmed, and the attestation is not older than that."""
    said = what.attested
    return said if said is not None and 0 < entry.confirmed_at < day_ends(said.on) else None


def _take(tx: Writing, what: Import, number: int, entry: Entry, people: _People) -> Taken:
    subject = people.find(entry.email)
    brought = _weigh(what, entry, subject, people.erased(entry.email))
    if subject is None or brought not in (Brought.ATTESTED, Brought.UNPROVEN, Brought.LEFT):
        return Taken(brought, subject.id if subject is not None else "")
    made = people.is_made(subject)
    if brought is Brought.LEFT:
        after = _leave(tx, what, entry, subject)
        people.keep(after or subject)
        return Taken(brought if after is not None else Brought.AGREED_SINCE, subject.id, made)
    if entry.language and not subject.language:
        _SPEAKS.run(tx.driver, of=subject.id, spoken=entry.language)
    commitment = keep_evidence(tx, subject, _evidence(tx, what, entry))
    for topic in what.topics:
        becomes = _of_topic(what, entry, subject, topic)
        if becomes not in _STEPS:
            continue
        standing = move(
            tx,
            subject,
            topic,
            _STEPS[becomes],
            actor=f"import:{what.id}",
            notice=tx.rules.purposes[topic][0],
            commitment=commitment,
            language=entry.language,
        )
        subject = subject.moved(topic, standing)
        _NOTE.run(
            tx.driver,
            **{"import": what.id},
            subject=subject.id,
            topic=topic,
            row=number,
            seq=standing.seq,
            made=int(made),
            due=until(tx.now, 1, tx.parts.times.zone),  # GDPR, Art. 14(3)(a)
            told=0,
        )
    people.keep(subject)
    return Taken(brought, subject.id, made)


_STEPS = {Brought.ATTESTED: Step.ATTESTED, Brought.UNPROVEN: Step.IMPORTED}


def _leave(tx: Writing, what: Import, entry: Entry, subject: Subject) -> Subject | None:
    """Stop what was stopped in the other system, but for what was confirmed here since. None: all of it was.
    What an import attested excuses from nothing: it is as old as the list that it came from."""
    record = _evidence(tx, what, entry)
    actor = f"import:{what.id}"
    if entry.stood is not Stood.UNSUBSCRIBED:
        kind, newest = (
            (COMPLAINT, subject.complained)
            if entry.stood is Stood.COMPLAINED
            else (HARD_BOUNCE, subject.bounced)
        )
        if newest > subject.confirmed:
            return subject
        if _after(tx, subject.confirmed, entry.stopped_at):
            return None
        silence(tx, subject, kind, actor, record)
        return load(tx, [subject.id])[subject.id]
    going = [topic for topic in what.topics if subject.standing(topic).state is not State.WITHDRAWN]
    topics = [topic for topic in going if not _confirmed_since(tx, subject, topic, entry.stopped_at)]
    if going and not topics:
        return None
    return stop(tx, subject, topics, actor, record) if topics else subject


def _confirmed_since(tx: Writing, subject: Subject, topic: str, stopped_at: int) -> bool:
    standing = subject.standing(topic)
    return standing.state is State.ACTIVE and _after(tx, standing.seq, stopped_at)


def _after(tx: Writing, leaf: int, moment: int) -> bool:
    """Whether a leaf (0: none) is younger than a moment that is known (ms UTC)."""
    if not leaf or not moment:
        return False
    [(_, at)] = _SINCE.rows(tx.driver, positions=json.dumps([leaf]))
    return int(at) > moment


def _evidence(tx: Writing, what: Import, entry: Entry) -> Evidence:
    """What is kept of a row: where it stood, and what it claims."""
    file = what.files[entry.file]
    record: dict[str, str | int | list[str]] = {
        "schema": "import/v1",
        "import": what.id,
        "source": what.product,
        "file": file.name,
        "file_digest": file.digest,
        "line": entry.line,
        "importer": what.importer,
        "address": entry.email,
        "stood": entry.stood.value,
        "claimed": [f"{column}: {cell}" for column, cell in sorted(entry.claimed.items())],
        "at": tx.now,
    }
    said = _spoken_for(what, entry)
    return record if said is None else record | _attested(said, entry)


def _attested(said: Attested, entry: Entry) -> dict[str, str | int | list[str]]:
    return {
        "attestation": said.digest,
        "attested_by": said.by,
        "attested_on": said.on,
        "attested_topics": list(said.topics),
        "form": said.form,
        "wording": said.wording,
        "attestation_key": said.key,
        "confirmed_at": entry.confirmed_at,
    }
