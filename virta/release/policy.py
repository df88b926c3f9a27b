"""What the consent service may be asked for, as a project's folder says it."""

from collections.abc import Sequence

from consent.contract import BESIDE_TOPICS, Basis, Policy, Purpose, TemplateFacts
from dsl.compile import Compiled
from dsl.graph import Program, TopicType
from virta.privacy.notice import notice_of
from virta.project.wording import Wording
from virta.settings import BrokenProject, Settings


def policy_of(
    program: Program, compiled: Compiled, settings: Settings, wording: dict[str, Wording]
) -> Policy:
    """What the consent service may be asked for: topics, what is asked beside them, and templates."""
    topics = [_purpose(topic, wording[topic.name], settings) for topic in program.topics]
    beside = [
        Purpose(
            name,
            Basis.CONSENT,
            wording[name].title,
            wording[name].consent,
            settings.controller.name,
            notice=notice_of(settings, name),
        )
        for name in BESIDE_TOPICS
        if name in settings.purposes
    ]
    facts = (
        TemplateFacts(
            template.name, template.digest, template.unsubscribe, template.imprint, template.promotional
        )
        for template in compiled.templates
    )
    purposes = (*topics, *beside)
    return Policy(
        purposes,
        tuple(facts),
        settings.languages[0],
        editorial=_editorial(settings, [purpose.topic for purpose in purposes]),
        origin_notice=settings.origin_notice,
        attestation_key=settings.controller.attestation_key,
    )


def _editorial(settings: Settings, topics: Sequence[str]) -> tuple[str, ...]:
    for name in (*settings.editorial, *settings.similar):
        if name not in topics:
            raise BrokenProject(f"virta.toml names the topic `{name}`, which no flow declares.")
    return settings.editorial


def _purpose(topic: TopicType, wording: Wording, settings: Settings) -> Purpose:
    return Purpose(
        topic.name,
        Basis.SOFT_OPT_IN if topic.name in settings.similar else Basis(topic.basis),
        wording.title,
        wording.consent,
        settings.controller.name,
        topic.cap_count,
        f"{topic.cap_rolling.days} days" if topic.cap_rolling is not None else topic.cap_unit,
        settings.similar.get(topic.name, ""),
        notice_of(settings, topic.name),
    )
