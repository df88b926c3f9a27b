"""What people looked at is kept for those only who agreed to personalisation."""

from collections.abc import Mapping, Sequence

from engine.core.bundle import Bundle
from engine.store.batch import PERSONALISATION, Batch
from engine.store.store import Received
from engine.store.views import VIEWS


def forget_views(received: Sequence[Received], people: Mapping[str, Bundle], batch: Batch) -> None:
    """Empty the views of all others in this batch: they have done their work."""
    named = dict(batch.named)
    for item in received:
        contact = item.contact or named.get(item.seq)
        if item.kind in VIEWS and contact and not _agreed(people.get(contact)):
            batch.emptied.append(item.seq)


def _agreed(bundle: Bundle | None) -> bool:
    """Not where nothing is known, of one who is set aside; nor while what is known of them is not used."""
    return bundle is not None and PERSONALISATION in bundle.agreed and bundle.restricted is None
