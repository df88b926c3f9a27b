"""Brevo: contacts exported as CSV, with whether each is blocklisted for e-mail.

The export is told in https://help.brevo.com/hc/en-us/articles/5310065850642, its columns of time and of
subscription in https://developers.brevo.com/reference/request-contact-export, and who is blocklisted in
https://help.brevo.com/hc/en-us/articles/5317448358034."""

from virta.importing.columns import Role
from virta.importing.formats.product import Cells, Kind, Product, always
from virta.importing.person import STOPPED, Stood

_STATUSES = (
    "emailblacklisted",
    "emailblocklisted",
    "blacklisted",
    "blocklisted",
    "emailmarketing",
    "emailcampaigns",
    "emailsubscriptionstatus",
    "subscriptionstatus",
)
_COLUMNS = {
    "email": Role.EMAIL,
    "addedtime": Role.SIGNED_UP_AT,
    "createdat": Role.SIGNED_UP_AT,
    "doubleoptin": Role.SOURCE,
    "optintime": Role.SIGNED_UP_AT,
    "blocklistreason": Role.REASON,
    "reason": Role.REASON,
    "firstname": "first_name",
    "prenom": "first_name",
    "lastname": "last_name",
    "nom": "last_name",
    "sms": "phone",
} | dict.fromkeys(_STATUSES, Role.STATUS)
_BLOCKED = frozenset({"1", "true", "yes", "blocklisted", "blacklisted", "unsubscribed"})
_FREE = frozenset({"0", "false", "no", "subscribed"})


def _contact(cells: Cells) -> Stood | str:
    status = cells.get(Role.STATUS, "").casefold()
    if status in _FREE:
        return Stood.SUBSCRIBED
    if status == "":
        return Stood.NEVER
    return _blocked(cells) if status in _BLOCKED else f"`{status}` is no subscription status of Brevo's"


def _blocked(cells: Cells) -> Stood:
    reason = cells.get(Role.REASON, "").casefold()
    if "spam" in reason or "complain" in reason:
        return Stood.COMPLAINED
    return Stood.BOUNCED if "bounce" in reason else Stood.UNSUBSCRIBED


_LISTED = Kind("contacts with their status", _contact, frozenset(STOPPED))
_BLOCKLIST = Kind("blocklisted contacts", _blocked, frozenset(STOPPED), brings=False)
_PLAIN = Kind("contacts", always(Stood.SUBSCRIBED), frozenset())


def _kind(name: str, keys: frozenset[str]) -> Kind | None:
    if "email" not in keys:
        return None
    if keys.intersection(_STATUSES):
        return _LISTED
    blocked = any(word in name.casefold() for word in ("blocklist", "blacklist", "unsubscribed"))
    return _BLOCKLIST if blocked else _PLAIN


_HOW = (
    "In Brevo, export all contacts (CRM, Contacts, no list and no filter) with their e-mail subscription "
    "status; or filter by `Blocklisted`, export those too, and import the file with --unsubscribed FILE."
)

BREVO = Product("Brevo", _COLUMNS, _kind, dict.fromkeys(STOPPED, _HOW))
