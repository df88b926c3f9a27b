"""`[consent]` in virta.toml: where the consent service is, when it is a process of its own."""

from collections.abc import Iterator

from msgspec import Struct

from virta.urls import is_this_machine, parts_of

_LONGEST_SECONDS = 60


class Consent(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`url` is where `virta serve consent` answers the engine, and `key` one that it was given; without them
    the consent service runs within `virta serve`. `operator_key` is for the commands by which somebody
    imports people, looks at one, or holds proof. `timeout` is in seconds. The four numbers are how many
    wishes to sign up are taken in an hour by `virta serve consent`."""

    url: str = ""
    key: str = ""  # write it env:NAME
    operator_key: str = ""  # the same; commands alone ask for it
    timeout: float = 5
    signups_per_address: int = 6
    signups_per_domain: int = 3000
    signups: int = 10000
    signups_per_visitor: int = 60


def consent_faults(consent: Consent, production: bool) -> Iterator[str]:
    """What is of the right type and wrong all the same."""
    url = parts_of(consent.url) if consent.url else None
    if consent.url and (url is None or url.scheme not in ("http", "https") or url.query or url.fragment):
        yield f"`consent.url` must be a whole URL, as in `http://127.0.0.1:8026`; it is `{consent.url}`."
    elif url is not None and "@" in url.netloc:
        yield "`consent.url` must not hold a password; `consent.key` is for the key."
    elif production and url is not None and url.scheme != "https" and not is_this_machine(url.hostname or ""):
        yield (
            f"`consent.url` would send addresses to {url.hostname} for anyone on the way to read; write "
            "`https://`."
        )
    if bool(consent.url) != bool(consent.key):
        yield "`consent.url` and `consent.key` go together; one of them is empty."
    if consent.operator_key and not consent.url:
        yield "`consent.operator_key` is for a consent service elsewhere, and `consent.url` is empty."
    if not 0 < consent.timeout <= _LONGEST_SECONDS:
        yield f"`consent.timeout` must be more than 0, and at most {_LONGEST_SECONDS} seconds."
    for name in ("signups_per_address", "signups_per_domain", "signups", "signups_per_visitor"):
        if getattr(consent, name) < 1:
            yield f"`consent.{name}` must be at least 1."
