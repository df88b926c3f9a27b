"""`POST /v1/merges`: two contacts are one person. It never makes anybody agree to anything."""

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from consent.contract import ConsentClient, Heard
from web.api.journeys import Who, named, read_who
from web.api.payload import read_json
from web.api.replies import Code, Refusal, answer

ACTOR = "shop:api"


class _Merge(Struct, forbid_unknown_fields=True):
    stays: msgspec.Raw
    goes: msgspec.Raw


_merge = msgspec.json.Decoder(_Merge)


async def post_merges(request: Request, consent: ConsentClient) -> Response:
    """From now on there is only whom `stays` names. Said again, nothing changes, the answer neither."""
    asked = await read_json(request, _merge)
    read = {"stays": read_who(asked.stays), "goes": read_who(asked.goes)}
    found = dict(zip(read, await named(list(read.values()), consent), strict=True))
    ids = {name: _id_of(name, who) for name, who in found.items()}
    heard = await consent.merge(ids["stays"], ids["goes"], ACTOR)
    if heard is Heard.UNKNOWN:
        raise Refusal(
            404, Code.UNKNOWN_CONTACT, "One of the two is nobody whom we know; nothing was changed."
        )
    return answer({"contact": ids["stays"]}, 200)


def _id_of(name: str, who: Who | str) -> str:
    if isinstance(who, str):
        raise Refusal(422, Code.INVALID_ADDRESS, f"`{name}`: {who}.")
    return who.id or ""
