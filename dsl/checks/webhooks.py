"""Webhooks: where calls go, and by which key they are signed."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.nodes.schema import Webhook
from dsl.nodes.terms import TextValue

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def check_webhooks(draft: Draft) -> Iterator[Finding]:
    """Webhooks that lack something, say it twice, or send what they tell unsealed."""
    for webhook in draft.webhooks:
        yield from _lacking(webhook)
        for url in webhook.urls:
            yield from _url(url)
        for again in webhook.urls[1:]:
            yield error("E408", again.span, "The webhook has two addresses.", "Delete one of the two.")
        for secret in webhook.secrets:
            if not _VARIABLE.fullmatch(secret.name.text):
                shown = re.sub(r"\W", "_", secret.name.text).upper()
                yield error(
                    "E431",
                    secret.name.span,
                    "The name of an environment variable has capital letters, digits and `_` only.",
                    f"Write `secret env {shown if _VARIABLE.fullmatch(shown) else 'CRM_SECRET'}`.",
                )
        for again_ in webhook.secrets[1:]:
            yield error("E408", again_.span, "The webhook has two keys.", "Delete one of the two.")


def _lacking(webhook: Webhook) -> Iterator[Finding]:
    name = webhook.name
    if webhook.damaged:
        return
    if not webhook.urls:
        yield error(
            "E431",
            name.span,
            f"The webhook `{name.text}` does not say where its calls go.",
            'Write it below, as in `url "https://crm.example.com/hook"`.',
        )
    if not webhook.secrets:
        yield error(
            "E431",
            name.span,
            f"The webhook `{name.text}` does not say by which key its calls are signed.",
            f"Write it below, as in `secret env {name.text.upper()}_SECRET`.",
        )


def _url(url: TextValue) -> Iterator[Finding]:
    try:
        parts = urlsplit(url.value)
        whole = bool(parts.scheme and parts.hostname) and not re.search(r"\s", url.value)
    except ValueError:
        whole = False
    if not whole:
        yield error(
            "E432",
            url.span,
            "This is no whole address.",
            'Write it like `url "https://crm.example.com/hook"`.',
        )
    elif parts.scheme != "https":
        yield error(
            "E432",
            url.span,
            "A call tells about people, so it goes by `https` only.",
            f'Write `url "https://{url.value.split("://", 1)[-1]}"`.',
        )
    elif parts.username or parts.password:
        yield error(
            "E432",
            url.span,
            "An address that everyone can read here holds no password.",
            "Leave out what stands before the `@`: calls are signed by the key.",
        )
    elif not _port_is_one(parts):
        yield error(
            "E432",
            url.span,
            "Behind the `:` of an address stands a number from 1 to 65535.",
            "Leave out the `:` and what stands behind it; calls then go to 443, as `https` does everywhere.",
        )


def _port_is_one(parts: SplitResult) -> bool:
    try:
        return parts.port != 0
    except ValueError:  # no number, or one beyond all ports
        return False
