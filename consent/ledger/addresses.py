"""The addresses of subjects, opened where they are needed."""

import json
from collections.abc import Sequence

from sqlalchemy import select

from consent.errors import WrongKeys
from consent.ledger.transaction import Reading
from consent.store.statement import Statement
from consent.store.tables import among, subjects

_SEALED = Statement(
    select(subjects.c.id, subjects.c.wrapped, subjects.c.address).where(among(subjects.c.id, "ids"))
)


def addresses_of(reading: Reading, ids: Sequence[str]) -> dict[str, str]:
    """The address of each subject as it was typed. One that cannot be opened is left out."""
    vault = reading.parts.vault
    found = {}
    for id_, wrapped, sealed in _SEALED.rows(reading.driver, ids=json.dumps(list(ids))):
        try:
            found[id_] = vault.open_address(id_, wrapped, sealed)
        except WrongKeys:  # the keys were compared at the start: this one row is damaged
            continue
    return found


def domains_of(reading: Reading, ids: Sequence[str]) -> dict[str, str]:
    """The domain of each subject's address, folded: all that conditions know of it. One whose address cannot
    be opened is left out."""
    addresses = addresses_of(reading, ids)
    return {id_: address.rpartition("@")[2].casefold() for id_, address in addresses.items()}
