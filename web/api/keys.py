"""Who may call the API, and for what."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from starlette.requests import Request

from web.api.replies import Code, Refusal


class Scope(StrEnum):
    EVENTS = "events"
    CONTACTS = "contacts"
    SIGNUPS = "signups"
    RETURNS = "returns"
    JOURNEYS = "journeys"
    MERGES = "merges"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The SHA-256 of each key with its scopes; the keys themselves are not held."""

    entries: tuple[tuple[bytes, frozenset[Scope]], ...]

    @classmethod
    def of(cls, keys: Iterable[tuple[str, Iterable[str]]]) -> "ApiKeys":
        """From pairs of key and scopes. Raises `ValueError` for an empty key and for an unknown scope."""
        entries: list[tuple[bytes, frozenset[Scope]]] = []
        for key, names in keys:
            if not key.strip():
                raise ValueError("An API key is empty.")
            scopes: set[Scope] = set()
            for name in names:
                if name not in set(Scope):
                    raise ValueError(f"`{name}` is no scope of an API key; there are {', '.join(Scope)}.")
                scopes.add(Scope(name))
            entries.append((sha256(key.encode()).digest(), frozenset(scopes)))
        return cls(tuple(entries))

    def scopes_of(self, presented: bytes) -> frozenset[Scope] | None:
        """What `presented` may do, None for a stranger. Takes as long for every key of the list."""
        digest = sha256(presented).digest()
        found: frozenset[Scope] | None = None
        for known, scopes in self.entries:
            if hmac.compare_digest(known, digest):
                found = scopes
        return found


def demand(keys: ApiKeys, request: Request, scope: Scope) -> None:
    """Let the request pass if its Bearer key (RFC 6750) has `scope`. Raises `Refusal`: 401 or 403."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    scopes = keys.scopes_of(token.strip().encode("latin-1")) if scheme.lower() == "bearer" else None
    if scopes is None:
        raise Refusal(
            401,
            Code.UNAUTHORIZED,
            "There is no valid key. Send the header `Authorization: Bearer KEY`.",
            {"WWW-Authenticate": "Bearer"},
        )
    if scope not in scopes:
        raise Refusal(403, Code.FORBIDDEN, f"This key does not have the scope `{scope}`.")
