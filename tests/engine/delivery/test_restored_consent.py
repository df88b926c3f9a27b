"""An older consent store is put back beside a newer engine."""

import pytest
from msgspec.structs import replace
from office import Consent

from consent.contract import Change
from engine.run.changes import ANEW, CHANGES, heard, last_heard

pytestmark = pytest.mark.anyio


async def test_changes_are_heard_again_from_where_an_older_log_ends(consent: Consent) -> None:
    """A position that the log knows stays; one beyond its end goes back to it."""
    await consent.join(2)
    known: list[Change] = await consent.client.changes(0)
    for change in known:
        assert await last_heard(consent.client, {CHANGES: change.seq}) == {}
        assert await last_heard(consent.client, heard([change], {})) == {}
    assert await last_heard(consent.client, {CHANGES: 0}) == {}
    end = (await last_heard(consent.client, {CHANGES: known[-1].seq + 1000}))[CHANGES]
    assert end == known[-1].seq
    await consent.join(3)
    assert await consent.client.changes(end)


async def test_another_log_that_has_grown_over_the_position_is_heard_anew(consent: Consent) -> None:
    """It has a change there, and it is not the one that was heard."""
    await consent.join(2)
    known: list[Change] = await consent.client.changes(0)
    for other in ({"subject": "0" * 32}, {"at": known[0].at + 1}, {"type": "withdrawn"}, {"topic": "other"}):
        cursors = heard([replace(known[0], **other)], {})
        assert await last_heard(consent.client, cursors) == {CHANGES: 0, ANEW: known[-1].seq}
    assert await last_heard(consent.client, heard([replace(known[0], domain="")], {})) == {}
