"""Answers of the API: every body is JSON, every fault has a code and a sentence."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec
from msgspec import Struct
from starlette.responses import Response


class Code(StrEnum):
    """What went wrong, for programs. Stable; `docs/api.md` lists them all."""

    BROKEN_JSON = "broken_json"
    WRONG_SHAPE = "wrong_shape"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    NOT_JSON = "not_json"
    INVALID_ADDRESS = "invalid_address"
    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_LANGUAGE = "unknown_language"
    UNKNOWN_FLOW = "unknown_flow"
    UNKNOWN_CONTACT = "unknown_contact"
    NOT_BY_REQUEST = "not_by_request"
    BUSY = "busy"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    NO_ROOM = "no_room"


class Refusal(Exception):
    """The request as a whole is not carried out; `message` says why and what to do."""

    def __init__(
        self, status: int, code: Code, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers


class Rejected(Struct, frozen=True):
    """One entry of a batch that was not taken; `index` counts from 0."""

    index: int
    reason: str


class Tally(Struct, frozen=True):
    """What became of a batch."""

    accepted: int
    rejected: Sequence[Rejected]


_encode = msgspec.json.Encoder().encode


def answer(body: object, status: int = 202, headers: Mapping[str, str] | None = None) -> Response:
    """`body` as JSON."""
    return Response(_encode(body), status, headers, "application/json")


def refusal(fault: Refusal) -> Response:
    """`{"error": {"code", "message"}}` with the fault's status and headers."""
    return answer({"error": {"code": fault.code, "message": fault.message}}, fault.status, fault.headers)
