"""`POST /v1/flows/{name}/journeys`: have a flow that starts by request start for people."""

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from consent.contract import ConsentClient
from web.api.batch import check_length, take
from web.api.inbox import Inbox
from web.api.payload import read_item, read_json
from web.api.replies import Code, Refusal, answer

LONGEST_ID = 200
_SHOWN = 80


class _Batch(Struct, forbid_unknown_fields=True):
    id: str
    contacts: list[msgspec.Raw]


class Who(Struct, forbid_unknown_fields=True):
    """Somebody by address or by id."""

    email: str | None = None
    id: str | None = None


_batch = msgspec.json.Decoder(_Batch)
_who = msgspec.json.Decoder(Who)


async def post_journeys(request: Request, consent: ConsentClient, inbox: Inbox) -> Response:
    """Ask for a journey of each contact: one that cannot be read rejects only itself."""
    flow = request.path_params["name"]
    check_flow(flow, inbox)
    batch = await read_json(request, _batch)
    if not batch.id.strip() or not batch.id.isprintable() or len(batch.id) > LONGEST_ID:
        raise Refusal(
            400, Code.WRONG_SHAPE, f"`id` must have 1 to {LONGEST_ID} characters, without control characters."
        )
    check_length("contacts", batch.contacts)
    contacts = await named([read_who(raw) for raw in batch.contacts], consent)

    async def accept(good: Sequence[Who]) -> list[str | None]:
        return await inbox.accept_requests(flow, batch.id, [who.id or "" for who in good])

    return answer(await take(contacts, accept))


def check_flow(name: str, inbox: Inbox) -> None:
    """Raises `Refusal`: 404 for a flow that is not there, 422 for one that does not start by request."""
    flows = inbox.flows
    if name not in flows:
        near = get_close_matches(name[:_SHOWN], flows, 1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise Refusal(404, Code.UNKNOWN_FLOW, f"The project has no flow `{name[:_SHOWN]}`.{hint}")
    if not flows[name]:
        raise Refusal(
            422,
            Code.NOT_BY_REQUEST,
            f"The flow `{name}` does not start by request. If it should, write `start by request` among its "
            "first lines.",
        )


def read_who(raw: msgspec.Raw | bytes) -> Who | str:
    """One contact from its JSON, or the reason why it is none, in plain words."""
    who = read_item(raw, _who, "the contact")
    if isinstance(who, str):
        return who
    return who if (who.email is None) != (who.id is None) else "the contact needs either `email` or `id`"


async def named(read: Sequence[Who | str], consent: ConsentClient) -> list[Who | str]:
    """Each contact by its id. Addresses that were never seen make new ones, who have agreed to nothing."""
    addresses = [who.email for who in read if isinstance(who, Who) and who.email is not None]
    ids = dict(zip(addresses, await consent.subjects(addresses) if addresses else (), strict=True))
    found: list[Who | str] = []
    for who in read:
        if isinstance(who, str) or who.email is None:
            found.append(who)
            continue
        id_ = ids[who.email]
        found.append(f"`{who.email[:_SHOWN]}` is no e-mail address" if id_ is None else Who(id=id_))
    return found
