"""A flow that starts by request, started in the studio of a project that is served."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import httpx2
import pytest
from opened_studio import words
from played import play
from serving import Served, eventually

from virta.command import run

TASTING = """
flow tasting "A tasting"
    topic news
    start by request
    enter again after 7 days

    send invitation
    wait 2 days
    add tag "taster"
"""
GUESTS = """
flow guests
    start by request

    add tag "guest"
"""
COUNTED = """
flow counted{number} "Half of them"
    start by request
    holdout 50%

    wait 2 days
    add tag "guest"
"""
INVITATION = """---
subject: Come and taste
---
<p><a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ sender.name }}, {{ sender.imprint }}</p>
"""
HALVES = 12
"""Flows of which each holds half the people out: somebody is taken by one and left alone by another, but
for once in two thousand times; and whoever is, always."""
OWN = {"Sec-Fetch-Site": "same-origin"}
FORM = re.compile(r'<form action="(/studio/flows/\w+/start)" method="post">(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def invited(folder: Path) -> Path:
    """The played stall with flows that start by request."""
    stall = play(folder)
    (stall / "flows" / "tasting.flow").write_text(TASTING, "utf-8")
    (stall / "flows" / "guests.flow").write_text(GUESTS, "utf-8")
    counted = "".join(COUNTED.format(number=number) for number in range(HALVES))
    (stall / "flows" / "counted.flow").write_text(counted, "utf-8")
    (stall / "templates" / "invitation.html").write_text(INVITATION, "utf-8")
    return stall


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = invited(tmp_path_factory.mktemp("asked") / "stall")
    with Served(folder, "--mailbox", "--apply", "--now", "2026-03-04T10:00") as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=served.url, headers=OWN, follow_redirects=True) as opened:
        yield opened


def form(page: str) -> tuple[str, dict[str, str]]:
    """Where the form of a page leads, and its fields."""
    found = FORM.search(page)
    assert found is not None, words(page)
    return found[1], {name: unescape(value) for name, value in FIELD.findall(found[2])}


def preview(client: httpx2.Client, who: str, flow: str = "tasting") -> httpx2.Response:
    return client.get(f"/studio/flows/{flow}/start", params={"who": who})


def asked(served: Served) -> list[str]:
    """Every request that is kept."""
    with closing(sqlite3.connect(served.folder / "data" / "engine.db")) as store:
        return [id_ for (id_,) in store.execute("SELECT id FROM inbox WHERE kind = 'start flow'")]


def test_the_page_of_a_flow_offers_it_where_it_starts_by_request(client: httpx2.Client) -> None:
    """And nowhere else."""
    page = client.get("/studio/flows/tasting").text
    assert "Start it for one person" in words(page)
    assert 'action="/studio/flows/tasting/start" method="get"' in page
    assert "Start it for one person" not in words(client.get("/studio/flows/welcome").text)
    for method in (client.get, client.post):
        assert method("/studio/flows/welcome/start").status_code == 404
        assert method("/studio/flows/nothing/start").status_code == 404


def test_somebody_is_looked_at_asked_for_and_enters_once(
    client: httpx2.Client, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    """Looking asks for nothing; pressing twice is asking once; the story says where it was asked for."""
    before = asked(served)
    page = preview(client, "anna@example.com")
    assert "anna@example.com would enter now" in words(page.text)
    assert "The mail invitation would be asked for at once" in words(page.text)
    assert "They would then stand at wait 2 days" in words(page.text)
    assert asked(served) == before
    path, fields = form(page.text)
    first, second = (client.post(path, data=fields) for _ in range(2))
    assert str(first.url) == str(second.url)
    for answer in (first, second):
        assert "anna@example.com entered “A tasting”, and stands at wait 2 days now" in words(answer.text)
    assert len(asked(served)) == len(before) + 1
    assert "anna@example.com cannot enter now They are in it already" in words(
        preview(client, "anna@example.com").text
    )
    story = client.get("/studio/people", params={"address": "anna@example.com", "show": "all"}).text
    assert words(story).count("Somebody at the studio asked for “A tasting”.") == 1
    assert words(story).count("Entered “A tasting”.") == 1
    eventually(lambda: "Come and taste" in client.get("/studio/mails?to=anna").text)
    capsys.readouterr()
    assert run(["why", "anna@example.com", str(served.folder)]) == 0
    assert "Somebody at the studio asked for “A tasting”." in capsys.readouterr().out


def test_a_contact_id_names_the_same_person(client: httpx2.Client) -> None:
    """As the address does, here and on the page of people."""
    _, fields = form(preview(client, "dora@example.com", "guests").text)
    by_id = preview(client, f" {fields['contact'].upper()} ", "guests")
    assert form(by_id.text)[1]["contact"] == fields["contact"]
    page = client.get("/studio/people", params={"address": fields["contact"]}).text
    assert '<h1 class="address">dora@example.com</h1>' in page


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("berta@example.com", "They have not agreed to its topic, News: taken back."),
        ("dora@example.com", "They have not agreed to its topic, News: asked, not confirmed yet."),
    ],
)
def test_whoever_may_not_be_mailed_is_refused_before_and_after(
    who: str, told: str, client: httpx2.Client
) -> None:
    """No button, the reason from the published list; and the engine itself refuses who asks all the same."""
    page = preview(client, who)
    assert f"{who} cannot enter now {told}" in words(page.text)
    assert "<code>not_subscribed</code>" in page.text
    assert FORM.search(page.text) is None
    answer = client.post("/studio/flows/tasting/start", data={"contact": who, "number": "1"})
    assert f"{who} did not enter “A tasting”: they had not agreed to its topic." in words(answer.text)
    assert "<code>not_subscribed</code>" in answer.text


def test_whoever_is_held_out_is_told_of(client: httpx2.Client) -> None:
    """Before and after; of a flow that takes them nothing of the kind is said."""
    pages = [preview(client, "carl@example.com", f"counted{number}") for number in range(HALVES)]
    alone = "they would be counted, and take no step"
    [held_out, *_] = [page for page in pages if alone in words(page.text)]
    [taken, *_] = [page for page in pages if "They would stand at wait 2 days" in words(page.text)]
    for page, told in (
        (held_out, "carl@example.com entered “Half of them”, and is among those whom it leaves alone"),
        (taken, "carl@example.com entered “Half of them”, and stands at wait 2 days now"),
    ):
        path, fields = form(page.text)
        assert told in words(client.post(path, data=fields).text)
    again = words(client.get(held_out.url).text)
    assert "They entered it on" in again
    assert "it can be entered only once" in again


@pytest.mark.parametrize(
    ("who", "status", "told"),
    [
        ("nobody@example.com", 404, "Nobody with the address nobody@example.com is known here"),
        ("0" * 32, 404, f"Nobody with the contact id {'0' * 32} is known here"),
        ("anna", 400, "“anna” is no e-mail address and no contact id"),
    ],
)
def test_somebody_unknown_is_said_to_be(
    who: str, status: int, told: str, client: httpx2.Client, served: Served
) -> None:
    """Whether looked at or asked for; nothing is kept, and nobody is made known by it."""
    before = asked(served)
    looked = preview(client, who)
    posted = client.post("/studio/flows/tasting/start", data={"contact": who, "number": "1"})
    for answer in (looked, posted, preview(client, who)):
        assert answer.status_code == status
        assert told in words(answer.text)
    assert asked(served) == before


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://shop.example"}])
def test_no_other_site_can_ask(headers: dict[str, str], client: httpx2.Client, served: Served) -> None:
    """Though it knows the person's id and the form's number."""
    path, fields = form(preview(client, "dora@example.com", "guests").text)
    before = asked(served)
    with httpx2.Client(base_url=served.url) as other:
        assert other.post(path, data=fields, headers=headers).status_code == 403
        assert other.post(path, data=fields).status_code == 403
    assert asked(served) == before


SENDS: list[Callable[[httpx2.Client, str, str], httpx2.Response]] = [
    lambda client, path, contact: client.post(path, data={"contact": contact, "number": "x"}),
    lambda client, path, contact: client.post(path, data={"contact": contact}),
    lambda client, path, contact: client.post(path, content=b"x" * 70_000),
]


@pytest.mark.parametrize("send", SENDS)
def test_what_the_form_does_not_send_is_not_taken(
    send: Callable[[httpx2.Client, str, str], httpx2.Response], client: httpx2.Client, served: Served
) -> None:
    """In words, and nothing is kept."""
    path, fields = form(preview(client, "dora@example.com", "guests").text)
    before = asked(served)
    answer = send(client, path, fields["contact"])
    assert answer.status_code == 400
    assert "This was not sent by the form of that page." in words(answer.text)
    assert asked(served) == before


def test_what_was_never_asked_for_has_no_page(client: httpx2.Client) -> None:
    """Nor has a person who is not known."""
    for who in ("dora@example.com", "nobody@example.com"):
        answer = client.get("/studio/flows/tasting/start/7", params={"who": who})
        assert answer.status_code == 404
