"""Where events and contacts go: the door that the API needs, and what it hands through.

The API knows shapes only. Whether an event is declared and its fields have the right types is for the other
side to say, per event, in words that are passed on to the caller.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class NewEvent(Struct, frozen=True):
    """One event as it came. Exactly one of `email` and `contact` (a contact's id) is set; `at` is in
    milliseconds since 1970 UTC; `data` holds plain JSON values."""

    id: str
    event: str
    email: str | None
    contact: str | None
    at: int
    data: dict[str, object]


class NewContact(Struct, frozen=True):
    """A contact's attributes as they came: plain JSON values; null makes an attribute unknown."""

    email: str
    attributes: dict[str, object]


class Busy(Exception):
    """There is no room now; nothing of the batch was taken. Ask again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"no room for {retry_after} s")
        self.retry_after = retry_after


class Inbox(Protocol):
    """Takes what arrives, durably: when a call returns, what it accepted survives a crash."""

    @property
    def flows(self) -> Mapping[str, bool]:
        """The project's flows by name: whether each starts by request."""

    async def accept_requests(
        self, flow: str, id_: str, contacts: Sequence[str], place: str = ""
    ) -> list[str | None]:
        """Have `flow` start for these contacts, named by their ids; `place` is where that was asked for, if
        not by the API. Per contact, in order: None when it was accepted or was asked for under `id_` before,
        else the reason in plain words. Raises `Busy`."""

    async def accept_events(self, events: Sequence[NewEvent]) -> list[str | None]:
        """Per event, in order: None when it was accepted or repeats an id, else the reason in plain words.
        Raises `Busy`."""

    async def accept_contacts(self, contacts: Sequence[NewContact]) -> list[str | None]:
        """Per contact, in order: None when it was accepted, else the reason in plain words. Raises `Busy`."""
