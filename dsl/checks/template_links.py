"""Links that a condition asks for, and whether the mail has them."""

import re
from collections.abc import Iterator
from html import unescape
from typing import TypeGuard

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import warning
from dsl.meaning.names import nearest
from dsl.meaning.walk import written_name
from dsl.nodes.flows import Flow, Send
from dsl.nodes.terms import MailTest
from dsl.templates.facts import parts_of
from dsl.templates.text import JINJA

_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_OURS = re.compile(r"\s*\{\{-?\s*links\.\w+\s*-?\}\}\s*\Z")


def check_links(draft: Draft) -> Iterator[Finding]:
    """`clicked NAME link "…"` about a link that the mail does not have is always no. Nothing is said where a
    template puts such a link together from values, or has none written out."""
    for flow in draft.flows:
        asked = [each for each in flow.all_terms if isinstance(each, MailTest) and each.link is not None]
        mails = _mails(flow) if asked else {}
        for test in asked:
            template = mails.get(test.step.text, "")
            if not _is_address(test.link) or template not in draft.templates.names:
                continue
            known, begun = _links(template, draft)
            if not known or test.link in known or test.link.startswith((*begun,)):
                continue
            close = nearest(test.link, known)
            listed = ", ".join(f"`{each}`" for each in sorted(known)[:3])
            yield warning(
                "W519",
                test.span,
                f"The mail `{template}` has no link to `{test.link}`, so this is always no.",
                f'Write `link "{close}"`.' if close else f"It leads to {listed}.",
            )


def _is_address(link: str | None) -> TypeGuard[str]:
    return link is not None and link.startswith(("https://", "http://"))


def _mails(flow: Flow) -> dict[str, str]:
    """The template of each mail by the name of its step."""
    return {written_name(step): step.template.text for step in flow.all_steps if isinstance(step, Send)}


def _links(template: str, draft: Draft) -> tuple[set[str], set[str]]:
    """Where the links of a template lead that are written out, and how the others begin."""
    variants = draft.templates.variants(template)
    known: set[str] = set()
    begun: set[str] = set()
    for file in (*variants, *parts_of(variants, draft.templates)):
        for found in _HREF.finditer(file.body):
            written = found[1] or found[2] or ""
            value = JINJA.search(written)
            if value is None:
                known.add(unescape(written).strip())
            elif not _OURS.match(written):
                begun.add(unescape(written[: value.start()]).strip())
    return known, begun
