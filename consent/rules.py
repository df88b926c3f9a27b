"""Rules: a policy laid out for look-ups, and the canonical bytes by which policies and purposes are known."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import msgspec
import rfc8785

from consent.caps import is_unit
from consent.contract import Basis, Policy, Purpose, TemplateFacts


@dataclass(frozen=True, slots=True)
class Rules:
    """A policy, laid out for look-ups: purposes with their versions by topic and by version, templates by
    digest. `grounds` has, by version, the oldest one whose consent holds for it, old versions too."""

    policy: Policy
    digest: str
    purposes: Mapping[str, tuple[str, Purpose]]
    versions: Mapping[str, Purpose]
    templates: Mapping[str, TemplateFacts]
    grounds: Mapping[str, str] = field(default_factory=dict)

    def holds(self, version: str, present: str) -> bool:
        """Whether who agreed to `version` has agreed to `present` as well."""
        return self.grounds.get(version, version) == self.grounds.get(present, present)


def purpose_bytes(purpose: Purpose) -> bytes:
    """The canonical JSON of a purpose; its SHA-256 is the purpose's version."""
    return rfc8785.dumps(_without(purpose, "similar", "notice"))


def purpose_version(purpose: Purpose) -> str:
    """The version of a purpose, in hex."""
    return hashlib.sha256(purpose_bytes(purpose)).hexdigest()


def policy_bytes(policy: Policy) -> bytes:
    """The canonical JSON of a policy; its SHA-256 is the policy's digest."""
    body = _without(policy, "editorial", "attestation_key", "said")
    body["purposes"] = [_without(purpose, "similar", "notice") for purpose in policy.purposes]
    return rfc8785.dumps(body)


def _without(published: Purpose | Policy, *names: str) -> dict[str, Any]:
    """As it is written; the members `names` only if they say something."""
    body: dict[str, Any] = msgspec.to_builtins(published)
    for name in names:
        if not body[name]:
            del body[name]
    return body


def same_words(old: Purpose, new: Purpose) -> bool:
    """Whether who agreed to `old` has agreed to `new` too. They agreed to the sentence, for a controller,
    about the data that is named; a word in a further language, a title or a cap change nothing of it, and of
    the rest of the notice people are informed: who gets the data, how long it is kept, which rights there
    are and how to withdraw (EDPB Guidelines 05/2020, 64 and 65)."""
    spoken = old.wording.keys() & new.wording.keys()
    return (
        (old.basis, old.controller, old.similar) == (new.basis, new.controller, new.similar)
        and bool(spoken or not old.wording)
        and _as_before(old.wording, new.wording)
        and _as_before(old.notice.data, new.notice.data)
    )


def _as_before(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether what reads in both reads the same."""
    return all(old[language] == new[language] for language in old.keys() & new.keys())


def lay_out(policy: Policy, grounds: Mapping[str, str] = MappingProxyType({})) -> Rules:
    """The policy as rules; `grounds` as `Rules` has them. Raises `ValueError` for a policy that contradicts
    itself."""
    by_topic: dict[str, tuple[str, Purpose]] = {}
    for purpose in policy.purposes:
        if purpose.topic in by_topic:
            raise ValueError(f"The topic `{purpose.topic}` stands twice in the policy.")
        if purpose.cap_count and not is_unit(purpose.cap_unit):
            raise ValueError(
                f"The topic `{purpose.topic}` is capped per `{purpose.cap_unit}`; "
                "write day, week, month, or days as in `7 days`."
            )
        if purpose.basis is Basis.SOFT_OPT_IN and not purpose.similar:
            raise ValueError(
                f"The topic `{purpose.topic}` rests on a sale but does not say which goods it is about."
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
        grounds,
    )


NO_RULES = lay_out(Policy((), ()))
"""What holds before anything was published: everything is denied."""


def spoken(texts: Mapping[str, str], language: str, default: str) -> str:
    """The language of what `words` gives; empty if there are none."""
    return next((one for one in (language, default, *texts) if texts.get(one)), "")


def words(texts: Mapping[str, str], language: str, default: str) -> str:
    """The words in `language`, else in the default one, else in any; empty if there are none."""
    return texts.get(spoken(texts, language, default), "")
