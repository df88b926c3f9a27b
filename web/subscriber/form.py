"""Fields that a page's form sends."""

from collections.abc import AsyncGenerator
from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from web.body import read_body

LIMIT = 64 * 1024
MOST_FIELDS = 200


class Garbled(Exception):
    """The body is not the form that its header says it is."""


async def read_form(request: Request) -> FormData:
    """The fields of `multipart/form-data`, and of anything else as form-urlencoded: mail providers that press
    the one-click button (RFC 8058) may leave the header out. Raises `TooLarge` and `Garbled`."""
    body = await read_body(request, LIMIT)
    media = request.headers.get("content-type", "")
    try:
        if media.lower().startswith("multipart/form-data"):
            parser = MultiPartParser(request.headers, _once(body), max_files=0, max_fields=MOST_FIELDS)
            return await parser.parse()
        text = body.decode("utf-8", "replace").strip()
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        return FormData(list[tuple[str, str | UploadFile]](fields))
    except (MultiPartException, ValueError) as fault:
        raise Garbled(str(fault)) from None


def text_of(form: FormData, name: str) -> str:
    """The last value of a field, an empty string if there is none."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def texts_of(form: FormData, name: str) -> tuple[str, ...]:
    """All values of a field, in order."""
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
