"""Rules: a policy laid out for look-ups, and the canonical bytes by which policies and purposes are known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import rfc8785

from consent.caps import is_unit
from consent.contract import Basis, Policy, Purpose, TemplateFacts


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy, laid out for look-ups: purposes with their versions by topic and
    by version, templates by digest."""

    policy: Policy
    digest: str
    purposes: Mapping[str, tuple[str, Purpose]]
    versions: Mapping[str, Purpose]
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
        if purpose.cap_count and not is_unit(purpose.cap_unit):
            raise ValueError(
                f"The topic `{purpose.topic}` is capped per `{purpose.cap_unit}`; "
                "write day, week, month, or days as in `7 days`."
            )
        if purpose.basis is Basis.CONSENT and not purpose.wording:
            raise ValueError(f"The topic `{purpose.topic}` rests on consent but has no words to agree to.")
        by_topic[purpose.topic] = (purpose_version(purpose), purpose)
    return Rules(
        policy,
        hashlib.sha256(policy_bytes(policy)).hexdigest(),
        by_topic,
        dict(by_topic.values()),
        {template.digest: template for template in policy.templates},
    )


NO_RULES = lay_out(Policy((), ()))
"""What holds before anything was published: everything is denied."""


def words(texts: Mapping[str, str], language: str, default: str) -> str:
    """The words in `language`, else in the default one, else in any; empty if there are none."""
    return texts.get(language) or texts.get(default) or next(iter(texts.values()), "")
