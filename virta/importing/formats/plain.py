"""Any other table: what its columns are is said with `--map`, or guessed by their names."""

from virta.importing.columns import Role
from virta.importing.formats.product import Cells, Kind, Product, always
from virta.importing.person import STOPPED, Stood

_COLUMNS = {"status": Role.STATUS, "consent": Role.STATUS, "confirmedat": Role.CONFIRMED_AT}
_STATUS = {
    "subscribed": Stood.SUBSCRIBED,
    "active": Stood.SUBSCRIBED,
    "enabled": Stood.SUBSCRIBED,
    "confirmed": Stood.SUBSCRIBED,
    "yes": Stood.SUBSCRIBED,
    "true": Stood.SUBSCRIBED,
    "1": Stood.SUBSCRIBED,
    "unsubscribed": Stood.UNSUBSCRIBED,
    "optedout": Stood.UNSUBSCRIBED,
    "no": Stood.UNSUBSCRIBED,
    "false": Stood.UNSUBSCRIBED,
    "0": Stood.UNSUBSCRIBED,
    "blocked": Stood.UNSUBSCRIBED,
    "suppressed": Stood.UNSUBSCRIBED,
    "bounced": Stood.BOUNCED,
    "cleaned": Stood.BOUNCED,
    "hardbounced": Stood.BOUNCED,
    "complained": Stood.COMPLAINED,
    "complaint": Stood.COMPLAINED,
    "spam": Stood.COMPLAINED,
    "pending": Stood.NEVER,
    "unconfirmed": Stood.NEVER,
    "never": Stood.NEVER,
    "neversubscribed": Stood.NEVER,
    "": Stood.NEVER,
}


def by_status(cells: Cells) -> Stood | str:
    """Where somebody stood, by a column that says so in a word."""
    status = cells.get(Role.STATUS, "")
    known = _STATUS.get("".join(sign for sign in status.casefold() if sign.isalnum()))
    return known or (
        f"`{status[:40]}` is no status: it must be subscribed, unsubscribed, bounced, complained or pending"
    )


WITH_STATUS = Kind("people with their status", by_status, frozenset(STOPPED))
_WITHOUT = Kind("people", always(Stood.SUBSCRIBED), frozenset())


def _kind(name: str, keys: frozenset[str]) -> Kind | None:
    return WITH_STATUS if keys & {"status", "consent"} else _WITHOUT


_HOW = (
    "Export them from where these people come from, and add the files with --unsubscribed FILE, "
    "--bounced FILE and --complained FILE; or let a column of the table say where each person stands "
    '(subscribed, unsubscribed, bounced, complained): --map "COLUMN=@status".'
)

PLAIN = Product("a table", _COLUMNS, _kind, dict.fromkeys(STOPPED, _HOW))
