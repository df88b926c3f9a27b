"""An older consent store is put back beside a newer engine."""

import pytest
from office import Consent

from consent.contract import Change
from engine.run.changes import last_heard

pytestmark = pytest.mark.anyio


async def test_changes_are_heard_again_from_where_an_older_log_ends(consent: Consent) -> None:
    """A position that the log knows stays; one beyond its end goes back to it."""
    await consent.join(2)
    known: list[Change] = await consent.client.changes(0)
    for change in known:
        assert await last_heard(consent.client, change.seq) == change.seq
    assert await last_heard(consent.client, 0) == 0
    end = await last_heard(consent.client, known[-1].seq + 1000)
    assert end == known[-1].seq
    await consent.join(3)
    assert await consent.client.changes(end)
