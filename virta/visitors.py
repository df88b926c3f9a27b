"""What people do, as a list that can be replayed: they sign up, confirm, buy, withdraw.

A file of acts has one JSON object a line, in order of time, UTF-8:

    {"do": "sign_up", "at": "2025-01-02T09:15:00+02:00", "email": "anna@example.com", "language": "lv",
     "topics": ["news"], "attributes": {"first_name": "Anna"}}
    {"do": "confirm", "at": "…", "email": "anna@example.com"}
    {"do": "event", "at": "…", "email": "anna@example.com", "id": "order-1", "event": "order_placed",
     "data": {"order_id": "1", "total": {"amount": "14.90", "currency": "EUR"}}}
    {"do": "withdraw", "at": "…", "email": "anna@example.com"}

(each on one line; wrapped here). `at` is RFC 3339 with its offset; `data` is what `POST /v1/events` takes.
`docs/replay.md` says what a replay does with each.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeAlias

import msgspec


class BrokenActs(Exception):
    """A file of acts cannot be used; the message says which line and why, in plain words."""


@dataclass(frozen=True, slots=True)
class SignsUp:
    """Someone fills in the sign-up form. `at` is in ms UTC, here and below."""

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
    """Something happens in the shop. `id` is the sender's; the same one twice counts once."""

    at: int
    email: str
    id: str
    event: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Withdraws:
    """Someone uses the one-click header of the newest mail to this address that has one."""

    at: int
    email: str


Act: TypeAlias = SignsUp | Confirms | Event | Withdraws

_KINDS: dict[str, type[Act]] = {
    "sign_up": SignsUp,
    "confirm": Confirms,
    "event": Event,
    "withdraw": Withdraws,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_OPTIONAL = {"attributes", "data"}


def read_acts(path: Path) -> Iterator[Act]:
    """The acts of a file, one at a time. Raises `BrokenActs`; blank lines are skipped."""
    newest = 0
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                act = _act(f"{path}, line {number}", line)
                if act.at < newest:
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
            at = datetime.fromtimestamp(act.at / 1000, zone).isoformat()
            file.write(msgspec.json.encode({"do": _NAMES[type(act)], **asdict(act), "at": at}) + b"\n")
    return count


def _act(where: str, line: bytes) -> Act:
    try:
        said = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise BrokenActs(f"{where}: this is no JSON object: {fault}.") from None
    do = said.pop("do", None)
    kind = _KINDS.get(do) if isinstance(do, str) else None
    if kind is None:
        raise BrokenActs(f"{where}: `do` must be one of {', '.join(_KINDS)}; it is {_shown(do)}.")
    known = {each.name for each in fields(kind)}
    for name in said:
        if name not in known:
            raise BrokenActs(f"{where}: `{do}` has no `{name}`; it has {', '.join(sorted(known))}.")
    for name in sorted(known - _OPTIONAL - said.keys()):
        raise BrokenActs(f"{where}: `{name}` is missing.")
    try:
        at = msgspec.convert(said["at"], datetime)
        if at.tzinfo is None:
            raise BrokenActs(f"{where}: `at` lacks its offset; write it as in 2025-01-02T09:15:00+02:00.")
        return msgspec.convert({**said, "at": round(at.timestamp() * 1000)}, kind)
    except msgspec.ValidationError as fault:
        raise BrokenActs(f"{where}: {fault}.") from None


def _shown(value: object) -> str:
    return "missing" if value is None else f"`{value}`"
