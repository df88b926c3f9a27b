"""A new life settles what the last one left behind: each row of the protocol's table of crashes."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flaky import Flaky
from office import Consent, item

from consent.contract import Outcome, Permit, Settlement, Unavailable
from engine.delivery.attempts import AttemptFile
from engine.delivery.recover import recover

pytestmark = pytest.mark.anyio
SENDER = bytes(range(16))
BOOT, LATER = b"first".ljust(36), b"later".ljust(36)

Left = Callable[[AttemptFile, Permit], None]


def claimed(file: AttemptFile, permit: Permit) -> None:
    """Claimed, not begun."""


def begun(file: AttemptFile, permit: Permit) -> None:
    """Begun, no reply."""
    file.begin(permit.key, permit.attempt)


def answered(outcome: Outcome, code: int) -> Left:
    def left(file: AttemptFile, permit: Permit) -> None:
        file.begin(permit.key, permit.attempt)
        file.reply(permit.key, permit.attempt, outcome, code)

    return left


ROWS: list[tuple[str, Left, bytes, Outcome, int]] = [
    ("claimed, kill", claimed, BOOT, Outcome.RELEASED, 0),
    ("claimed, power loss", claimed, LATER, Outcome.UNKNOWN, 0),
    ("begun, kill", begun, BOOT, Outcome.UNKNOWN, 0),
    ("begun, power loss", begun, LATER, Outcome.UNKNOWN, 0),
    ("accepted, kill", answered(Outcome.ACCEPTED, 250), BOOT, Outcome.ACCEPTED, 250),
    ("refused, kill", answered(Outcome.REFUSED, 550), BOOT, Outcome.REFUSED, 550),
    ("deferred, kill", answered(Outcome.DEFERRED, 451), BOOT, Outcome.DEFERRED, 451),
]


@pytest.mark.parametrize(
    ("left", "boot", "outcome", "code"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
async def test_row_of_the_table(
    consent: Consent, tmp_path: Path, left: Left, boot: bytes, outcome: Outcome, code: int
) -> None:
    """What the file tells is settled so, and once; afterwards nothing is unsettled and no slot is taken."""
    [anna] = await consent.join()
    file = AttemptFile(tmp_path / "attempts", SENDER, lambda: BOOT)
    file.recovered()
    mail = item(anna)
    (permit,) = (await consent.client.claim(file.sender, [mail.ask], [])).permits
    left(file, permit)
    file.close()

    later = AttemptFile(tmp_path / "attempts", SENDER, lambda: boot)
    assert await recover(consent.client, later) == [Settlement(mail.key, 1, outcome, code)]
    assert consent.outcomes() == {mail.key: [outcome.value]}
    assert later.found() == {}
    assert await recover(consent.client, later) == []
    later.close()


async def test_settled_before_the_slot_was_freed_is_left_as_it_is(consent: Consent, tmp_path: Path) -> None:
    """The kill came between the settlement's commit and the freeing of the slot."""
    [anna] = await consent.join()
    file = AttemptFile(tmp_path / "attempts", SENDER, lambda: BOOT)
    file.recovered()
    mail = item(anna)
    (permit,) = (await consent.client.claim(file.sender, [mail.ask], [])).permits
    begun(file, permit)
    await consent.client.settle(file.sender, [Settlement(mail.key, 1, Outcome.DEFERRED, 451)])
    file.close()

    later = AttemptFile(tmp_path / "attempts", SENDER, lambda: BOOT)
    assert await recover(consent.client, later) == []
    assert consent.outcomes() == {mail.key: ["deferred"]}
    assert later.found() == {}
    later.close()


@pytest.mark.parametrize(
    ("call", "when"), [("unsettled", "before"), ("settle", "before"), ("settle", "after")]
)
async def test_recovery_that_fails_can_be_repeated_in_any_later_life(
    consent: Consent, tmp_path: Path, call: str, when: str
) -> None:
    """After a power loss the doubt stays until everything is settled, however many lives that takes."""
    people = await consent.join(2)
    file = AttemptFile(tmp_path / "attempts", SENDER, lambda: BOOT)
    file.recovered()
    asks = [item(person).ask for person in people]
    permits = (await consent.client.claim(file.sender, asks, [])).permits
    begun(file, permits[0])
    file.close()

    door = Flaky(consent.service, lambda asked: when if asked == call else "")
    for _ in range(2):
        failing = AttemptFile(tmp_path / "attempts", SENDER, lambda: LATER)
        with pytest.raises(Unavailable):
            await recover(door, failing)
        failing.close()
        if when == "after":
            break
    last = AttemptFile(tmp_path / "attempts", SENDER, lambda: LATER)
    await recover(consent.client, last)
    assert consent.outcomes() == {ask.key: ["unknown"] for ask in asks}
    assert last.remembers
    last.close()


async def test_lost_file_leaves_nothing_but_doubt(consent: Consent, tmp_path: Path) -> None:
    """The sender is who it was: what the file knew is unknown now, and its people can get mail again."""
    [anna] = await consent.join()
    file = AttemptFile(tmp_path / "attempts", SENDER, lambda: BOOT)
    file.recovered()
    mail = item(anna)
    await consent.client.claim(file.sender, [mail.ask], [])
    file.close()
    (tmp_path / "attempts").unlink()

    later = AttemptFile(tmp_path / "attempts", SENDER, lambda: BOOT)
    assert not later.remembers
    assert await recover(consent.client, later) == [Settlement(mail.key, 1, Outcome.UNKNOWN)]
    assert (await consent.client.claim(later.sender, [item(anna).ask], [])).permits
    later.close()
