"""Mails for service: no link in them that only marketing has."""

from collections.abc import Iterator, Mapping

from dsl.checks.template_uses import Sent
from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.templates.files import place_in
from dsl.templates.values import WAYS_OUT, Use


def check_service_links(draft: Draft, sent: Mapping[str, Sent]) -> Iterator[Finding]:
    """Links to unsubscribe that mails for service show without asking for them, and which are empty there.
    Each file is told of once, whichever mails it makes."""
    found: dict[str, tuple[Use, dict[str, None]]] = {}
    for name in sorted(draft.templates.names):
        if name in sent and sent[name].service:
            for file in draft.templates.variants(name):
                for use in draft.readings.of(file).uses:
                    if use.path[:2] in WAYS_OUT and not use.guarded:
                        found.setdefault(use.file, (use, {}))[1][name] = None
    for use, names in found.values():
        first = next(iter(names))
        yield error(
            "E526",
            place_in(use.file, draft.templates, use.line, use.written),
            f"`{use.written}` is empty in mails for service, and `{first}` is one."
            if len(names) == 1
            else f"`{use.written}` is empty in mails for service; {len(names)} show it, `{first}` for one.",
            f"Write it within `{{% if {use.written} %}} … {{% endif %}}`.",
        )
