"""A person in the store, compared with what their leaves say: where they stand, what lies over their address,
and the evidence to which the leaves commit themselves."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import select

from consent.address import read_address
from consent.contract import InvalidAddress
from consent.errors import WrongKeys
from consent.ledger.logged import Logged, read_logged
from consent.ledger.retold import Retold, Stood, retell
from consent.ledger.transaction import Reading
from consent.ledger.whose import parts_of
from consent.states import State
from consent.store.columns import blob, fits
from consent.store.statement import Row, Statement
from consent.store.tables import IN_ANY_SPAN, among, evidence, leaves, standings, subjects
from consent.times import DAY_MS

_COLUMNS = (
    "id",
    "epoch",
    "confirmed",
    "complained",
    "bounced",
    "objected",
    "restricted",
    "moved",
    "frequency",
    "paused_until",
    "wrapped",
    "address",
    "lookup",
)
_SUBJECTS = Statement(select(*(subjects.c[name] for name in _COLUMNS)).where(among(subjects.c.id, "ids")))
_STANDINGS = Statement(
    select(
        standings.c.subject,
        standings.c.topic,
        standings.c.state,
        standings.c.seq,
        standings.c.version,
        standings.c.at,
        standings.c.expires,
        standings.c.facts,
    ).where(among(standings.c.subject, "ids"))
)
_LEAVES_OF = Statement(
    select(leaves.c.subject, leaves.c.seq, leaves.c.body)
    .where(IN_ANY_SPAN, among(leaves.c.subject, "ids"))
    .order_by(leaves.c.seq)
)
_EVIDENCE = Statement(
    select(
        evidence.c.subject,
        evidence.c.commitment,
        evidence.c.row,
        evidence.c.sealed,
        evidence.c.ip,
        evidence.c.whole,
        evidence.c.at,
    ).where(among(evidence.c.subject, "ids"))
)


_NOT_READABLE = (TypeError, ValueError, LookupError, ArithmeticError)
"""What a value of another kind than a column should have may end in."""


_PACE: Mapping[str, object] = {"frequency": "", "paused_until": 0}
"""What stands where nobody ever said how often and until when mails wait."""


class Looked(Struct, frozen=True):
    """A person as their leaves tell of them, and what the store says otherwise."""

    subject: str
    retold: Retold
    differs: tuple[str, ...]
    pace: dict[str, object]  # columns of how often and until when mails wait, as evidence has them


def people(reading: Reading, ids: Sequence[str]) -> Iterator[Looked]:
    """Look at these people; those who are not there are left out."""
    broken: dict[str, list[str]] = {}
    parts = parts_of(reading, ids)
    told: dict[str, list[Logged]] = {}
    for subject, _, body in _LEAVES_OF.rows(reading.driver, ids=json.dumps([*ids, *parts])):
        leaf = read_logged(body)
        if leaf is None or leaf.subject != subject:
            broken.setdefault(str(parts.get(subject, subject)), []).append("leaves")
        else:
            told.setdefault(subject, []).append(leaf)
    wanted = json.dumps(list(ids))
    stand: dict[str, dict[str, Row]] = {}
    for subject, topic, *rest in _STANDINGS.rows(reading.driver, ids=wanted):
        stand.setdefault(subject, {})[str(topic)] = tuple(rest)
    kept: dict[str, dict[str, Row]] = {}
    for subject, commitment, *rest in _EVIDENCE.rows(reading.driver, ids=wanted):
        kept.setdefault(subject, {})[str(commitment)] = tuple(rest)
    for row in _SUBJECTS.rows(reading.driver, ids=wanted):
        person = dict(zip(_COLUMNS, row, strict=True))
        one = person["id"]
        of_parts = [leaf for part, whole in parts.items() if whole == one for leaf in told.get(part, [])]
        retold = retell(told.get(one, []), of_parts)
        here = stand.get(one, {}), kept.get(one, {})
        try:
            looked = _compared(reading, person, retold, *here, broken.get(one, ()))
        except _NOT_READABLE:  # whatever stands in one row, the others are looked at
            looked = Looked(one, retold, ("row",), {})
        yield looked


def _compared(
    reading: Reading,
    person: Mapping[str, Any],
    retold: Retold,
    stand: Mapping[str, Row],
    kept: Mapping[str, Row],
    broken: Sequence[str],
) -> Looked:
    differs = [*broken, *(["ended"] if retold.last else []), *(f"leaf {seq}" for seq in retold.faults)]
    differs += [name for name, value in retold.columns().items() if person[name] != value]
    for topic in sorted(retold.standings.keys() | stand.keys()):
        if not _stands(retold.standings.get(topic), stand.get(topic)):
            differs.append(f"standing {topic}")
    differs += [f"merged {topic}" for topic in sorted(retold.owed)]
    differs += ["merged restriction"] if retold.owes_restriction else []
    differs += _sealed(reading, person)
    opened: dict[str, dict[str, object]] = {}
    for commitment, leaf in retold.proved.items():
        record = _proof(reading, person, commitment, leaf, kept.get(commitment))
        if record is None:
            differs.append(f"evidence {commitment}")
        else:
            opened[commitment] = record
    pace = {
        name: _paced(name, leaf, opened[leaf.evidence])
        for name, leaf in retold.pace.items()
        if leaf.evidence in opened
    }
    differs += [name for name, value in pace.items() if person[name] != value]
    differs += [name for name, unset in _PACE.items() if name not in retold.pace and person[name] != unset]
    return Looked(person["id"], retold, tuple(differs), pace)


def _stands(one: Stood | None, row: Row | None) -> bool:
    """Whether a row of `standings` is what the leaves say."""
    if one is None or row is None:
        return False
    if not fits(row, (str, int, str, int, int, int)):
        return False
    *told, expires, facts_known = row
    waits = expires > one.at if one.state is State.PENDING else expires == 0
    return told == [one.state.value, one.seq, one.version, one.at] and waits and facts_known == one.facts


def _sealed(reading: Reading, person: Mapping[str, Any]) -> Iterator[str]:
    """Whether the address can be opened, and is the one that the person is found by."""
    vault = reading.parts.vault
    try:
        typed = vault.open_address(person["id"], blob(person["wrapped"]), blob(person["address"]))
        if blob(person["lookup"]) not in vault.lookups(read_address(typed).folded):
            yield "lookup"
    except (WrongKeys, InvalidAddress):
        yield "address"


def _proof(
    reading: Reading, person: Mapping[str, Any], commitment: str, leaf: Logged, row: Row | None
) -> dict[str, object] | None:
    """The evidence to which a leaf commits itself; None: it is not there, or another."""
    if row is None:
        return None
    name, sealed, ip, whole, at = row
    vault, wrapped = reading.parts.vault, blob(person["wrapped"])
    try:
        plain, found = vault.open_evidence(person["id"], wrapped, name, blob(sealed))
        record: dict[str, object] = json.loads(plain)
        _, proves = vault.open_ip(person["id"], wrapped, name, blob(ip)) if ip else ("", "")
    except (WrongKeys, ValueError):
        return None
    said = record.get("ip", "")
    fits = (bool(ip) is bool(said)) and (not whole or proves == said) and (whole or not proves)
    return record if found == commitment and at == leaf.at and fits else None


def _paced(name: str, leaf: Logged, record: Mapping[str, object]) -> object:
    """The value of a column that a leaf changed, as its evidence has it."""
    if leaf.type == "resumed":
        return 0
    if name == "frequency":
        said = record.get("frequency", "")
        return "" if said == "as_it_comes" else said
    until, pause = record.get("paused_until"), record.get("pause", 0)
    return until if isinstance(until, int) else leaf.at + int(str(pause)) * DAY_MS
