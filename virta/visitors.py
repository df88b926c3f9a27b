"""What people do, as a list that can be replayed: they sign up, confirm, buy, open, click, withdraw.

A file of acts has one JSON object a line, in order of time, UTF-8:

    {"do": "sign_up", "at": "2025-01-02T09:15:00+02:00", "email": "anna@example.com", "language": "lv",
     "topics": ["news", "measurement"], "attributes": {"first_name": "Anna"}}
    {"do": "confirm", "at": "…", "email": "anna@example.com"}
    {"do": "event", "at": "…", "email": "anna@example.com", "id": "order-1", "event": "order_placed",
     "data": {"order_id": "1", "total": {"amount": "14.90", "currency": "EUR"}}}
    {"do": "click", "at": "…", "email": "anna@example.com", "flow": "welcome", "step": "welcome_gift"}
    {"do": "withdraw", "at": "…", "email": "anna@example.com"}

(each on one line; wrapped here). `at` is RFC 3339 with its offset; `data` is what `POST /v1/events` takes.
`docs/replay.md` says what a replay does with each. In the classes below `at` and other moments are in ms
UTC; `flow` and `step` name the newest mail of that step, and left empty they stand for any.
"""

from collections.abc import Iterable, Iterator
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec


class BrokenActs(Exception):
    """A file of acts cannot be used; the message says which line and why, in plain words."""


@dataclass(frozen=True, slots=True)
class SignsUp:
    """Someone fills in the sign-up form. `topics` holds the purposes `personalisation` and `measurement` too,
    where their boxes are ticked."""

    at: int
    email: str
    language: str
    topics: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Confirms:
    """Someone presses the button behind the link of the newest proof mail to this address."""

    at: int
    email: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something happens in the shop. `id` is the sender's; the same one twice counts once. `happened` is when
    it did, for history that a shop sends when it is connected; None: it happens at `at`."""

    at: int
    email: str
    id: str
    event: str
    data: dict[str, Any] = field(default_factory=dict)
    happened: int | None = None


@dataclass(frozen=True, slots=True)
class Sets:
    """The shop tells what is known of someone now: what `POST /v1/contacts` takes; None is unknown."""

    at: int
    email: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opens:
    """Someone opens a mail with its pictures. Counts only for people who agreed to `measurement`."""

    at: int
    email: str
    flow: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Clicks:
    """Someone follows a link of a mail. `link` is its place among them, from 0, or a part of its URL; links
    that Virta makes (unsubscribe, preferences) are none of them."""

    at: int
    email: str
    flow: str = ""
    step: str = ""
    link: int | str = 0


@dataclass(frozen=True, slots=True)
class Complains:
    """Someone presses "this is spam", which their mail provider reports."""

    at: int
    email: str
    flow: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Bounces:
    """A mail comes back from someone's mail server. `kind` is `hard` (there is no such mailbox) or `soft`."""

    at: int
    email: str
    kind: Literal["hard", "soft"] = "hard"
    flow: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Chooses:
    """Someone saves the preferences page behind the newest link to it. `topics` are the boxes ticked then,
    purposes among them; `frequency` is empty (as it comes), `weekly` or `monthly`; `pause` is in days, 0 ends
    one. None: as the page shows it."""

    at: int
    email: str
    topics: tuple[str, ...] | None = None
    frequency: Literal["", "weekly", "monthly"] | None = None
    pause: Literal[0, 30, 90] | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Withdraws:
    """Someone uses the one-click header of the newest mail to this address that has one."""

    at: int
    email: str


Act: TypeAlias = (
    SignsUp | Confirms | Event | Sets | Opens | Clicks | Complains | Bounces | Chooses | Withdraws
)

_KINDS: dict[str, type[Act]] = {
    "sign_up": SignsUp,
    "confirm": Confirms,
    "event": Event,
    "set": Sets,
    "open": Opens,
    "click": Clicks,
    "complain": Complains,
    "bounce": Bounces,
    "choose": Chooses,
    "withdraw": Withdraws,
}
NAMES = {kind: name for name, kind in _KINDS.items()}
_MOMENTS = ("at", "happened")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_acts(path: Path) -> Iterator[Act]:
    """The acts of a file, one at a time. Raises `BrokenActs`; blank lines are skipped."""
    newest: int | None = None
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                act = _act(f"{path}, line {number}", line)
                if newest is not None and act.at < newest:
                    raise BrokenActs(f"{path}, line {number}: the acts must stand in order of time.")
                newest = act.at
                yield act
    except OSError as fault:
        raise BrokenActs(f"{path} cannot be read: {fault.strerror}.") from None


def write_acts(path: Path, acts: Iterable[Act], zone: tzinfo = UTC) -> int:
    """Write acts, which must come in order of time, and return how many. `zone` is how times are spelled."""
    count = 0
    with path.open("wb") as file:
        for act in acts:
            count += 1
            said = {"do": NAMES[type(act)], **_told(act)}
            for name in _MOMENTS:
                if name in said:
                    said[name] = datetime.fromtimestamp(said[name] / 1000, zone).isoformat()
            file.write(msgspec.json.encode(said) + b"\n")
    return count


def _told(act: Act) -> dict[str, Any]:
    """Its fields, without those that say what they say by themselves."""
    return {
        each.name: value
        for each in fields(act)
        if (value := getattr(act, each.name)) != each.default or type(value) is not type(each.default)
    }


def _act(where: str, line: bytes) -> Act:
    try:
        said = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BrokenActs(f"{where}: this is no JSON object: {fault}.") from None
    except RecursionError:
        raise BrokenActs(f"{where}: this is nested too deeply.") from None
    do = said.pop("do", None)
    kind = _KINDS.get(do) if isinstance(do, str) else None
    if kind is None:
        raise BrokenActs(f"{where}: `do` must be one of {', '.join(_KINDS)}; it is {_shown(do)}.")
    known = {each.name for each in fields(kind)}
    for name in said:
        if name not in known:
            raise BrokenActs(f"{where}: `{do}` has no `{name}`; it has {', '.join(sorted(known))}.")
    for each in fields(kind):
        if each.name not in said and each.default is MISSING and each.default_factory is MISSING:
            raise BrokenActs(f"{where}: `{each.name}` is missing.")
    try:
        for name in _MOMENTS:
            if name in said:
                said[name] = _moment(where, name, said[name])
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as fault:
        raise BrokenActs(f"{where}: {fault}.") from None


def _moment(where: str, name: str, text: object) -> int:
    moment = msgspec.convert(text, datetime)
    if moment.tzinfo is None:
        raise BrokenActs(f"{where}: `{name}` lacks its offset; write it as in 2025-01-02T09:15:00+02:00.")
    if moment < _EPOCH:
        raise BrokenActs(f"{where}: `{name}` lies before 1970.")
    return round(moment.timestamp() * 1000)


def _shown(value: object) -> str:
    return "missing" if value is None else f"`{value}`"
