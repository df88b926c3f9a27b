"""`POST /v1/contacts`: what is known of people. It never creates consent."""

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response

from web.api.batch import check_length, take
from web.api.inbox import Inbox, NewContact
from web.api.payload import read_item, read_json
from web.api.replies import answer


class _Batch(Struct, forbid_unknown_fields=True):
    contacts: list[msgspec.Raw]


class _Contact(Struct, forbid_unknown_fields=True):
    email: str
    attributes: dict[str, object] = field(default_factory=dict)


_batch = msgspec.json.Decoder(_Batch)
_contact = msgspec.json.Decoder(_Contact)


async def post_contacts(request: Request, inbox: Inbox) -> Response:
    """Hand the contacts on and tell which were taken: one that cannot be read rejects only itself."""
    batch = await read_json(request, _batch)
    check_length("contacts", batch.contacts)
    read = [read_contact(raw) for raw in batch.contacts]
    return answer(await take(read, inbox.accept_contacts))


def read_contact(raw: msgspec.Raw | bytes) -> NewContact | str:
    """One contact from its JSON, or the reason why it is none, in plain words."""
    contact = read_item(raw, _contact, "the contact")
    if isinstance(contact, str):
        return contact
    return NewContact(contact.email, contact.attributes)
