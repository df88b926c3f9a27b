"""A full disk, as seen from outside: whoever asks is told to come again, and nothing is shown as done."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from house import KEY, House

pytestmark = pytest.mark.anyio
BEARER = {"authorization": f"Bearer {KEY}"}


@contextmanager
def no_room_beside(store: Path) -> Iterator[None]:
    """No file grows beyond the write-ahead log of `store` as it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = store.with_name(f"{store.name}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_call_for_which_there_is_no_room_is_told_so(house: House) -> None:
    """507 with the seconds after which to come again; then the same call is taken, and counts once."""
    grow = "PRAGMA max_page_count={}"
    await house.store._database.read(lambda driver: driver.execute(grow.format(1)).fetchall())
    data = {"order_id": "1"}
    events = [
        {"id": f"{number}", "event": "order_placed", "contact": {"email": "anna@example.com"}, "data": data}
        for number in range(1000)
    ]
    for url, body in (
        ("/v1/events", {"events": events}),
        ("/v1/contacts", {"contacts": [{"email": "anna@example.com", "attributes": {}}] * 1000}),
    ):
        answer = await house.http.post(url, json=body, headers=BEARER)
        assert (answer.status_code, answer.json()["error"]["code"]) == (507, "no_room")
        assert int(answer.headers["retry-after"]) > 0
        assert "nothing of this call was taken" in answer.json()["error"]["message"]
    assert await house.received() == []


async def test_a_withdrawal_for_which_there_is_no_room_is_not_shown_as_done(house: House) -> None:
    """The page says that it did not work and when to come again, for one click too; repeated, it works."""
    subject = await house.join("anna@example.com")
    link = house.unsubscribe(subject)
    with no_room_beside(house.path):
        for body in ({"stop": "topic"}, {"List-Unsubscribe": "One-Click"}):
            answer = await house.http.post(link, data=body)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
        [decision] = await house.consent.decide([house.ask(subject, "1" * 32)])
        assert decision.allowed
    answer = await house.http.post(link, data={"stop": "topic"})
    assert answer.status_code == 200
    assert (await house.states(subject))["newsletter"] == "withdrawn"
