"""`POST /v1/returns`: a complaint stops marketing at once, a hard bounce the address. Flows hear of both, and
of what was delivered."""

import sqlite3
from datetime import UTC, datetime

import httpx2
import pytest
from house import HOUR, KEY, House

from consent.contract import Outcome, Reason, Settlement

pytestmark = pytest.mark.anyio

MAIL = "0a" * 16


async def tell(house: House, *returns: dict[str, object], key: str = KEY) -> httpx2.Response:
    body = {"returns": list(returns)}
    return await house.http.post("/v1/returns", json=body, headers={"Authorization": f"Bearer {key}"})


def complaint(key: str = MAIL, **more: object) -> dict[str, object]:
    return {"kind": "complaint", "message_id": f"<{key}@kafija.example>", **more}


def bounce(code: str, key: str = MAIL) -> dict[str, object]:
    return {"kind": "bounce", "message_id": f"{key}@kafija.example", "code": code}


def delivered(key: str = MAIL, **more: object) -> dict[str, object]:
    return {"kind": "delivered", "message_id": f"<{key}@kafija.example>", **more}


async def mailed(house: House) -> str:
    subject = await house.join("anna@example.com", "newsletter", "offers")
    await house.mail(subject, MAIL)
    house.clock.now += HOUR
    return subject


async def denied(house: House, subject: str) -> Reason | None:
    (decision,) = await house.consent.decide([house.ask(subject, "0c" * 16)])
    return decision.reason


async def test_a_complaint_stops_all_marketing_at_once(house: House) -> None:
    """From the answer on the gate denies, and the engine has the event with what it was about."""
    subject = await mailed(house)
    assert await denied(house, subject) is None
    answer = await tell(house, complaint())
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "rejected": []})
    assert await denied(house, subject) is Reason.COMPLAINED
    (event,) = await house.received()
    assert (event.kind, event.contact, event.at) == ("email_complained", subject, house.clock.now)
    assert event.data == {"flow": "welcome", "step": "first", "template": "gift", "topic": "newsletter"}
    stops = [change for change in await house.consent.changes(0) if change.type == "complaint"]
    assert [(change.subject, change.topic) for change in stops] == [(subject, "")]


async def test_telling_it_twice_counts_once(house: House) -> None:
    """Feedback loops repeat themselves: not a row of consent differs, and there is one event."""
    await mailed(house)
    await tell(house, complaint())
    before = house.everything_stored()
    house.clock.now += HOUR
    answer = await tell(house, complaint(), complaint())
    assert answer.json() == {"accepted": 2, "rejected": []}
    assert house.everything_stored() == before
    assert len(await house.received()) == 1


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("5.1.1", "hard", Reason.HARD_BOUNCED),
        ("5.2.1", "hard", Reason.HARD_BOUNCED),
        ("5.1.10", "hard", Reason.HARD_BOUNCED),
        ("5.2.2", "soft", None),
        ("5.7.1", "soft", None),
        ("4.1.1", "soft", None),
        ("", "soft", None),
    ],
)
async def test_only_a_missing_mailbox_is_a_hard_bounce(
    house: House, code: str, kind: str, reason: Reason | None
) -> None:
    """A full one, a policy, a fault on the way and no code at all are soft, and stop nothing."""
    subject = await mailed(house)
    answer = await tell(house, bounce(code))
    assert answer.json() == {"accepted": 1, "rejected": []}
    assert await denied(house, subject) is reason
    (event,) = await house.received()
    assert (event.kind, event.data["kind"]) == ("email_bounced", kind)


@pytest.mark.parametrize(
    "message_id",
    [
        "",
        "<>",
        "nonsense",
        f"<{'0b' * 16}@kafija.example>",
        f"<{MAIL.upper()}@kafija.example>",
        f"<{MAIL}>",
        MAIL,
    ],
)
async def test_what_is_no_mail_of_ours_stops_nobody(house: House, message_id: str) -> None:
    """Guessing is of no use: the key in a Message-ID has 128 bits."""
    subject = await mailed(house)
    answer = await tell(house, {"kind": "complaint", "message_id": message_id})
    assert answer.json()["rejected"] == [
        {"index": 0, "reason": "`message_id` is that of no mail that went out from here"}
    ]
    assert await denied(house, subject) is None
    assert await house.received() == []


