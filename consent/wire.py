"""How calls of the consent service are written down, and how what went wrong crosses the wire: as a problem
(RFC 9457) that the other end turns into the exception it was.

Bodies carry their digest (RFC 9530): a permit that names somebody else since a bit was lost on the way would
be worse than none.
"""

import base64
import hmac
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from consent.contract import Contradiction, Crowded, InvalidAddress, LinkRefused, Unavailable
from consent.contract.operator import NotAllowed

JSON = "application/json"
MSGPACK = "application/msgpack"
PROBLEM = "application/problem+json"
DIGEST = "content-digest"


class Code(StrEnum):
    """What went wrong, for programs."""

    WRONG_SHAPE = "wrong_shape"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_LARGE = "too_large"
    NOT_UNDERSTOOD = "not_understood"
    INVALID_ADDRESS = "invalid_address"
    LINK_REFUSED = "link_refused"
    CONTRADICTION = "contradiction"
    REFUSED = "refused"
    CROWDED = "crowded"
    UNAVAILABLE = "unavailable"
    BROKEN = "broken"


class Problem(Struct, frozen=True, omit_defaults=True):
    """`detail` is in plain words; `reason` is that of a link, as in `LinkView`; `seconds` are those after
    which to ask again, 0 where nothing better is known than soon."""

    status: int
    code: Code
    detail: str
    reason: str = ""
    seconds: int = 0


STATUSES = {
    Code.WRONG_SHAPE: 400,
    Code.UNAUTHORIZED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.TOO_LARGE: 413,
    Code.NOT_UNDERSTOOD: 415,
    Code.INVALID_ADDRESS: 422,
    Code.LINK_REFUSED: 422,
    Code.CONTRADICTION: 409,
    Code.REFUSED: 422,
    Code.CROWDED: 429,
    Code.UNAVAILABLE: 503,
    Code.BROKEN: 500,
}


def problem(code: Code, detail: str, reason: str = "", seconds: int = 0) -> Problem:
    """A problem with the status of its code."""
    return Problem(STATUSES[code], code, detail, reason, seconds)


def problem_of(fault: Exception) -> Problem | None:
    """What the contract may raise, as a problem; None for anything else, which is a fault of the program."""
    match fault:
        case Crowded():
            return problem(Code.CROWDED, str(fault), seconds=fault.seconds)
        case Unavailable():
            return problem(Code.UNAVAILABLE, str(fault))
        case InvalidAddress():
            return problem(Code.INVALID_ADDRESS, str(fault))
        case LinkRefused():
            return problem(Code.LINK_REFUSED, "The link does not count.", fault.reason)
        case Contradiction():
            return problem(Code.CONTRADICTION, str(fault))
        case ValueError():
            return problem(Code.REFUSED, str(fault))
    return None


def fault_of(body: bytes, status: int) -> Exception:
    """The exception that a problem stands for. What is no answer of the contract is no answer at all."""
    try:
        told = msgspec.json.decode(body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Unavailable(f"The consent service answered {status}, and nothing that can be read.")
    match told.code:
        case Code.INVALID_ADDRESS:
            return InvalidAddress(told.detail)
        case Code.LINK_REFUSED:
            return LinkRefused(told.reason)
        case Code.CONTRADICTION:
            return Contradiction(told.detail)
        case Code.REFUSED | Code.WRONG_SHAPE:
            return ValueError(told.detail)
        case Code.CROWDED:
            return Crowded(told.seconds)
        case Code.UNAVAILABLE:
            return Unavailable(told.detail)
        case Code.UNAUTHORIZED | Code.FORBIDDEN:
            return NotAllowed(f"The consent service answered {status}: {told.detail}")
    return Unavailable(f"The consent service answered {status}: {told.detail}")


def encode(value: object, media: str) -> bytes:
    """`value` as JSON or msgpack."""
    return msgspec.msgpack.encode(value) if media == MSGPACK else msgspec.json.encode(value)


def decode(body: bytes, media: str, shape: Any) -> Any:
    """A value of that shape. Raises `msgspec.MsgspecError`, `UnicodeDecodeError`, `RecursionError`."""
    if media == MSGPACK:
        return msgspec.msgpack.decode(body, type=shape)
    return msgspec.json.decode(body, type=shape)


def digest(body: bytes) -> str:
    """What `Content-Digest` says of a body (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(sha256(body).digest()).decode()}:"


def is_whole(body: bytes, told: str) -> bool:
    """Whether a body is the one that its digest was made of; nothing told is nothing denied."""
    return not told or hmac.compare_digest(digest(body).encode(), told.encode("latin-1", "replace"))
