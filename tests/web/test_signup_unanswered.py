"""`/signup` while the consent service is away, slow or asked for too much: what was entered is not lost."""

import re
import threading
from collections.abc import AsyncIterator, Iterator
from html import unescape
from pathlib import Path

import httpx2
import pytest
from dice import Dice
from furnished import service_at
from house import BRAND, LANGUAGES, POLICY, URL, Clock, House, heading, hidden
from sqlalchemy import func, select
from starlette.responses import Response

from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.app.pace import Pace
from consent.client.remote import Remote
from consent.contract import ConsentClient
from consent.service import Service
from consent.store.tables import leaves
from web.app import build_consent_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def away() -> AsyncIterator[Remote]:
    """The client of a service that nobody runs."""
    client = Remote("http://127.0.0.1:1", "no key")
    yield client
    await client.close()


@pytest.fixture
def synced(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    """A service that writes in a thread of its own."""
    opened = service_at(tmp_path / "synced.db", clock, durable=True)
    yield opened
    opened.close()


def browser(consent: ConsentClient) -> httpx2.AsyncClient:
    """Of the pages over that client."""
    app = build_consent_app(consent, Response(), "/none", BRAND, languages=LANGUAGES, url=URL)
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=URL)


async def filled(http: httpx2.AsyncClient) -> dict[str, str | list[str]]:
    """The form as somebody sends it."""
    fields = hidden((await http.get("/signup?language=fi")).text)
    return {**fields, "email": "anna@example.com", "topic": ["newsletter", "offers"]}


def kept(page: str) -> dict[str, str | list[str]]:
    """What the button of a page sends."""
    written = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    found = [(name, unescape(value)) for name, value in written]
    return {**dict(found), "topic": [value for name, value in found if name == "topic"]}


async def test_where_nobody_takes_the_wish_the_page_keeps_it(house: House, away: Remote) -> None:
    """With a button that sends all of it again, in the language of the form, and the seconds after which to;
    then it counts as if it had been sent from the form."""
    sent = await filled(house.http)
    answer = await browser(away).post("/signup", data=sent)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert heading(answer.text) == "Juuri nyt ei onnistu"
    assert kept(answer.text) == sent
    assert (await house.http.post("/signup", data=kept(answer.text))).status_code == 200
    [proof] = await house.consent.proofs()
    assert (proof.language, len(proof.wording)) == ("fi", 2)


async def test_markup_in_what_is_kept_stays_text(away: Remote) -> None:
    """Whatever came is shown as it was typed, and sent again as it was."""
    nasty = '"><script>alert(1)</script>'
    answer = await browser(away).post("/signup", data={"email": nasty, "topic": [nasty], "form": nasty})
    assert answer.status_code == 503
    assert "<script" not in answer.text
    assert kept(answer.text) == {"email": nasty, "topic": [nasty], "form": nasty}


async def test_a_form_that_cannot_be_shown_is_told_so(away: Remote) -> None:
    """There is nothing to keep yet."""
    answer = await browser(away).get("/signup")
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "<form" not in answer.text


async def test_a_wish_that_takes_too_long_is_kept_on_the_page_and_noted_all_the_same(
    synced: Service, clock: Clock
) -> None:
    """Nobody waits without an end for a store that is held up; sent again, it is the one wish that it was."""
    front = Fronted(synced, Admission(Limits(), clock), Pace(Dice(), 0.01, 0.01, patience=0.05))
    await front.publish(POLICY)
    http, go_on = browser(front), threading.Event()
    sent = await filled(http)
    synced.writer.submit(go_on.wait)
    try:
        answer = await http.post("/signup", data=sent)
    finally:
        go_on.set()
    assert answer.status_code == 503
    assert kept(answer.text) == sent
    patient = Fronted(synced, Admission(Limits(), clock))
    assert (await browser(patient).post("/signup", data=kept(answer.text))).status_code == 200
    assert len(await patient.proofs()) == 1
    asked = select(func.count()).where(leaves.c.type == "requested")
    assert synced.read(lambda reading: reading.conn.scalar(asked)) == 2  # once for each topic


async def test_whoever_comes_when_too_many_do_is_told_when_to_come_again(house: House) -> None:
    """By another sentence: nothing is wrong with our records."""
    house.count(Limits(in_all=1))
    assert (await house.sign_up("berta@example.com")).status_code == 200
    sent = await filled(house.http)
    answer = await house.http.post("/signup", data=sent)
    assert answer.status_code == 503
    assert 60 < int(answer.headers["retry-after"]) <= 3600
    assert "enemmän kuin voimme ottaa vastaan" in answer.text
    assert kept(answer.text) == sent
    house.clock.now += int(answer.headers["retry-after"]) * 1000
    assert (await house.http.post("/signup", data=kept(answer.text))).status_code == 200
