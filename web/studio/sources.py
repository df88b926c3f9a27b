"""Where the studio's pages come from: everything is looked at, nothing is changed."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from msgspec import Struct

from dsl.graph import Graph
from engine.core.loaded import Loaded
from engine.delivery.orders import Order
from engine.insight.records import Records
from engine.insight.story import Names, Person
from engine.mail.measured import Marks


class LogLeaf(Struct, frozen=True):
    """A leaf of the consent service's log. `at` is in ms UTC; `subject` is empty where it is about nobody."""

    seq: int
    at: int
    type: str
    purpose: str
    subject: str


class LogPage(Struct, frozen=True):
    """Some leaves, newest first, with the log's newest checkpoint: it covers `covered` leaves under `root`
    (hex) and was signed `at` (ms UTC), as `note` (a C2SP signed note) says. `key` checks it."""

    origin: str
    size: int
    covered: int
    root: str
    at: int
    note: str
    key: str
    leaves: tuple[LogLeaf, ...]


class Posted(Protocol):
    """A mail in the mailbox. `position` names it; `key` is the local part of its Message-ID."""

    @property
    def position(self) -> int: ...
    @property
    def received_at(self) -> int: ...
    @property
    def recipient(self) -> str: ...
    @property
    def key(self) -> str: ...


class People(Protocol):
    """Who is known, and what the log says."""

    def person(self, who: str) -> Person | None:
        """Whoever has that address, or that contact id. Raises `InvalidAddress` and `StoreFault`."""

    def addresses(self, contacts: Sequence[str]) -> dict[str, str]:
        """The address of each contact; those unknown are left out."""

    def preferences(self, contact: str) -> str:
        """The path of a person's own preferences page."""

    def log(self, before: int | None, count: int) -> LogPage:
        """The newest `count` leaves, those before position `before` if one is given."""


class Mailbox(Protocol):
    """The mails that a local mailbox took."""

    def posted(self) -> Sequence[Posted]:
        """All of them, oldest first."""

    def position(self, key: str) -> int | None:
        """Where the mail with this key stands; None: it is not here."""

    def content(self, position: int) -> bytes | None:
        """A whole mail; None if there is none at that position."""


class Sources(Protocol):
    """Everything that the pages show. `texts` are the flows as written, by name; `time_zone` is an IANA name
    in which times are told; `marks` knows the measured links and pixels of the mails."""

    @property
    def title(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def names(self) -> Names: ...
    @property
    def texts(self) -> Mapping[str, str]: ...
    @property
    def people(self) -> People: ...
    @property
    def mailbox(self) -> Mailbox: ...
    @property
    def marks(self) -> Marks: ...

    def now(self) -> int:
        """The present moment, in ms UTC."""

    def loaded(self, ever: Iterable[Graph]) -> Loaded:
        """The project's program ready to run, with every graph that ever ran."""

    def instruct(self, order: Order) -> None:
        """Tell the engine, as from outside. Raises `StoreFault`."""

    def records(self) -> AbstractContextManager[Records]:
        """The engine's records as they are now. Raises `StoreFault`."""
