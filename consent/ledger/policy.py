"""What may be asked for: publishing a policy, and reading the purposes that were ever in force."""

from collections.abc import Iterable
from dataclasses import replace

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, update

from consent.caps import reach
from consent.contract import Policy, Purpose, Said
from consent.ledger.transaction import Reading, Writing
from consent.proof.leaf import Leaf
from consent.rules import Rules, lay_out, policy_bytes, purpose_bytes, same_words
from consent.store.statement import Statement
from consent.store.tables import decisions, facts, policies, purposes


def publish(tx: Writing, policy: Policy) -> str:
    """Make `policy` the one in force, with a leaf for each new version of a purpose, and return its
    digest. Who agreed to a version before has agreed to the new one if its words are the same, or mean the
    same: `policy.said` and `policy.editorial` tell of such topics. What was said is in the leaf, also where
    words come back that there were before."""
    rules = lay_out(policy)
    if rules.digest == tx.rules.digest:
        return rules.digest
    for topic, (version, purpose) in rules.purposes.items():
        said = _said(tx, purpose, policy)
        known = tx.conn.scalar(select(func.count()).where(purposes.c.version == version))
        if not known:
            ground = _ground(tx, purpose, policy) or version
            body = purpose_bytes(purpose)
            values = {"version": version, "topic": topic, "ground": ground, "body": body}
            tx.conn.execute(purposes.insert().values(values))
        if said is not None and said.means == "editorial":
            _join(tx, topic, version)
        if not known or said is not None:
            actor = "operator" if said is None else f"operator:{said.how}:{said.means}"
            tx.log.append(Leaf(type="purpose.version", purpose=topic, notice=version, actor=actor))
    if not tx.conn.scalar(select(func.count()).where(policies.c.digest == rules.digest)):
        tx.conn.execute(policies.insert().values(digest=rules.digest, body=policy_bytes(policy)))
    tx.log.append(Leaf(type="policy.changed", notice=rules.digest, actor="operator"))
    _count_from_now(tx, rules)
    _note_ended(tx, rules)
    tx.conn.execute(facts.update().where(facts.c.name == "policy").values(value=rules.digest.encode()))
    tx.rules = replace(rules, grounds=read_grounds(tx.conn))
    return rules.digest


def _said(tx: Writing, purpose: Purpose, policy: Policy) -> Said | None:
    """What was said of the words of a purpose, where they differ from those in force."""
    before = tx.rules.purposes.get(purpose.topic)
    if before is None or same_words(before[1], purpose):
        return None
    return policy.said.get(purpose.topic)


def _join(tx: Writing, topic: str, version: str) -> None:
    """These words mean the same as those in force, also where they come back and had a ground of their own:
    who agreed to either has agreed to both."""
    grounds = read_grounds(tx.conn)
    before = tx.rules.purposes[topic][0]
    ours = (purposes.c.topic == topic, purposes.c.ground == grounds[before])
    tx.conn.execute(update(purposes).where(*ours).values(ground=grounds[version]))


def _ground(tx: Writing, purpose: Purpose, policy: Policy) -> str:
    """The ground of an earlier version that means the same; empty if there is none."""
    rows = tx.conn.execute(
        select(purposes.c.ground, purposes.c.body).where(purposes.c.topic == purpose.topic)
    )
    for ground, body in rows:
        if same_words(msgspec.json.decode(body, type=Purpose), purpose):
            return str(ground)
    before = tx.rules.purposes.get(purpose.topic)
    said = policy.said.get(purpose.topic)
    editorial = said.means == "editorial" if said is not None else purpose.topic in policy.editorial
    if before is None or not editorial:
        return ""
    return tx.rules.grounds.get(before[0], before[0])


def read_grounds(conn: Connection) -> dict[str, str]:
    """By version of a purpose, the oldest one whose consent holds for it."""
    rows = conn.execute(select(purposes.c.version, purposes.c.ground))
    return {row.version: row.ground for row in rows}


def _note_ended(tx: Writing, rules: Rules) -> None:
    """Since when the policy does not have topics that it had before."""
    tx.conn.execute(delete(facts).where(facts.c.name.in_([f"ended {topic}" for topic in rules.purposes])))
    for topic in tx.rules.purposes.keys() - rules.purposes.keys():
        tx.conn.execute(facts.insert().values(name=f"ended {topic}", value=str(tx.now).encode()))


def _count_from_now(tx: Writing, rules: Rules) -> None:
    """Let the mails of topics that get a cap now, or another one, count towards it, as far as it reaches
    back, also of those that were left out for a while."""
    for topic, (_, purpose) in rules.purposes.items():
        before = tx.rules.purposes.get(topic)
        capped = before is not None and before[1].cap_count and before[1].cap_unit == purpose.cap_unit
        if purpose.cap_count and not capped:
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
