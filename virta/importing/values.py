"""What a cell says, in the type that the project declares."""

import csv
import re
from datetime import UTC, datetime
from typing import Any

from dsl.graph import FieldType
from engine.run.declared import Misfit, reader_of

_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]+)?\Z")
_MONEY = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,6})?) ?([A-Z]{3})\Z")
_YES, _NO = frozenset({"yes", "true", "1", "y"}), frozenset({"no", "false", "0", "n"})
# `2023-01-02 15:04:05.999 +0000 UTC` is how Go writes a moment
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?"
    r" ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?(?: [A-Z]{3,4})?)?\Z"
)
_DAY, _BEHIND = 86_400_000, 43_200_000
_LIKE_A_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def read_value(kind: FieldType, text: str, name: str) -> Any:
    """The value of a cell that is not empty. Raises `Misfit`, whose message says what is wrong."""
    return reader_of(kind)(_plain(kind, text, name), name)


def _plain(kind: FieldType, text: str, name: str) -> Any:
    match kind.kind:
        case "number":
            if not _NUMBER.match(text):
                raise Misfit(f"`{text[:40]}` is no number for `{name}`, which has a point and no blanks")
            return float(text) if "." in text else int(text)
        case "flag":
            word = text.casefold()
            if word not in _YES | _NO:
                raise Misfit(f"`{text[:40]}` is neither yes nor no, which `{name}` must be")
            return word in _YES
        case "money":
            found = _MONEY.match(text)
            if not found:
                raise Misfit(f"`{text[:40]}` is no money for `{name}`, which is like `49.90 EUR`")
            return {"amount": found[1], "currency": found[2]}
        case "date":
            return text[:10] if _MOMENT.match(text) else text
        case "moment":
            at = read_moment(text)
            return text if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat()
        case "list":
            return [_plain(kind.item or FieldType("text"), one, name) for one in read_list(text)]
        case "record":
            raise Misfit(f"`{name}` is a record, which no cell can hold")
        case _:
            return text


def read_moment(text: str) -> int | None:
    """A moment in ms UTC, from `2026-03-02`, `2026-03-02 09:00:00`, RFC 3339, and Go's own form; where no
    zone stands it is UTC. None for all else, also for what can be read in two ways, as `03/02/2026`."""
    found = _MOMENT.match(text.strip())
    if found is None:
        return None
    zone = (found[3] or "+00:00").replace("UTC", "+00:00").replace("Z", "+00:00")
    try:
        at = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}{zone}")
    except ValueError:
        return None
    return int(at.timestamp()) * 1000


def read_latest(text: str) -> int | None:
    """The last moment (ms UTC) that a text can mean: a day ends where it ends last, twelve hours behind UTC,
    and an hour of no zone is taken for one of there. So is read when somebody left: what is in doubt is not
    older than it."""
    at, found = read_moment(text), _MOMENT.match(text.strip())
    if at is None or found is None or found[3]:
        return at
    return at + _BEHIND + (0 if found[2] else _DAY)


def read_list(text: str) -> list[str]:
    """The words of a cell that holds several, as in `"Member","2025 waiver"` or `a, b`."""
    try:
        [words] = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError):
        words = text.split(",")
    return [word.strip() for word in words if word.strip()]


def like_a_formula(text: str) -> bool:
    """Whether a spreadsheet would reckon with a text instead of showing it."""
    return text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(_LIKE_A_FORMULA)
