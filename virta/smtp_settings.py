"""`[smtp]` in virta.toml: the mail server."""

from collections.abc import Iterator

from msgspec import Struct

from virta.urls import is_this_machine, parts_of


class Smtp(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`url` is `smtp://host:port`, `smtps://…` for TLS from the first byte, or `smtp+starttls://…`.

    `timeout` is in seconds and bounds every reply but the last one of a mail, for which RFC 5321 (4.5.3.2.6)
    asks for ten minutes: `final_timeout`. `delivery_notices`: a program of the operator's reads what the mail
    server writes to the sender's address, so it may be asked what was delivered (RFC 3461)."""

    url: str = "smtp://127.0.0.1:2525"
    user: str = ""
    password: str = ""  # write it env:NAME
    connections: int = 4
    per_second: float = 0  # 0: as fast as the server takes them
    timeout: float = 30
    final_timeout: float = 600
    delivery_notices: bool = False


def smtp_faults(smtp: Smtp) -> Iterator[str]:
    """What is of the right type and wrong all the same."""
    url = parts_of(smtp.url)
    if url is None or url.scheme not in ("smtp", "smtps", "smtp+starttls"):
        yield "`smtp.url` must be like smtp://HOST:PORT, smtps://HOST:PORT or smtp+starttls://HOST:PORT."
    elif url.username or url.password:
        yield "`smtp.url` must not hold a name or a password; `smtp.user` and `smtp.password` are for them."
    if bool(smtp.user) != bool(smtp.password):
        yield "`smtp.user` and `smtp.password` go together; one of them is empty."
    elif smtp.user and url is not None and url.scheme == "smtp" and not is_this_machine(url.hostname or ""):
        yield (
            f"`smtp.url` would send the password to {url.hostname} for anyone on the way to read; write "
            "`smtps://` or `smtp+starttls://`."
        )
    if smtp.connections < 1:
        yield "`smtp.connections` must be at least 1."
    if smtp.per_second < 0:
        yield "`smtp.per_second` must not be negative; 0 means as fast as the server takes them."
    if smtp.timeout <= 0 or smtp.final_timeout <= 0:
        yield "`smtp.timeout` and `smtp.final_timeout` must be more than 0 seconds."
