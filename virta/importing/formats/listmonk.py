"""listmonk: subscribers exported as CSV, with attributes as JSON.

Columns and moments are written by `ExportSubscribers` in
https://github.com/knadh/listmonk/blob/master/cmd/subscribers.go; what the statuses mean stands in
https://listmonk.app/docs/concepts/. That somebody left one list is not in the file
(https://github.com/knadh/listmonk/issues/738): those who did are exported on their own."""

from virta.importing.columns import Role
from virta.importing.formats.product import Cells, Kind, Product
from virta.importing.person import Stood

_COLUMNS = {
    "email": Role.EMAIL,
    "name": "name",
    "attributes": Role.DETAILS,
    "status": Role.STATUS,
    "createdat": Role.SIGNED_UP_AT,
}
_STATUS = {
    "enabled": Stood.SUBSCRIBED,
    "disabled": Stood.UNSUBSCRIBED,
    "blocklisted": Stood.UNSUBSCRIBED,
    "blacklisted": Stood.UNSUBSCRIBED,  # before version 1.0
}


def _subscriber(cells: Cells) -> Stood | str:
    status = cells.get(Role.STATUS, "")
    return _STATUS.get(status.casefold()) or f"`{status}` is no status of listmonk's"


_SUBSCRIBERS = Kind("subscribers", _subscriber, frozenset({Stood.BOUNCED, Stood.COMPLAINED}))


def _kind(name: str, keys: frozenset[str]) -> Kind | None:
    return _SUBSCRIBERS if {"email", "status", "attributes"} <= keys else None


_ALL = (
    "In listmonk, export all subscribers (Subscribers, no list chosen, Export): that file has the "
    "blocklisted ones too, which is what listmonk makes of bounces and complaints."
)

LISTMONK = Product(
    "listmonk",
    _COLUMNS,
    _kind,
    {
        Stood.UNSUBSCRIBED: "The export does not say who left a list. Open the list, choose the subscription "
        "status `unsubscribed`, export those, and import the file with --unsubscribed FILE.",
        Stood.BOUNCED: _ALL,
        Stood.COMPLAINED: _ALL,
    },
)
