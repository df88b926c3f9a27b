"""What may be asked for: purposes, each version addressed by the SHA-256 of its canonical JSON, and
templates."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import rfc8785
from sqlalchemy import func, select, update

from consent.contract import Basis, Policy, Purpose, TemplateFacts
from consent.leaf import Leaf
from consent.store import decisions, facts, policies, purposes
from consent.transaction import Reading, Writing

_UNITS = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy, laid out for look-ups: purposes with their versions by topic, templates by digest."""

    policy: Policy
    digest: str
    purposes: Mapping[str, tuple[str, Purpose]]
    templates: Mapping[str, TemplateFacts]


def purpose_bytes(purpose: Purpose) -> bytes:
    """The canonical JSON of a purpose; its SHA-256 is the purpose's version."""
    return rfc8785.dumps(msgspec.to_builtins(purpose))


def purpose_version(purpose: Purpose) -> str:
    """The version of a purpose, in hex."""
    return hashlib.sha256(purpose_bytes(purpose)).hexdigest()


def policy_bytes(policy: Policy) -> bytes:
    """The canonical JSON of a policy; its SHA-256 is the policy's digest."""
    return rfc8785.dumps(msgspec.to_builtins(policy))


def lay_out(policy: Policy) -> Rules:
    """The policy as rules. Raises `ValueError` for a policy that contradicts itself."""
    by_topic: dict[str, tuple[str, Purpose]] = {}
    for purpose in policy.purposes:
        if purpose.topic in by_topic:
            raise ValueError(f"The topic `{purpose.topic}` stands twice in the policy.")
        if purpose.cap_count and purpose.cap_unit not in _UNITS:
            raise ValueError(
                f"The topic `{purpose.topic}` is capped per `{purpose.cap_unit}`; write day, week or month."
            )
        if purpose.basis is Basis.CONSENT and not purpose.wording:
            raise ValueError(f"The topic `{purpose.topic}` rests on consent but has no words to agree to.")
        by_topic[purpose.topic] = (purpose_version(purpose), purpose)
    return Rules(
        policy,
        hashlib.sha256(policy_bytes(policy)).hexdigest(),
        by_topic,
        {template.digest: template for template in policy.templates},
    )


NO_RULES = lay_out(Policy((), ()))
"""What holds before anything was published: everything is denied."""


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
    """Let the mails of topics that get a cap now count towards it, as far as its longest unit reaches
    back."""
    for topic, (_, purpose) in rules.purposes.items():
        before = tx.rules.purposes.get(topic)
        if purpose.cap_count and before is not None and not before[1].cap_count:
            tx.conn.execute(
                update(decisions)
                .where(decisions.c.topic == topic, decisions.c.at >= tx.now - 31 * 86_400_000)
                .values(capped=True)
            )


def words(texts: Mapping[str, str], language: str, default: str) -> str:
    """The words in `language`, else in the default one, else in any; empty if there are none."""
    return texts.get(language) or texts.get(default) or next(iter(texts.values()), "")


def read_purposes(reading: Reading, versions: list[str]) -> dict[str, Purpose]:
    """The purposes with these versions, old ones too."""
    rows = reading.conn.execute(
        select(purposes.c.version, purposes.c.body).where(purposes.c.version.in_(versions))
    )
    return {version: msgspec.json.decode(body, type=Purpose) for version, body in rows}
