"""Who speaks on the pages."""

from collections.abc import Sequence

from dsl.templates.files import TemplateFile
from virta.proof_mail import proof_subjects
from virta.settings import Settings
from web.brand import Brand


def brand_of(settings: Settings, templates: Sequence[TemplateFile]) -> Brand:
    """As the settings name them; people find the proof mail by what one of `templates` calls it."""
    return Brand(
        settings.sender.name,
        settings.controller.name,
        settings.controller.contact,
        settings.sender.imprint,
        settings.time_zone,
        settings.sender.address,
        proof_subjects(templates, settings.languages[0]),
        any(settings.times.minimum_age.values()),
    )
