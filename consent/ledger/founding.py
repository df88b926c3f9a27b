"""The beginning of a store, and whether one that exists is what it should be: keys, log, rules."""

import logging

import msgspec
from sqlalchemy import Connection, select

from consent.contract import Policy
from consent.errors import DamagedLog, NoStore, SignerAway, WrongKeys
from consent.keys import Keys
from consent.ledger import keyring, peppers, sealing
from consent.ledger.checkpoint_signer import LocalSigner
from consent.ledger.log import Log, stored_frontier, stored_nodes
from consent.ledger.policy import read_grounds
from consent.ledger.remote_signer import checkpoint_signer_of
from consent.ledger.signing_schedule import SignedCheckpoint, SigningSchedule
from consent.ledger.transaction import Parts
from consent.proof.leaf import Leaf
from consent.rules import NO_RULES, Rules, lay_out
from consent.store.statement import driver_of
from consent.store.tables import SCHEMA, checkpoints, facts, policies

log = logging.getLogger("consent")


def schedule_of(conn: Connection, keys: Keys, origin: str) -> SigningSchedule:
    """When this log is signed and by whom, with what was signed last."""
    last = last_signed(conn)
    schedule = SigningSchedule(
        origin, checkpoint_signer_of(keys, origin, last.note if last is not None else ""), last
    )
    schedule.active = keyring.active(keyring.log_keys(conn, origin))
    return schedule


def last_signed(conn: Connection) -> SignedCheckpoint | None:
    """The newest checkpoint that stands in the store."""
    row = conn.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    return SignedCheckpoint(row.size, bytes(row.root), row.at, row.note) if row else None


def found(conn: Connection, parts: Parts, now: int) -> None:
    """Begin the log, once: its first leaf names the key, so that position 0 is never that of a consent."""
    if conn.scalar(select(facts.c.value).where(facts.c.name == "schema")) is not None:
        return
    first = parts.signing.signer.public_keys()[0]
    values = {
        "schema": SCHEMA,
        "origin": parts.origin.encode(),
        "policy": b"",
        "check": parts.vault.check(),
    }
    conn.execute(facts.insert(), [{"name": name, "value": value} for name, value in values.items()])
    leaves = Log(driver_of(conn), parts.origin, now, stored_frontier(conn))
    place = leaves.append(Leaf(type=keyring.OPENED, notice=keyring.fingerprint(first)))
    keyring.begin(conn, place, first)
    leaves.write()
    parts.signing.active = (first,)


def check(conn: Connection, parts: Parts, lost: bool = False) -> None:
    """Raise `WrongKeys` if the store was made with other keys, or `DamagedLog` if it does not continue what
    was signed. `lost`: the signing keys are others, and may be."""
    if fact(conn, "schema") != SCHEMA:
        raise WrongKeys("The consent store was made by another version of Virta.")
    parts.vault.matches(fact(conn, "check"))
    peppers.compare(conn, parts.vault)
    sealing.compare(conn, parts.holds)
    if not lost:
        _same_keys(conn, parts)
    frontier = stored_frontier(conn)
    in_this_process = isinstance(parts.signing.signer, LocalSigner)  # another one remembers by itself
    if in_this_process and parts.signing.last is None and frontier.size > 1:
        raise DamagedLog("The consent store has lost its checkpoints.")
    parts.signing.check(frontier, stored_nodes(conn))


def _same_keys(conn: Connection, parts: Parts) -> None:
    try:
        offered = parts.signing.signer.public_keys()
    except SignerAway as fault:
        log.error("nobody signs the log: %s", fault)
        return
    keyring.refuse_others(keyring.log_keys(conn, parts.origin), offered)


def present_rules(conn: Connection) -> Rules:
    """The policy in force, laid out."""
    digest = fact(conn, "policy").decode()
    if not digest:
        return NO_RULES
    body = conn.execute(select(policies.c.body).where(policies.c.digest == digest)).scalar_one()
    return lay_out(msgspec.json.decode(body, type=Policy), read_grounds(conn))


def fact(conn: Connection, name: str) -> bytes:
    """A fact that every store has. Raises `NoStore`."""
    found = conn.scalar(select(facts.c.value).where(facts.c.name == name))
    if found is None:
        raise NoStore("The file is no consent store, or it was never finished.")
    return bytes(found)
