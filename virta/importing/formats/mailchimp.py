"""Mailchimp: the zip of an audience's export, one table for each status.

Its files are told in https://mailchimp.com/help/view-export-contacts/ and, with what became of an address, in
https://mailchimp.com/help/about-cleaned-contacts; the columns are those of the files themselves. Moments are
in UTC."""

from virta.importing.columns import Role
from virta.importing.formats.product import Cells, Kind, Product, always, only
from virta.importing.person import Stood

_COLUMNS = {
    "emailaddress": Role.EMAIL,
    "optintime": Role.SIGNED_UP_AT,
    "optinip": Role.SIGNED_UP_IP,
    "confirmtime": Role.CONFIRMED_AT,
    "confirmip": Role.CONFIRMED_IP,
    "unsubtime": Role.STOPPED_AT,
    "unsubreason": Role.REASON,
    "cleantime": Role.STOPPED_AT,
    "timezone": "time_zone",
    "cc": "country",
    "tags": Role.TAGS,
    "source": Role.SOURCE,
}
_COMPLAINTS = ("abuse", "spam")


def _left(cells: Cells) -> Stood | str:
    """Whoever calls a mail spam is unsubscribed there, with that for a reason."""
    reason = cells.get(Role.REASON, "").casefold()
    return Stood.COMPLAINED if any(word in reason for word in _COMPLAINTS) else Stood.UNSUBSCRIBED


_WHO_LEFT = frozenset({Stood.UNSUBSCRIBED, Stood.COMPLAINED})
_LEFT = Kind("unsubscribed contacts", _left, _WHO_LEFT, brings=False)
_CLEANED = only("cleaned contacts", Stood.BOUNCED)
_NEVER = only("non-subscribed contacts", Stood.NEVER)
_ALL = only("subscribed contacts", Stood.SUBSCRIBED)
_SMS = Kind("contacts for SMS, left out: it tells nothing of e-mail", always(Stood.NEVER), frozenset(), False)


def _kind(name: str, keys: frozenset[str]) -> Kind | None:
    if "emailaddress" not in keys:
        return None
    if "_sms_" in name.casefold():
        return _SMS
    if "cleantime" in keys:
        return _CLEANED
    if "unsubtime" in keys and name.startswith("unsubscribed"):
        return _LEFT
    beginnings: tuple[tuple[str, Kind], ...] = (
        ("unsubscribed", _LEFT),
        ("cleaned", _CLEANED),
        ("nonsubscribed", _NEVER),
        ("non-subscribed", _NEVER),
        ("non_subscribed", _NEVER),
        ("subscribed", _ALL),
    )
    found = next((kind for beginning, kind in beginnings if name.casefold().startswith(beginning)), None)
    return found or (_LEFT if "unsubtime" in keys else None)


_HOW = (
    "Export the whole audience (Audience, All contacts, Export audience) and import the zip as it is: it "
    "holds `{file}_….csv`, unless there are none."
)

MAILCHIMP = Product(
    "Mailchimp",
    _COLUMNS,
    _kind,
    {
        Stood.UNSUBSCRIBED: _HOW.format(file="unsubscribed"),
        Stood.COMPLAINED: _HOW.format(file="unsubscribed"),
        Stood.BOUNCED: _HOW.format(file="cleaned"),
    },
)