async def test_each_return_stands_by_itself(house: House) -> None:
    """One that cannot be read rejects only itself; a moment in the future is none."""
    await mailed(house)
    answer = await tell(
        house,
        {"kind": "praise", "message_id": "x"},
        complaint(at="2036-01-01T00:00:00Z"),
        complaint(at="1960-01-01T00:00:00Z"),
        bounce("550"),
        {"kind": "complaint"},
        complaint(at="2026-03-02T09:30:00Z"),
    )
    tally = answer.json()
    assert tally["accepted"] == 1
    assert [entry["index"] for entry in tally["rejected"]] == [0, 1, 2, 3, 4]
    (event,) = await house.received()
    assert event.at == house.clock.now - HOUR // 2


async def test_a_complaint_from_after_the_person_came_back_is_a_new_one(house: House) -> None:
    """Though it is about the same mail; the old one told again is not."""
    subject = await mailed(house)
    before = datetime.fromtimestamp(house.clock.now / 1000, UTC).isoformat()
    await tell(house, complaint(at=before))
    house.clock.now += 31 * 24 * HOUR
    await house.join("anna@example.com")
    await tell(house, complaint(at=before))
    assert await denied(house, subject) is None
    house.clock.now += HOUR
    await tell(house, complaint())
    assert await denied(house, subject) is Reason.COMPLAINED


async def test_nothing_comes_back_before_it_went(house: House) -> None:
    """A provider's clock that stands at 1970 leads no flow there."""
    await mailed(house)
    await tell(house, complaint(at="1970-01-01T00:00:00Z"))
    (event,) = await house.received()
    assert event.at == house.clock.now - HOUR


async def test_while_consent_cannot_be_reached_no_more_is_said_than_is_known(house: House) -> None:
    """Earlier entries of the call may have been taken."""
    await mailed(house)
    with sqlite3.connect(house.path) as store:
        store.execute("ALTER TABLE subjects RENAME TO gone")
    store.close()
    answer = await tell(house, complaint())
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "nothing" not in answer.json()["error"]["message"]
    assert "counts once" in answer.json()["error"]["message"]


async def test_it_takes_a_key_with_its_scope(house: House) -> None:
    """That of the events does not do: stopping somebody's mail is another matter."""
    assert (await tell(house, complaint(), key="events-only")).status_code == 403
    assert (await tell(house, complaint(), key="nobody's")).status_code == 401


async def test_a_complaint_about_a_proof_mail_counts_too(house: House) -> None:
    """No flow sent it, so no flow hears of it."""
    await house.sign_up("berta@example.com")
    (proof,) = await house.consent.proofs()
    await house.mailed()
    answer = await tell(house, complaint(proof.ask.key))
    assert answer.json() == {"accepted": 1, "rejected": []}
    assert await house.received() == []


async def test_a_delivery_is_an_event_and_no_matter_of_consent(house: House) -> None:
    """Not a row of consent differs; the flows hear of the mail; told twice it counts once."""
    subject = await mailed(house)
    before = house.everything_stored()
    answer = await tell(house, delivered(code="2.1.5"), delivered())
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "rejected": []})
    assert house.everything_stored() == before
    (event,) = await house.received()
    assert (event.kind, event.contact, event.at) == ("email_delivered", subject, house.clock.now)
    assert event.data == {"flow": "welcome", "step": "first", "template": "gift", "topic": "newsletter"}


async def test_a_delivered_proof_mail_is_taken_and_is_no_event(house: House) -> None:
    """No flow sent it, so no flow hears of it."""
    await house.sign_up("berta@example.com")
    (proof,) = await house.consent.proofs()
    await house.mailed()
    assert (await tell(house, delivered(proof.ask.key))).json() == {"accepted": 1, "rejected": []}
    assert await house.received() == []


async def test_a_delivery_of_what_never_went_out_is_none(house: House) -> None:
    """Neither one of another program, nor one whose code says the opposite, nor one of a refused mail."""
    subject = await mailed(house)
    refused = "0d" * 16
    await house.consent.claim("engine", [house.ask(subject, refused)], [])
    await house.consent.settle("engine", [Settlement(refused, 1, Outcome.REFUSED, 550)])
    answer = await tell(house, delivered("0b" * 16), delivered(code="5.1.1"), delivered(refused))
    assert answer.json()["rejected"] == [
        {"index": 0, "reason": "`message_id` is that of no mail that went out from here"},
        {
            "index": 1,
            "reason": "`code` says that this mail was not delivered: that of one which was begins with 2",
        },
        {"index": 2, "reason": "`message_id` is that of no mail that went out from here"},
    ]
    assert await house.received() == []
