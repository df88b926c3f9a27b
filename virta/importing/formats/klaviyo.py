"""Klaviyo: a list or segment of all profiles, exported as CSV, and the list of suppressed profiles.

Whoever unsubscribed or called a mail spam has the consent status `UNSUBSCRIBED` and no reason of suppression;
bounces and what was suppressed by hand have one. See
https://help.klaviyo.com/hc/en-us/articles/115005246108-Understanding-suppressed-email-profiles, and for the
reasons https://developers.klaviyo.com/en/reference/get_profiles (`email.marketing.suppression`)."""

from virta.importing.columns import Role
from virta.importing.formats.product import Cells, Kind, Product
from virta.importing.person import Stood

_CONSENT = "emailmarketingconsent"
_SUPPRESSIONS = frozenset({"emailsuppressions", "emailsuppression", "suppressionreason"})
_COLUMNS = {
    "email": Role.EMAIL,
    _CONSENT: Role.STATUS,
    "emailmarketingconsenttimestamp": Role.CONFIRMED_AT,
    "emailsuppressions": Role.REASON,
    "emailsuppression": Role.REASON,
    "suppressionreason": Role.REASON,
    "emailsuppressionstimestamp": Role.STOPPED_AT,
    "suppressiontimestamp": Role.STOPPED_AT,
    "source": Role.SOURCE,
    "emailmarketingconsentmethod": Role.SOURCE,
    "locale": "language",
    "timezone": "time_zone",
    "countrycode": "country",
}
_STATUS = {
    "subscribed": Stood.SUBSCRIBED,
    "true": Stood.SUBSCRIBED,
    "unsubscribed": Stood.UNSUBSCRIBED,
    "false": Stood.UNSUBSCRIBED,
    "neversubscribed": Stood.NEVER,
    "": Stood.NEVER,
}


def _suppressed(reason: str) -> Stood:
    words = reason.casefold()
    if "spam" in words or "complain" in words:
        return Stood.COMPLAINED
    return Stood.BOUNCED if "bounce" in words or "invalid" in words else Stood.UNSUBSCRIBED


def _profile(cells: Cells) -> Stood | str:
    reason, status = cells.get(Role.REASON, ""), cells.get(Role.STATUS, "")
    if reason.strip("[]\"' "):
        return _suppressed(reason)
    known = _STATUS.get("".join(sign for sign in status.casefold() if sign.isalpha()))
    return known or f"`{status}` is no consent status of Klaviyo's"


def _on_list(cells: Cells) -> Stood | str:
    return _suppressed(cells.get(Role.REASON, ""))


_BY_STATUS = frozenset({Stood.UNSUBSCRIBED, Stood.COMPLAINED})


def _kind(name: str, keys: frozenset[str]) -> Kind | None:
    if "email" not in keys:
        return None
    reasons = bool(keys & _SUPPRESSIONS)
    if _CONSENT in keys:
        return Kind("profiles", _profile, _BY_STATUS | ({Stood.BOUNCED} if reasons else set()))
    if reasons or "suppress" in name.casefold():
        return Kind("suppressed profiles", _on_list, frozenset({Stood.BOUNCED}), brings=False)
    return None


_CONSENT_HOW = (
    "Make a segment of all profiles, export it as CSV with the column `Email Marketing Consent`, and import "
    "that: it names those who unsubscribed or called it spam as UNSUBSCRIBED."
)

KLAVIYO = Product(
    "Klaviyo",
    _COLUMNS,
    _kind,
    {
        Stood.UNSUBSCRIBED: _CONSENT_HOW,
        Stood.COMPLAINED: _CONSENT_HOW,
        Stood.BOUNCED: "Export with the column `Email Suppressions`, or export the list of suppressed "
        "profiles (Audience, Profiles, Suppressed profiles) and import it too.",
    },
)
