"""What may be asked for: publishing a policy, and reading the purposes that were ever in force."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import bindparam, func, select, update

from consent.caps import reach
from consent.contract import Policy, Purpose
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.rules import Rules, lay_out, policy_bytes, purpose_bytes
from consent.store.statement import Statement
from consent.store.tables import decisions, facts, policies, purposes


def publish(tx: Writing, policy: Policy) -> str:
    """Make `policy` the one in force, with a leaf for each new version of a purpose, and return its
    digest."""
    rules = lay_out(policy)
    if rules.digest == tx.rules.digest:
        return rules.digest
    for topic, (version, purpose) in rules.purposes.items():
        if tx.conn.scalar(select(func.count()).where(purposes.c.version == version)):
            continue
        tx.conn.execute(purposes.insert().values(version=version, topic=topic, body=purpose_bytes(purpose)))
        tx.log.append(Leaf(type="purpose.version", purpose=topic, notice=version, actor="operator"))
    if not tx.conn.scalar(select(func.count()).where(policies.c.digest == rules.digest)):
        tx.conn.execute(policies.insert().values(digest=rules.digest, body=policy_bytes(policy)))
    tx.log.append(Leaf(type="policy.changed", notice=rules.digest, actor="operator"))
    _count_from_now(tx, rules)
    tx.conn.execute(facts.update().where(facts.c.name == "policy").values(value=rules.digest.encode()))
    tx.rules = rules
    return rules.digest


def _count_from_now(tx: Writing, rules: Rules) -> None:
    """Let the mails of topics that get a cap now, or another one, count towards it, as far as it reaches
    back."""
    for topic, (_, purpose) in rules.purposes.items():
        before = tx.rules.purposes.get(topic)
        capped = before is not None and before[1].cap_count and before[1].cap_unit == purpose.cap_unit
        if purpose.cap_count and before is not None and not capped:
            tx.conn.execute(
                update(decisions)
                .where(decisions.c.topic == topic, decisions.c.at >= tx.now - reach(purpose.cap_unit))
                .values(counted=True)
            )


_PURPOSE = Statement(select(purposes.c.body).where(purposes.c.version == bindparam("of")))


def read_purposes(reading: Reading, versions: Iterable[str]) -> dict[str, Purpose]:
    """The purposes with these versions, old ones too."""
    return {version: found for version in versions if (found := _purpose(reading, version)) is not None}


def _purpose(reading: Reading, version: str) -> Purpose | None:
    present = reading.rules.versions.get(version)
    if present is not None:
        return present
    row = _PURPOSE.first(reading.driver, of=version)
    return msgspec.json.decode(row[0], type=Purpose) if row else None
