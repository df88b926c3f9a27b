"""`virta simulate`: the same journal twice, figures that a recount confirms, plain words for bad input."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stall import make_stall

from engine.core.bundle import Entry
from engine.delivery.login import Login
from engine.delivery.mailer import Mailer
from engine.store.store import Store
from virta.command import run
from virta.mailbox.reader import mails

KEYS = """
log_signing = "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="
master = "YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI="
pepper = "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M="
link = "ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGQ="
journey = "ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWU="
"""


def act(do: str, at: str, who: str, **more: object) -> str:
    return json.dumps({"do": do, "at": f"{at}+02:00", "email": f"{who}@example.com", **more})


def order(at: str, who: str, id_: str) -> str:
    total = {"amount": "4.50", "currency": "EUR"}
    return act("event", at, who, id=id_, event="order_placed", data={"order_id": id_, "total": total})


def signs_up(at: str, who: str, **more: object) -> str:
    return act("sign_up", at, who, language="en", topics=["news"], **more)


DAY = "2026-03-02T"
PEOPLE = ("anna", "berta", "carl", "dora")
ACTS = [
    *(signs_up(f"{DAY}09:00:00", who, attributes={"first_name": who.title()}) for who in PEOPLE),
    *(act("confirm", f"{DAY}09:30:00", who) for who in PEOPLE[:3]),
    order(f"{DAY}12:00:00", "anna", "o-1"),
    order(f"{DAY}12:00:00", "dora", "o-2"),
    order(f"{DAY}12:00:00", "dora", "o-2"),  # counts once
    act("event", f"{DAY}12:30:00", "dora", id="c-1", event="cart_updated", data={"cart_id": "c-1"}),
    act("withdraw", f"{DAY}13:00:00", "berta"),
]
"""Anna buys, Berta withdraws, Carl stays silent and is written to again, Dora never confirms."""


@pytest.fixture
def acts(tmp_path: Path) -> Path:
    path = tmp_path / "acts.jsonl"
    path.write_text("\n".join(ACTS) + "\n", "utf-8")
    return path


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    folder = make_stall(tmp_path / "stall")
    (folder / "dev-keys.toml").write_text(KEYS, "utf-8")
    return folder


def journal(folder: Path) -> list[Entry]:
    store = Store(folder / "data" / "engine.db")
    try:
        return asyncio.run(store.journal())
    finally:
        store.close()


def in_mailbox(folder: Path) -> list[tuple[str, str, bytes]]:
    """Recipient, Message-ID and bytes of every mail, in order."""
    return [(*mail.recipients, mail.message_id, mail.content) for mail in mails(folder / "data" / "mailbox")]


def simulate(folder: Path, acts: Path, *words: str) -> int:
    return run(["simulate", str(folder), "--visitors", str(acts), "--days-after", "10", *words])


def test_two_simulations_are_the_same_to_the_byte(stall: Path, acts: Path, tmp_path: Path) -> None:
    """Same acts, keys and seed: the same journal entry by entry, and the same mails byte by byte."""
    other = tmp_path / "other"
    shutil.copytree(stall, other)
    assert simulate(stall, acts, "--keep") == 0
    assert simulate(other, acts, "--keep") == 0
    one, two = journal(stall), journal(other)
    assert len(one) > 10
    assert one == two
    assert sorted(in_mailbox(stall)) == sorted(in_mailbox(other))


def test_fresh_processes_send_the_same_mails_in_the_same_order(stall: Path, tmp_path: Path) -> None:
    """Whatever each of them hashes its words by, and however many connections the project allows: also mails
    of one moment come in one order."""
    settings = stall / "virta.toml"
    text = settings.read_text("utf-8").replace("[smtp]\n", "[smtp]\nconnections = 8\n", 1)
    settings.write_text(text, "utf-8")
    people = [f"person{number}" for number in range(12)]
    acts = tmp_path / "many.jsonl"
    lines = [signs_up(f"{DAY}09:00:00", who) for who in people]
    lines += [act("confirm", f"{DAY}09:30:00", who) for who in people]
    lines += [order(f"{DAY}12:00:00", who, f"o-{who}") for who in people]
    acts.write_text("\n".join(lines) + "\n", "utf-8")
    other = tmp_path / "other"
    shutil.copytree(stall, other)
    program = "from virta.command import main; main()"
    for folder, hashed in ((stall, "1"), (other, "2")):
        words = [
            "simulate",
            str(folder),
            "--visitors",
            str(acts),
            "--days-after",
            "5",
            "--keep",
            "--seed",
            "7",
        ]
        ran = subprocess.run(
            [sys.executable, "-c", program, *words],
            env=os.environ | {"PYTHONHASHSEED": hashed},
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
    assert len(in_mailbox(stall)) == 36
    assert in_mailbox(stall) == in_mailbox(other)
    assert journal(stall) == journal(other)


def test_mails_of_a_simulation_cannot_overtake_each_other(stall: Path, acts: Path) -> None:
    """They go over one connection, also where the project allows more."""
    opened: list[int] = []
    made = Mailer.__init__

    def counting(mailer: Mailer, login: Login, connections: int, *rest: Any) -> None:
        opened.append(connections)
        made(mailer, login, connections, *rest)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Mailer, "__init__", counting)
        assert simulate(stall, acts) == 0
    assert opened == [1]


def test_another_seed_is_another_journal(stall: Path, acts: Path, tmp_path: Path) -> None:
    """So that the comparison above could fail: the people get other ids."""
    other = tmp_path / "other"
    shutil.copytree(stall, other)
    assert simulate(stall, acts, "--keep") == 0
    assert simulate(other, acts, "--keep", "--seed", "2") == 0
    one, two = journal(stall), journal(other)
    assert len(one) == len(two)
    assert {entry.contact for entry in one}.isdisjoint(entry.contact for entry in two)


def test_the_figures_are_those_of_the_journal_and_of_the_mailbox(
    stall: Path, acts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Recounted here from the raw journal, the acts, and the mails that arrived."""
    assert simulate(stall, acts, "--keep", "--format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    entries = journal(stall)
    arrived = in_mailbox(stall)

    assert len({message_id for _, message_id, _ in arrived}) == len(arrived) == report["mails"]
    assert (report["people"], report["acts"]) == (4, len(ACTS))
    assert report["proof_mails"] == 4
    sent = [entry for entry in entries if entry.what == "sent"]
    assert len(sent) + 4 == len(arrived)

    def count(flow: str, what: str) -> int:
        return sum(entry.flow == flow and entry.what == what for entry in entries)

    def reasons(flow: str, what: str) -> dict[str, int]:
        return dict(Counter(e.reason for e in entries if e.flow == flow and e.what == what))

    for row in report["flows"]:
        flow = row["flow"]
        assert row["entered"] == count(flow, "entered")
        assert row["mails"] == count(flow, "sent")
        assert row["finished"] == count(flow, "finished")
        assert row["unknown"] == 0
        assert row["left"] == reasons(flow, "left")
        assert row["skipped"] == reasons(flow, "skipped")
        assert row["not_reachable"] == reasons(flow, "not_entered").get("not_subscribed", 0)
        assert row["under_way"] == row["entered"] - row["finished"] - sum(row["left"].values())

    # what must come out, by hand
    by_flow = {row["flow"]: row for row in report["flows"]}
    assert list(by_flow) == ["cart", "thanks", "welcome"]
    assert by_flow["cart"] | {"not_reachable": 1, "entered": 0, "mails": 0, "goal": None} == by_flow["cart"]
    assert by_flow["thanks"] | {"entered": 2, "mails": 2, "finished": 2, "goal": None} == by_flow["thanks"]
    welcome = {"entered": 3, "mails": 4, "finished": 2, "left": {"topic_withdrawn": 1}, "goal": 1}
    assert by_flow["welcome"] | welcome == by_flow["welcome"]
    hello = Counter(who for who, _, content in arrived if b"Subject: Welcome" in content)
    assert hello == {"anna@example.com": 1, "berta@example.com": 1, "carl@example.com": 1}


def test_every_mail_is_delivered_when_it_goes(stall: Path, acts: Path) -> None:
    """Also where a flow that stands behind the mail asks for it; nobody has to report it."""
    (stall / "flows" / "arrivals.flow").write_text(
        'flow arrivals\n    start on email_delivered where topic is "news"\n'
        "    enter every time\n    finish\n",
        "utf-8",
    )
    assert simulate(stall, acts, "--keep") == 0
    lines = journal(stall)
    news = [each for each in lines if each.what == "sent" and each.flow == "welcome"]
    entered = [each for each in lines if each.what == "entered" and each.flow == "arrivals"]
    assert news
    assert [(each.contact, each.at) for each in entered] == [(each.contact, each.at) for each in news]


def test_the_json_report_has_its_shape(stall: Path, acts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but one object on standard output, with exactly these keys; and nothing is left behind."""
    assert simulate(stall, acts, "--format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    assert list(report) == [
        "people",
        "signed_up",
        "acts",
        "undone",
        "mails",
        "proof_mails",
        "team_mails",
        "seconds",
        "flows",
    ]
    assert [list(row) for row in report["flows"]] == [
        [
            "flow",
            "entered",
            "not_reachable",
            "mails",
            "skipped",
            "unknown",
            "left",
            "finished",
            "under_way",
            "goal",
            "revenue",
            "holdout",
        ]
    ] * 3
    assert not (stall / "data").exists()
    assert not list(stall.glob(".simulation-*"))


def test_the_table_names_flows_mails_and_reasons(
    stall: Path, acts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people: plain, without colours outside a terminal."""
    assert simulate(stall, acts) == 0
    told = capsys.readouterr()
    assert "\x1b" not in told.out
    rows = [line.split() for line in told.out.splitlines()]
    assert ["thanks", "2", "0", "2", "0", "0", "0", "2", "0", "–", "–"] in rows
    assert "4 people, of whom 4 signed up; 12 acts; 10 mails: 6 of flows, 4 to confirm; " in told.out


def test_both_sides_of_a_holdout_are_told(
    stall: Path, acts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For people in a sentence, for programs in numbers; whoever is held out gets nothing."""
    flow = stall / "flows" / "welcome.flow"
    flow.write_text(flow.read_text("utf-8").replace("    goal", "    holdout 50%\n    goal"), "utf-8")
    assert simulate(stall, acts, "--format", "json") == 0
    report = json.loads(capsys.readouterr().out)
    [welcome] = [row for row in report["flows"] if row["flow"] == "welcome"]
    both = welcome["holdout"]
    assert both["held_out"] + both["treated"] == welcome["entered"] == 3
    assert both["held_out"] > 0
    assert simulate(stall, acts) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "reached the goal after entering; of those held out, " in told


def test_real_stores_are_never_written_into(
    stall: Path, acts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--keep` refuses where stores are; without it they are not touched."""
    (stall / "data").mkdir()
    (stall / "data" / "engine.db").write_bytes(b"precious")
    assert simulate(stall, acts, "--keep") == 2
    assert capsys.readouterr().err == (
        f"virta: {stall / 'data'} is there already, and a simulation never writes into real stores. "
        "Move it away, or leave out --keep.\n"
    )
    assert simulate(stall, acts) == 0
    assert [(path.name, path.read_bytes()) for path in (stall / "data").iterdir()] == [
        ("engine.db", b"precious")
    ]


def edited(number: int, text: str) -> list[str]:
    return [*ACTS[:number], text, *ACTS[number + 1 :]]


BROKEN: dict[str, tuple[list[str], str]] = {
    "no JSON": (edited(3, "hello"), "acts.jsonl, line 4: this is no JSON object"),
    "no such act": (
        edited(3, act("dance", f"{DAY}09:00:00", "dora")),
        "acts.jsonl, line 4: `do` must be one of sign_up, confirm, event, set, open, click, complain, "
        "bounce, choose, withdraw; it is `dance`.",
    ),
    "order": (edited(3, signs_up("2026-03-01T09:00:00", "dora")), "line 4: the acts must stand in order"),
    "nobody": ([], "acts.jsonl holds no acts."),
    "event": (
        edited(7, act("event", f"{DAY}12:00:00", "anna", id="x", event="order_plced")),
        "The replay cannot go on: an act of anna@example.com was refused: the project declares no event "
        "`order_plced`; did you mean `order_placed`?.",
    ),
    "topic": (
        edited(3, act("sign_up", f"{DAY}09:00:00", "dora", language="en", topics=["nwes"])),
        "The replay cannot go on: an act of dora@example.com was refused: ",
    ),
    "address": (
        edited(3, act("sign_up", f"{DAY}09:00:00", "no mail", language="en", topics=["news"])),
        "The replay cannot go on: an act of no mail@example.com was refused: ",
    ),
    "no proof mail": (
        edited(6, act("confirm", f"{DAY}09:30:00", "emil")),
        "The replay cannot go on: emil@example.com has not got a proof mail.",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_faulty_acts_are_one_plain_line(
    case: str, stall: Path, acts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which act, why; exit code 2; of stores that were to be kept nothing is there."""
    lines, told = BROKEN[case]
    acts.write_text("\n".join(lines) + "\n", "utf-8")
    assert simulate(stall, acts, "--keep") == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.err.splitlines()[-1].startswith("virta: ")
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not (stall / "data").exists()
    assert not list(stall.glob(".simulation-*"))


def no_folder(stall: Path) -> None:
    (stall / "acts").rename(stall / "other")


BAD_PROJECTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "faulty flow": (
        lambda stall: (stall / "flows" / "more.flow").write_text("flow more\n    topic nwes\n    sned x\n"),
        "errors, and nothing was started. `virta check ",
    ),
    "missing template": (
        lambda stall: (stall / "templates" / "hello.html").unlink(),
        "an error, and nothing was started. `virta check ",
    ),
    "missing keys": (
        lambda stall: (stall / "dev-keys.toml").write_text(KEYS.replace("pepper", "paper")),
        "dev-keys.toml the key `pepper` is missing.",
    ),
}


@pytest.mark.parametrize("case", BAD_PROJECTS)
def test_a_project_that_is_not_sound_is_not_simulated(
    case: str, stall: Path, acts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says why, and what to do; nothing is written."""
    spoil, told = BAD_PROJECTS[case]
    spoil(stall)
    assert simulate(stall, acts, "--keep") == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.err.count("\n") == 1
    assert not (stall / "data").exists()


def test_a_file_of_acts_that_is_not_there(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names it."""
    assert simulate(stall, Path("nowhere.jsonl")) == 2
    assert capsys.readouterr().err == "virta: nowhere.jsonl cannot be read: No such file or directory.\n"
