"""URLs as settings hold them."""

import ipaddress
from urllib.parse import SplitResult, urlsplit


def parts_of(text: str) -> SplitResult | None:
    """The parts of a URL, or None when it has no host or an impossible port."""
    try:
        parts = urlsplit(text)
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if fits else None


def is_this_machine(host: str) -> bool:
    """Whether nobody else can listen on the way to a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
