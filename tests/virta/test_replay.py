"""A replay acts by the mails that came, through the pages and the API, as people and mail providers would."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from stall import make_stall
from test_simulate import KEYS, act

from engine.core.bundle import Entry
from engine.store.store import Received, Store
from virta.command import run
from virta.mailbox.reader import mails

DAY = "2026-03-02T"
PURPOSES = """
[purposes.measurement]
title = "Counting"
consent = "You may count whether I open and click your mails."

[purposes.personalisation]
title = "Personal"
consent = "You may recommend by what I look at."
"""
HELLO = """---
subject: Hello
---
<p><a href="https://stall.example/menu?x=1&amp;y=2">Menu</a> <a href='https://stall.example/tours'>Tours</a></p>
<p>{{ contact.first_name | default("friend") }}</p>
<p><a href="{{ links.preferences }}">Preferences</a> <a href="{{ links.unsubscribe }}">Unsubscribe</a>
{{ sender.name }}, {{ sender.imprint }}</p>
"""


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    folder = make_stall(tmp_path / "stall")
    (folder / "dev-keys.toml").write_text(KEYS, "utf-8")
    with (folder / "virta.toml").open("a") as toml:
        toml.write(PURPOSES)
    (folder / "templates" / "hello.html").write_text(HELLO, "utf-8")
    return folder


def joins(who: str, *topics: str) -> list[str]:
    """Signs up at nine and confirms at half past: then `hello` comes."""
    wish = act("sign_up", f"{DAY}09:00:00", who, language="en", topics=["news", *topics])
    return [wish, act("confirm", f"{DAY}09:30:00", who)]


def play(stall: Path, acts: Sequence[str], capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Replay, keep the stores, and give the report."""
    path = stall.parent / "acts.jsonl"
    path.write_text("\n".join(sorted(acts, key=lambda line: json.loads(line)["at"])) + "\n", "utf-8")
    status = run(["simulate", str(stall), "--visitors", str(path), "--keep", "--format", "json"])
    told = capsys.readouterr()
    assert status == 0, told.err
    report: dict[str, object] = json.loads(told.out)
    return report


def history(stall: Path) -> list[Received]:
    return asyncio.run(_of_store(stall))[0]


def journal(stall: Path) -> list[Entry]:
    return asyncio.run(_of_store(stall))[1]


async def _of_store(stall: Path) -> tuple[list[Received], list[Entry]]:
    store = Store(stall / "data" / "engine.db")
    try:
        return await store.history(), await store.journal()
    finally:
        store.close()


def told(stall: Path) -> list[tuple[str, str, str]]:
    """Events about mails: kind, step and link."""
    return [
        (event.kind, event.data["step"], event.data.get("link", ""))
        for event in history(stall)
        if event.kind.startswith("email_")
    ]


def mailed(stall: Path) -> list[tuple[str, str]]:
    return [(mail.recipients[0], mail.subject) for mail in mails(stall / "data" / "mailbox")]


