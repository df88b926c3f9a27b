"""Which fetches of a link or a pixel are made by machines: published rules, in docs/measurement.md."""

import re

TOO_SOON = 10_000
"""Milliseconds after the hand-over within which nobody can have read the mail: what checks mails as they
come in does it then."""

BURST = 2_000
"""Milliseconds within which no person follows two different links of one mail."""

QUARANTINE = 60_000
"""Milliseconds for which nothing counts of a mail whose links were followed in a burst."""

_MACHINES = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|prefetch|headless|phantom|curl|wget|python|java/|okhttp|go-http"
    r"|libwww|perl|ruby|apache-httpclient|axios|node-fetch|barracuda|mimecast|proofpoint|symantec|trendmicro"
    r"|fireeye|cloudmark|messagelabs|office365|safelinks|slack|whatsapp|facebookexternalhit|telegram|skype",
    re.IGNORECASE,
)
_BY_READING = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
_PRIVACY_PROXY = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself. It fetches every picture of every mail, read or
not."""

_GMAIL_PREFETCH = "Edge/12.246 Mozilla/5.0"


def is_machine(user_agent: str) -> bool:
    """Whether this is the name of a program that fetches by itself. Gmail's and Yahoo's picture proxies are
    none: they fetch when the mail is opened."""
    name = user_agent.strip()
    if _BY_READING.search(name):
        return False
    return (
        not name
        or name == _PRIVACY_PROXY
        or name.endswith(_GMAIL_PREFETCH)
        or _MACHINES.search(name) is not None
    )
