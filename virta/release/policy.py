"""What the consent service may be asked for, as a project's folder says it."""

from consent.contract import BESIDE_TOPICS, Basis, Policy, Purpose, TemplateFacts
from dsl.compile import Compiled
from dsl.graph import Program, TopicType
from virta.project.wording import Wording
from virta.settings import Settings


def policy_of(
    program: Program, compiled: Compiled, settings: Settings, wording: dict[str, Wording]
) -> Policy:
    """What the consent service may be asked for: topics, what is asked beside them, and templates."""
    topics = [_purpose(topic, wording[topic.name], settings) for topic in program.topics]
    beside = [
        Purpose(name, Basis.CONSENT, wording[name].title, wording[name].consent, settings.controller.name)
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
    return Policy(purposes, tuple(facts), settings.languages[0], origin_notice=settings.origin_notice)


def _purpose(topic: TopicType, wording: Wording, settings: Settings) -> Purpose:
    return Purpose(
        topic.name,
        Basis(topic.basis),
        wording.title,
        wording.consent,
        settings.controller.name,
        topic.cap_count,
        f"{topic.cap_rolling.days} days" if topic.cap_rolling is not None else topic.cap_unit,
    )
