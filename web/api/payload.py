"""From a request to values of the right shape."""

from typing import TypeVar

import msgspec
from starlette.requests import Request

from web.api.plain import in_plain_words
from web.api.replies import Code, Refusal
from web.body import TooLarge, read_body

LIMIT = 5 * 1024 * 1024
ITEM_LIMIT = 64 * 1024

Shape = TypeVar("Shape")


async def read_json(request: Request, decoder: msgspec.json.Decoder[Shape]) -> Shape:
    """The request's body as `decoder` reads it. Raises `Refusal`: 400, 413 or 415."""
    media, _, _ = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() != "application/json":
        raise Refusal(415, Code.NOT_JSON, "Send JSON, with the header `Content-Type: application/json`.")
    try:
        body = await read_body(request, LIMIT)
    except TooLarge:
        raise Refusal(
            413, Code.TOO_LARGE, "The body is larger than 5 MiB. Send it in several calls."
        ) from None
    return _decode(body, decoder)


def read_item(raw: msgspec.Raw | bytes, decoder: msgspec.json.Decoder[Shape], whole: str) -> Shape | str:
    """One entry of a batch, or in plain words why it cannot be read; `whole` is what it is called."""
    if len(memoryview(raw)) > ITEM_LIMIT:
        return f"{whole} is larger than 64 KiB"
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as fault:
        return in_plain_words(str(fault), whole)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return f"{whole} holds text that is not valid Unicode"
    except RecursionError:
        return f"{whole} is nested too deeply"


def _decode(body: bytes, decoder: msgspec.json.Decoder[Shape]) -> Shape:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as fault:
        raise Refusal(400, Code.WRONG_SHAPE, f"{in_plain_words(str(fault), 'The body')}.") from None
    except msgspec.DecodeError as fault:
        raise Refusal(
            400, Code.BROKEN_JSON, f"The body is not valid JSON: {_place(str(fault), body)}."
        ) from None
    except UnicodeDecodeError:
        raise Refusal(400, Code.BROKEN_JSON, "The body is not valid UTF-8.") from None
    except RecursionError:
        raise Refusal(400, Code.WRONG_SHAPE, "The body is nested too deeply.") from None


def _place(message: str, body: bytes) -> str:
    """Where the fault lies, by line and column from 1, with what is wrong there."""
    if not body.strip():
        return "it is empty"
    text, _, rest = message.removeprefix("JSON is malformed: ").partition(" (byte ")
    position = rest.removesuffix(")")
    if not position.isdigit():
        return "it ends in the middle"
    # of these msgspec gives the position behind the first
    before = body[: int(position) - text.startswith("trailing characters")]
    line = before.count(b"\n") + 1
    column = len(before) - (before.rfind(b"\n") + 1) + 1
    return f"{text} in line {line}, column {column}"
