"""The webhooks of a project, ready to be called: their secrets from the environment, checked before anything
runs."""

import base64
import binascii
import os

from dsl.graph import Webhook
from engine.calls.caller import Post
from engine.calls.post import HttpPost, NoAddress, Receiver
from engine.calls.recorder import Recorder
from engine.core.record import Why
from virta.settings import BrokenProject, Settings

_PREFIX = "whsec_"
_SHORTEST = 24  # bytes, by the rules of Standard Webhooks


def post_of(webhooks: tuple[Webhook, ...], settings: Settings) -> Post:
    """Who calls these webhooks; in staging nobody, unless the settings say so, and no secret is asked for.
    Calls into private networks are for development, and for projects that allow them. Raises `BrokenProject`
    for a secret that is missing or none, and for an address that is none."""
    if settings.environment == "staging" and settings.webhooks.staging == "skip":
        return Recorder(Why.STAGING)
    private = settings.environment == "development" or settings.webhooks.allow_private
    try:
        return HttpPost([Receiver(each.name, each.url, _secret(each)) for each in webhooks], private)
    except NoAddress as fault:
        raise BrokenProject(str(fault)) from None


def _secret(webhook: Webhook) -> str:
    """The key by which calls are signed."""
    name = webhook.secret_env
    if not name:
        raise BrokenProject(
            f"The webhook `{webhook.name}` names no secret by which its calls are signed; write "
            f"`secret env {webhook.name.upper()}_SECRET` below it, and set that environment variable."
        )
    found = os.environ.get(name, "").strip()
    if not found:
        raise BrokenProject(
            f"The environment variable {name}, by which calls of the webhook `{webhook.name}` are signed, is "
            "not set."
        )
    try:
        key = base64.b64decode(found.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _SHORTEST:
        raise BrokenProject(
            f"The environment variable {name} holds no secret of a webhook: {_SHORTEST} bytes or more "
            f"in Base64, perhaps behind `{_PREFIX}`. `openssl rand -base64 32` makes one."
        )
    return found
