"""What a simulation did, counted again from the raw rows of its stores and from the mails in the sink, with
nothing of the code that counted first."""

import base64
import hmac
import sqlite3
import tomllib
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from virta.mailbox.reader import heads

ROUNDS = 5
"""No step is met more often in one journey than this."""


def compare(report: dict[str, Any], folder: Path, stores: str, goals: Mapping[str, tuple[str, int]]) -> None:
    """Raise `AssertionError` where the report of a simulation that was kept differs from a recount. Journeys
    and reasons by counting rows; mails by the Message-ID of each that arrived, which names the line of the
    journal that it belongs to; goals and revenue by trying every mail against every goal event."""
    journal = raw_journal(folder / stores)
    said = Counter((line[4], line[6]) for line in journal)
    reasons: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for line in journal:
        reasons[line[4], line[6]][line[7]] += 1
    arrived = mails_by_flow(folder, stores, journal)
    reached, revenue = recount_goals(journal, raw_events(folder / stores, goals), goals)
    for row in report["flows"]:
        flow = row["flow"]
        assert row["entered"] == said[flow, "entered"]
        assert row["not_reachable"] == reasons[flow, "not_entered"]["not_subscribed"]
        assert row["mails"] == said[flow, "sent"] == arrived[flow]
        assert row["skipped"] == reasons[flow, "skipped"]
        assert row["left"] == reasons[flow, "left"]
        assert row["unknown"] == said[flow, "unknown"]
        assert row["finished"] == said[flow, "finished"]
        over = said[flow, "finished"] + said[flow, "left"]
        assert row["under_way"] == said[flow, "entered"] - over
        assert row["goal"] == (reached[flow] if flow in goals else None)
        assert {name: Decimal(amount) for name, amount in row["revenue"].items()} == revenue[flow]
    assert report["proof_mails"] + report["team_mails"] == arrived[""]
    assert report["mails"] == arrived.total()


def raw_journal(stores: Path) -> list[list[Any]]:
    """The journal's lines as they stand in their rows, in order of time: contact, moment, number, journey,
    flow, step, what, reason."""
    rows = sqlite3.connect(stores / "engine.db").execute("SELECT body FROM journal ORDER BY seq")
    lines = []
    for (body,) in rows:
        packed, places, contacts, journeys = msgspec.msgpack.decode(body)
        said, ways = msgspec.msgpack.decode(zlib.decompress(packed))
        for number, place in enumerate(places):
            contact, journey = (ids[16 * number : 16 * number + 16].hex() for ids in (contacts, journeys))
            for each in ways[place]:
                at, n, *rest = said[each]
                lines.append([contact, at, n, journey if int(journey, 16) else "", *rest])
    return sorted(lines, key=lambda line: line[1])


def raw_events(stores: Path, goals: Mapping[str, tuple[str, int]]) -> list[tuple[str, int, str, str | None]]:
    """Contact, moment, name and total of every event that is a goal of some flow, in order of time."""
    wanted = sorted({event for event, _ in goals.values()})
    found = sqlite3.connect(stores / "engine.db").execute(
        "SELECT contact, at, kind, data FROM inbox "
        f"WHERE kind IN ({','.join('?' * len(wanted))}) ORDER BY at, seq",
        wanted,
    )
    events = []
    for contact, at, kind, data in found:
        total = msgspec.msgpack.decode(data).get("total")
        events.append((contact.hex(), at, kind, bytes(total.data).decode() if total is not None else None))
    return events


def mails_by_flow(folder: Path, stores: str, journal: list[list[Any]]) -> Counter[str]:
    """How many mails of each flow lie in the sink; those that ask for a confirmation or go to the team under
    no name. A mail's key follows from journey, step and visit by a keyed hash."""
    keys = tomllib.loads((folder / "dev-keys.toml").read_text("utf-8"))
    secret = base64.b64decode(keys["journey"])
    flows = {}
    for line in journal:
        if line[6] == "sent":
            for visit in range(1, ROUNDS + 1):
                text = f"{line[3]}\0{line[5]}\0{visit}".encode()
                flows[hmac.digest(secret, text, "sha256")[:16].hex()] = line[4]
    ids = [
        message_from_bytes(head.content, policy=compat32)["Message-ID"]
        for head in heads(folder / stores / "mailbox")
    ]
    assert len(set(ids)) == len(ids)
    return Counter(flows.get(each.strip("<>").partition("@")[0], "") for each in ids)


def recount_goals(
    journal: list[list[Any]],
    events: list[tuple[str, int, str, str | None]],
    goals: Mapping[str, tuple[str, int]],
    zone: str = "Europe/Riga",
) -> tuple[Counter[str], dict[str, dict[str, Decimal]]]:
    """Every goal event against every mail: the last one before it, of whichever flow, is credited."""
    mails: dict[str, list[list[Any]]] = defaultdict(list)
    for line in journal:
        if line[6] == "sent":
            mails[line[0]].append(line)
    reached: Counter[str] = Counter()
    revenue: dict[str, dict[str, Decimal]] = defaultdict(dict)
    converted = set()
    for contact, at, kind, total in events:
        before = [line for line in mails[contact] if line[1] < at]
        if not before:
            continue
        last = before[-1]
        flow, journey = last[4], last[3]
        if flow not in goals or goals[flow][0] != kind or journey in converted:
            continue
        until = shown(last[1], zone) + timedelta(days=goals[flow][1])
        if shown(at, zone) <= until:
            converted.add(journey)
            reached[flow] += 1
            if total is not None:
                amount, currency = total.split(" ")
                revenue[flow][currency] = revenue[flow].get(currency, Decimal(0)) + Decimal(amount)
    return reached, revenue


def shown(at: int, zone: str) -> datetime:
    """What a clock on the wall shows."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).replace(tzinfo=None)
