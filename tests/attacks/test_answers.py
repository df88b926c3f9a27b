"""Nobody learns from an answer who is on the list, nor from a link whose it is not."""

import asyncio

import httpx2
import pytest
from house import HOUR, KEY, House, hidden

from consent.app.limits import Limits

pytestmark = pytest.mark.anyio

JOINED = ("active", "withdrawn", "complained", "bounced", "erased")
WHO = ("new", "pending", "refused", "blocked", "Active", *JOINED)


async def everybody(house: House) -> None:
    """One person of each kind, at example.com, named for it. Who is blocked has used up their wishes."""
    people = {name: await house.join(f"{name}@example.com") for name in JOINED}
    await house.http.post(house.unsubscribe(people["withdrawn"]), data={"stop": "all"})
    for number, name in enumerate(("complained", "bounced")):
        await house.mail(people[name], f"{number:032x}")
    assert await house.consent.complained(f"{0:032x}") == "new"
    assert await house.consent.bounced(f"{1:032x}", "hard") == "new"
    assert await house.consent.erase(people["erased"], "operator:test") is not None
    await house.consent.forgotten([people["erased"]])
    await house.sign_up("refused@example.com")
    [(_, refuse)] = await house.mailed()
    await house.http.post(refuse)
    house.clock.now += HOUR
    house.count(Limits(per_address=2))
    await house.sign_up("pending@example.com")
    for _ in range(3):
        await house.sign_up("blocked@example.com")


def all_of(answer: httpx2.Response) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    """Status, body and headers."""
    return answer.status_code, answer.content, tuple(answer.headers.multi_items())


async def test_the_form_answers_everybody_alike(house: House) -> None:
    """Byte for byte, headers included: new, waiting, agreed, left, complained, bounced, "this wasn't me",
    erased, and entered too often."""
    await everybody(house)
    answers = {name: all_of(await house.sign_up(f"{name}@example.com")) for name in WHO}
    assert answers["new"][0] == 200
    assert set(answers.values()) == {answers["new"]}


async def test_the_api_answers_everybody_alike(house: House) -> None:
    """A shop's own form gives nobody away either."""
    await everybody(house)
    answers = {}
    for name in WHO:
        body = {"email": f"{name}@example.com", "topics": ["newsletter"], "form": "footer"}
        answer = await house.http.post("/v1/signups", json=body, headers={"Authorization": f"Bearer {KEY}"})
        answers[name] = all_of(answer)
    assert answers["new"][0] == 202
    assert set(answers.values()) == {answers["new"]}


async def test_two_who_press_at_once_are_told_apart_by_the_store(house: House) -> None:
    """Of twenty presses of one button at the same moment one confirms, and one leaf is written."""
    await house.sign_up("anna@example.com")
    [(confirm, refuse)] = await house.mailed()
    answers = await asyncio.gather(*(house.http.post(confirm) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 19
    assert len([change for change in await house.consent.changes(0) if change.type == "confirmed"]) == 1
    assert (await house.http.post(refuse)).status_code == 410


async def test_nobody_comes_to_the_preferences_of_somebody_else(house: House) -> None:
    """Not by their id with a signature of one's own, not by parts of two tokens put together, not by
    fields that name another."""
    anna, berta = await house.join("anna@example.com"), await house.join("berta@example.com")
    mine, theirs = (house.preferences(one).rpartition("/")[2].split(".") for one in (anna, berta))
    mixed = [
        f"{theirs[0]}.{mine[1]}.{mine[2]}",
        f"{theirs[0]}.{theirs[1]}.{mine[2]}",
        f"{theirs[0]}..{mine[2]}",
        theirs[0],
        berta,
    ]
    before = house.everything_stored()
    for token in mixed:
        shown = await house.http.get(f"/p/{token}")
        saved = await house.http.post(f"/p/{token}", data={"save": "yes", "stop": "all"})
        assert shown.status_code == saved.status_code == 404
        assert "berta" not in shown.text + saved.text
    assert house.everything_stored() == before
    fields = {**hidden((await house.http.get(house.preferences(anna))).text), "save": "yes", "subject": berta}
    await house.http.post(house.preferences(anna), data={**fields, "email": "berta@example.com"})
    assert (await house.states(berta))["newsletter"] == "active"
    assert (await house.states(anna))["newsletter"] == "withdrawn"
