"""The figures of `virta simulate` and the studio, counted again from the raw rows and from the mails in the
sink, with nothing of the code that counted first."""

import base64
import hmac
import json
import sqlite3
import tomllib
import zlib
from collections import Counter, defaultdict
from decimal import Decimal
from email import message_from_bytes
from pathlib import Path
from typing import Any

import msgspec
import pytest
from played import ACTS
from stall import make_stall

from virta.command import run
from virta.mailbox.reader import mails

DAY = 86_400_000
GOAL_DAYS = {"welcome": 7}
"""Within how many days an order counts for a flow of the stall, as its text says."""


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The stall with more buyers than it usually has: each buys a few times, around the end of the goal's
    time too."""
    folder = make_stall(tmp_path_factory.mktemp("recount") / "stall")
    acts = [json.loads(act) for act in ACTS]
    for number in range(12):
        who = f"buyer-{number}@example.com"
        at = f"2026-03-03T{8 + number:02}:00:00+02:00"
        acts.append({"do": "sign_up", "at": at, "email": who, "language": "en", "topics": ["news"]})
        acts.append({"do": "confirm", "at": at.replace(":00:00", ":30:00"), "email": who})
        for day in (3 + number % 3, 6 + number, 10 + number):
            total = {"amount": f"{number}.{day:02}", "currency": "EUR" if number % 4 else "USD"}
            acts.append(
                {
                    "do": "event",
                    "at": f"2026-03-{day:02}T21:{number:02}:00+02:00",
                    "email": who,
                    "id": f"o-{number}-{day}",
                    "event": "order_placed",
                    "data": {"order_id": f"{number}-{day}", "total": total},
                }
            )
    acts.sort(key=lambda act: act["at"])
    path = folder.parent / "acts.jsonl"
    path.write_text("".join(json.dumps(act) + "\n" for act in acts), "utf-8")
    return folder, ["simulate", str(folder), "--visitors", str(path), "--days-after", "30", "--keep"]


def raw_journal(folder: Path) -> list[list[Any]]:
    """The journal's lines as they stand in their rows, in order of time: contact, moment, number, journey,
    flow, step, what, reason."""
    rows = sqlite3.connect(folder / "data" / "engine.db").execute("SELECT body FROM journal ORDER BY seq")
    lines = [line for (body,) in rows for line in msgspec.msgpack.decode(zlib.decompress(body))]
    return sorted(lines, key=lambda line: line[1])


def raw_orders(folder: Path) -> list[tuple[str, int, str]]:
    """Contact, moment and total of every order, in order of time."""
    database = sqlite3.connect(folder / "data" / "engine.db")
    found = database.execute(
        "SELECT contact, at, data FROM inbox WHERE kind = 'order_placed' ORDER BY at, seq"
    )
    return [
        (contact.hex(), at, bytes(msgspec.msgpack.decode(data)["total"].data).decode())
        for contact, at, data in found
    ]


def test_the_figures_are_those_of_the_raw_rows_and_of_the_sink(
    stall: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Journeys and reasons by counting rows; mails by the Message-ID of each that arrived, which names the
    one line of the journal that it belongs to; goals and revenue by trying every mail against every order."""
    folder, words = stall
    assert run([*words, "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    rows = {row["flow"]: row for row in report["flows"]}
    journal = raw_journal(folder)

    said = Counter((line[4], line[6]) for line in journal)
    reasons: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for line in journal:
        reasons[line[4], line[6]][line[7]] += 1
    arrived = mails_by_flow(folder, journal)
    goals, revenue = recount_goals(journal, raw_orders(folder))

    assert said["welcome", "entered"] == 15
    for flow, row in rows.items():
        assert row["entered"] == said[flow, "entered"]
        assert row["not_reachable"] == reasons[flow, "not_entered"]["not_subscribed"]
        assert row["mails"] == said[flow, "sent"] == arrived[flow]
        assert row["skipped"] == reasons[flow, "skipped"]
        assert row["left"] == reasons[flow, "left"]
        assert row["unknown"] == said[flow, "unknown"]
        assert row["finished"] == said[flow, "finished"]
        over = said[flow, "finished"] + said[flow, "left"]
        assert row["under_way"] == said[flow, "entered"] - over
        assert row["goal"] == (goals[flow] if flow in GOAL_DAYS else None)
        assert {name: Decimal(amount) for name, amount in row["revenue"].items()} == revenue[flow]
    assert goals["welcome"] > 5
    assert set(revenue["welcome"]) == {"EUR", "USD"}
    assert report["proof_mails"] == arrived[""]
    assert report["mails"] == arrived.total()


def mails_by_flow(folder: Path, journal: list[list[Any]]) -> Counter[str]:
    """How many mails of each flow lie in the sink; those that ask for a confirmation under no name. A mail's
    key follows from journey, step and visit by a keyed hash, and no step of the stall is met twice."""
    keys = tomllib.loads((folder / "dev-keys.toml").read_text("utf-8"))
    secret = base64.b64decode(keys["journey"])
    flows = {}
    for line in journal:
        if line[6] == "sent":
            text = f"{line[3]}\0{line[5]}\0001".encode()
            flows[hmac.digest(secret, text, "sha256")[:16].hex()] = line[4]
    ids = [message_from_bytes(mail.content)["Message-ID"] for mail in mails(folder / "data" / "mailbox")]
    assert len(set(ids)) == len(ids)
    return Counter(flows.get(each.strip("<>").partition("@")[0], "") for each in ids)


def recount_goals(
    journal: list[list[Any]], orders: list[tuple[str, int, str]]
) -> tuple[Counter[str], dict[str, dict[str, Decimal]]]:
    """Every order against every mail: the last one before it, of whichever flow, is credited."""
    goals: Counter[str] = Counter()
    revenue: dict[str, dict[str, Decimal]] = defaultdict(dict)
    converted = set()
    for contact, at, total in orders:
        before = [line for line in journal if line[0] == contact and line[6] == "sent" and line[1] < at]
        if not before:
            continue
        last = before[-1]
        flow, journey = last[4], last[3]
        if flow in GOAL_DAYS and at - last[1] <= GOAL_DAYS[flow] * DAY and journey not in converted:
            converted.add(journey)
            goals[flow] += 1
            amount, currency = total.split(" ")
            revenue[flow][currency] = revenue[flow].get(currency, Decimal(0)) + Decimal(amount)
    return goals, revenue
