"""The key of a mail, from which its Message-ID follows."""

import hmac


def mail_key(secret: bytes, journey: str, step: str, visit: int) -> str:
    """32 hex digits: the same for every attempt, and after every replay. `visit` counts from 1 how often the
    journey has met the step."""
    return hmac.digest(secret, f"{journey}\0{step}\0{visit}".encode(), "sha256")[:16].hex()
