"""What is told to the consent service of a mail of its own, beside how its attempt ended."""

import hashlib

from consent.contract import Handed, Outcome
from consent.contract.bounds import MOST_SAID
from engine.mail.message import as_sent

LARGEST = 1 << 20
"""Bytes of a mail that is told whole; of a larger one its digest is."""


def handed_over(outcome: Outcome, code: int, text: str, data: bytes, at: int) -> Handed | None:
    """What passed between mailer and server: `data` as `wire` gives it, empty where no content was handed
    over, and what was said (`text`; by the server, if there is a `code`). None: nothing did. What the server
    wants later is not told whole, for it will be handed over again. `at` in ms UTC."""
    if outcome is Outcome.RELEASED:
        return None
    said = _plain(text)
    reply, why = (said, "") if code else ("", said)
    if not data:
        return Handed(reply=reply, why=why, at=at)
    mail = as_sent(data)
    whole = outcome is not Outcome.DEFERRED and len(mail) <= LARGEST
    return Handed(
        mail if whole else b"", hashlib.sha256(mail).hexdigest(), len(mail), reply=reply, why=why, at=at
    )


def _plain(text: str) -> str:
    """Without what no store and no wire takes: a mail server may say anything, and as much as it likes."""
    return text[:MOST_SAID].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
