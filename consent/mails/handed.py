"""What is kept as evidence of a mail of the service's own: the mail as it was sent, and what the mail server
said to it.

The mailer tells it with the settlement. A mailer that was killed in between knows no more than how the server
answered; then the evidence says that the rest was not told, and nothing is made up."""

import base64
import hashlib
from enum import StrEnum

from consent.contract import Handed, Outcome, Settlement
from consent.ledger.evidence import Evidence


class Missing(StrEnum):
    """Why a piece of evidence has no mail."""

    NOT_TOLD = "not told"  # the mailer did not say, as after it was killed
    NOT_HANDED_OVER = "not handed over"  # the server refused before it was shown the content
    NOT_TAKEN = "not taken"  # it was shown the content, and wants it later
    TOO_LARGE = "too large"


def record_of(settlement: Settlement, now: int) -> Evidence:
    """The evidence of an attempt: which request the mail is about, the reply, the mail. `now` in ms UTC."""
    return {
        "schema": "mail/v1",
        "request": settlement.key,
        "attempt": settlement.attempt,
        "outcome": settlement.outcome.value,
        "code": settlement.code,
        "at": now,
        **members_of(settlement),
    }


def members_of(settlement: Settlement) -> dict[str, str | int]:
    """The members of evidence that tell of the mail and the reply: `eml` and how it is written (`text`, or
    `base64` where it is no UTF-8), or why there is none; `ended` is by the mailer's clock."""
    handed = settlement.handed
    if handed is None:
        return {"eml_missing": Missing.NOT_TOLD.value}
    said = {name: text for name, text in (("reply", handed.reply), ("why", handed.why)) if text}
    return {**_mail(settlement.outcome, handed), **said, "ended": handed.at}


def _mail(outcome: Outcome, handed: Handed) -> dict[str, str | int]:
    if not handed.mail:
        if not handed.digest:
            return {"eml_missing": Missing.NOT_HANDED_OVER.value}
        missing = Missing.NOT_TAKEN if outcome is Outcome.DEFERRED else Missing.TOO_LARGE
        return {"eml_missing": missing.value, "eml_sha256": handed.digest, "eml_size": handed.size}
    try:
        text, written = handed.mail.decode(), "text"
    except UnicodeDecodeError:
        text, written = base64.b64encode(handed.mail).decode(), "base64"
    return {
        "eml": text,
        "eml_as": written,
        "eml_sha256": hashlib.sha256(handed.mail).hexdigest(),
        "eml_size": len(handed.mail),
    }