def test_opening_and_clicks_come_by_the_mail_of_that_step(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any way of naming the link; each once; at the moment at which it was done."""
    acts = [
        *joins("anna", "measurement"),
        act("open", f"{DAY}10:00:00", "anna", flow="welcome", step="hello"),
        act("open", f"{DAY}10:00:00", "anna"),
        act("click", f"{DAY}10:01:00", "anna", flow="welcome", step="hello", link="/tours"),
        act("click", f"{DAY}10:02:00", "anna", step="hello"),
        act("click", f"{DAY}10:03:00", "anna", flow="welcome", link=1),
    ]
    report = play(stall, acts, capsys)
    assert report["undone"] == {}
    assert told(stall) == [
        ("email_opened", "hello", ""),
        ("email_clicked", "hello", "https://stall.example/tours"),
        ("email_clicked", "hello", "https://stall.example/menu?x=1&y=2"),
    ]
    opened = next(event for event in history(stall) if event.kind == "email_opened")
    assert (opened.data["flow"], opened.data["template"], opened.data["topic"]) == (
        "welcome",
        "hello",
        "news",
    )
    assert opened.received - opened.at == 2_000
    assert opened.at == 1_772_438_400_000  # 10:00 in Riga


def test_people_who_did_not_agree_are_not_measured(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Their mails have plain links and no pixel, so there is nothing to do; others' mails of the step do not
    matter, nor do steps that sent nothing."""
    acts = [
        *joins("anna", "measurement"),
        *joins("berta"),
        act("open", f"{DAY}10:00:00", "berta", flow="welcome", step="hello"),
        act("click", f"{DAY}10:00:00", "berta", flow="welcome", step="hello"),
        act("click", f"{DAY}10:00:00", "anna", flow="welcome", step="hello", link="/nowhere"),
        act("click", f"{DAY}10:00:00", "anna", flow="welcome", step="hello", link=7),
        act("open", f"{DAY}10:00:00", "anna", flow="welcome", step="come_again"),
        act("withdraw", f"{DAY}10:00:00", "carl"),
        act("complain", f"{DAY}10:00:00", "carl"),
        act("choose", f"{DAY}10:00:00", "carl"),
    ]
    report = play(stall, acts, capsys)
    assert report["undone"] == {"choose": 1, "click": 3, "complain": 1, "open": 2, "withdraw": 1}
    assert told(stall) == []
    for mail in mails(stall / "data" / "mailbox"):
        measured = mail.recipients == ("anna@example.com",) and mail.subject in ("Hello", "Come again")
        assert (b"/o/" in mail.content) == measured
        assert (b"/l/" in mail.content) == (measured and mail.subject == "Hello")


def test_links_of_the_project_with_such_paths_are_not_taken_for_ours(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A shop has pages at /l/, /p/ and /c/ too. What is no measured link cannot be clicked."""
    own = "".join(f'<a href="https://stall.example/{path}/sales">x</a> ' for path in ("l", "p", "c"))
    (stall / "templates" / "hello.html").write_text(HELLO.replace("<p>", f"<p>{own}", 1), "utf-8")
    acts = [
        *joins("anna"),
        *joins("berta", "measurement"),
        act("click", f"{DAY}10:00:00", "anna", link="gift"),
        act("click", f"{DAY}10:01:00", "anna", link=0),
        act("click", f"{DAY}10:02:00", "berta", link="/p/"),
        act("choose", f"{DAY}10:03:00", "anna", topics=[]),
    ]
    report = play(stall, acts, capsys)
    assert report["undone"] == {"click": 2}
    assert told(stall) == [("email_clicked", "hello", "https://stall.example/p/sales")]
    assert [entry.reason for entry in journal(stall) if entry.what == "left"] == ["topic_withdrawn"]


@pytest.mark.parametrize(
    ("signs_up", "acts_as"),
    [("Anna@Example.com", "anna@example.COM"), ("anna@kafejnīca.example", "anna@xn--kafejnca-fjb.example")],
)
def test_an_address_is_the_same_however_it_is_spelled(
    stall: Path, capsys: pytest.CaptureFixture[str], signs_up: str, acts_as: str
) -> None:
    """As it is for the consent service."""
    acts = [line.replace("anna@example.com", signs_up) for line in joins("anna")[:1]]
    acts += [line.replace("anna@example.com", acts_as) for line in joins("anna")[1:]]
    acts.append(act("withdraw", f"{DAY}10:00:00", "anna").replace("anna@example.com", acts_as))
    report = play(stall, acts, capsys)
    assert report["undone"] == {}
    assert [entry.reason for entry in journal(stall) if entry.what == "left"] == ["topic_withdrawn"]


def test_ending_measurement_on_the_page_ends_counting(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The link of the mail of before leads on, and counts nothing."""
    acts = [
        *joins("anna", "measurement"),
        act("choose", f"{DAY}10:00:00", "anna", topics=["news"]),
        act("click", f"{DAY}10:01:00", "anna"),
    ]
    report = play(stall, acts, capsys)
    assert report["undone"] == {}
    assert told(stall) == []
    assert ("anna@example.com", "Come again") in mailed(stall)


def test_a_complaint_ends_marketing_at_once(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No second mail; those who did not complain get it."""
    acts = [*joins("anna"), *joins("berta"), act("complain", f"{DAY}10:00:00", "anna", flow="welcome")]
    play(stall, acts, capsys)
    assert told(stall) == [("email_complained", "hello", "")]
    again = [who for who, subject in mailed(stall) if subject == "Come again"]
    assert again == ["berta@example.com"]


def test_a_hard_bounce_ends_all_mail_and_a_soft_one_none(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To that address."""
    acts = [
        *joins("anna"),
        *joins("berta"),
        act("bounce", f"{DAY}10:00:00", "anna"),
        act("bounce", f"{DAY}10:00:00", "berta", kind="soft"),
    ]
    play(stall, acts, capsys)
    assert [(event.kind, event.data["kind"]) for event in history(stall)] == [
        ("email_bounced", "hard"),
        ("email_bounced", "soft"),
    ]
    assert [who for who, subject in mailed(stall) if subject == "Come again"] == ["berta@example.com"]


def test_history_keeps_its_moment_and_starts_nothing(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a shop tells when it is connected happened when it happened; what is set is known."""
    total = {"amount": "4.50", "currency": "EUR"}
    acts = [
        act(
            "event",
            f"{DAY}08:00:00",
            "anna",
            id="o-1",
            event="order_placed",
            data={"order_id": "o-1", "total": total},
            happened="2025-12-24T18:00:00+02:00",
        ),
        act("set", f"{DAY}08:00:00", "anna", attributes={"first_name": "Anna", "time_zone": "Asia/Tashkent"}),
        *joins("anna"),
    ]
    play(stall, acts, capsys)
    (order,) = history(stall)
    assert order.at == 1_766_592_000_000
    assert [(entry.flow, entry.reason) for entry in journal(stall) if entry.what == "not_entered"] == [
        ("thanks", "event_late")
    ]
    (hello,) = [mail for mail in mails(stall / "data" / "mailbox") if mail.subject == "Hello"]
    assert b"<p>Anna</p>" in hello.content


def test_views_are_kept_of_those_only_who_agreed(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Until they end it; and never of others."""

    def views(who: str, number: int) -> str:
        page = {"url": f"https://stall.example/{number}"}
        return act(
            "event", f"{DAY}11:0{number}:00", who, id=f"{who}-{number}", event="page_viewed", data=page
        )

    acts = [
        *joins("anna", "personalisation"),
        *joins("berta"),
        *joins("carl", "personalisation"),
        *(views(who, number) for number in (1, 2) for who in ("anna", "berta", "carl", "dora")),
        act("choose", f"{DAY}12:00:00", "carl", topics=["news"]),
    ]
    play(stall, acts, capsys)
    assert [event.id for event in history(stall)] == ["anna-1", "anna-2"]


@pytest.mark.parametrize(
    ("choices", "skipped"),
    [
        ([{"frequency": "weekly"}], ["own_frequency", "own_frequency"]),
        ([{"pause": 30}], ["paused", "paused"]),
        ([{"frequency": "weekly"}, {"frequency": ""}], []),
        ([{"pause": 90}, {"pause": 0}], []),
        ([{"pause": 30}, {"language": "en"}], ["paused", "paused"]),
    ],
)
def test_the_preferences_page_is_saved_as_it_stands_but_for_what_is_chosen(
    stall: Path, capsys: pytest.CaptureFixture[str], choices: list[dict[str, object]], skipped: list[str]
) -> None:
    """Two mails of the week of the welcome: by a wish for one a week, and by a pause, both are held
    back; taking it back lets them go. The other boxes stay ticked."""
    acts = joins("anna", "measurement")
    acts += [act("choose", f"{DAY}1{n}:00:00", "anna", **choice) for n, choice in enumerate(choices)]
    cart = {"cart_id": "c-1"}
    acts.append(act("event", f"{DAY}13:00:00", "anna", id="c-1", event="cart_updated", data=cart))
    acts.append(act("click", f"{DAY}15:00:00", "anna", step="hello"))
    report = play(stall, acts, capsys)
    assert report["undone"] == {}
    assert [entry.reason for entry in journal(stall) if entry.what == "skipped"] == skipped
    got = {subject for _, subject in mailed(stall)} & {"Your cart waits", "Come again"}
    assert len(got) == 2 - len(skipped)
    assert [kind for kind, *_ in told(stall)] == ["email_clicked"]
