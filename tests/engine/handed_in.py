"""What the API hands to the inbox."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """An event; its person is named by `email` or by `contact`."""

    id: str
    event: str
    email: str | None
    at: int
    data: dict[str, Any]
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Attributes of a person."""

    attributes: dict[str, Any]
    email: str = "anna@example.com"
