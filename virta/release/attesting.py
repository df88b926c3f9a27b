"""What is to be said of the key by which the controller attests imports, before it is applied."""

from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from consent.errors import ConsentError
from consent.ledger.founding import fact
from consent.store.places import open_for_reading
from virta.database_url import consent_place
from virta.importing.attestation import MAKE_ANEW, key_of_another
from virta.settings import Settings


def attests_elsewhere(folder: Path, settings: Settings, key: str) -> str:
    """That a controller's public key is of another log than the project's, and what to do; empty: it is not,
    or that is not known here, for there is no store yet, or it is that of a process of its own."""
    if not key or settings.consent.url:
        return ""
    try:
        store = open_for_reading(consent_place(folder, settings))
        with closing(store), store.reader.begin():
            log = fact(store.reader, "origin").decode()
    except (ConsentError, DBAPIError):  # it is told beside the plan, which stands without it
        return ""
    fault = key_of_another(key, log)
    return f"{fault} {MAKE_ANEW.format(log=log)}" if fault else ""
