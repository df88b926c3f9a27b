"""`[dkim]` in virta.toml: the keys that sign mails."""

from collections.abc import Iterator

from msgspec import Struct


class Dkim(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`keys` has a private key by each selector, as `env:NAME`; a mail carries a signature of each. Empty:
    mails go unsigned, or the mail server signs them. `domain` signs; empty: that of the sender's address."""

    domain: str = ""
    keys: dict[str, str] = {}


def dkim_faults(dkim: Dkim, sender: str) -> Iterator[str]:
    """What is of the right type and wrong all the same. `sender` is the domain of the sender's address."""
    domain, sender = dkim.domain.lower(), sender.lower()
    if domain and sender != domain and not sender.endswith("." + domain):
        yield (
            f"`dkim.domain` must be {sender}, or what it is a part of, or no receiver counts the signature "
            f"for mails of the sender's address (DMARC); it is `{dkim.domain}`."
        )
    for selector, key in dkim.keys.items():
        if not key.strip():
            yield f"`dkim.keys.{selector}` is empty; write `env:NAME` and set that environment variable."
