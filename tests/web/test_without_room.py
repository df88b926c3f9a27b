"""A full disk, as seen from outside: whoever asks is told to come again, and nothing is shown as done."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from house import KEY, House, hidden

from consent.app.limits import Limits

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


async def test_a_sign_up_for_which_there_is_no_room_is_not_lost_and_tells_of_nobody(house: House) -> None:
    """503 for a new address and for one that has nothing to be written, on the very same page but for what
    was entered; it does not count among what is taken, and sent again from there it is taken."""
    house.count(Limits(per_address=2))
    await house.join("anna@example.com")
    with no_room_beside(house.path):
        for _ in range(4):
            pages = {}
            for name in ("anna", "berta"):
                answer = await house.sign_up(f"{name}@example.com", language="lv")
                assert answer.status_code == 503
                assert int(answer.headers["retry-after"]) > 0
                pages[name] = answer.text.replace(f"{name}@", "somebody@")
            assert pages["anna"] == pages["berta"]
        body = {"email": "berta@example.com", "topics": ["newsletter"]}
        assert (await house.http.post("/v1/signups", json=body, headers=BEARER)).status_code == 503
    assert await house.consent.proofs() == []
    again = await house.http.post("/signup", data=hidden(answer.text))
    assert again.status_code == 200
    [proof] = await house.consent.proofs()
    assert proof.language == "lv"
