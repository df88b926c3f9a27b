"""Rows that an earlier version wrote are read by this one."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
from person import ANNA

from engine.core.bundle import Bundle, MailBody
from engine.store.store import Store

KEY = "c" * 32
MAIL = {
    "flow": "welcome",
    "journey": "d" * 32,
    "step": "hello",
    "template": "hello",
    "topic": "news",
    "service": False,
    "at": 1_772_434_800_000,
    "trigger_id": "change-1",
    "attributes": {"first_name": "Anna", "visits": msgspec.msgpack.Ext(1, b"3")},
    "trigger": {"topic": "news"},
    "received": {},
    "values": {},
    "subject": "",
    "sender": "",
    "reply_to": "",
    "report": True,
}
PROFILE = [5, {"first_name": "Anna"}, ["news"], {"order_placed": [[4, {}]]}, ["new"], 2**62, {"welcome": 5}]


def written(path: Path, sql: str, *values: bytes | int) -> None:
    """A database with a row of an earlier version."""
    Store(path).close()
    raw = sqlite3.connect(path)
    raw.execute(sql, values)
    raw.commit()
    raw.close()


def test_a_mail_that_an_earlier_version_left_open_is_taken_up(tmp_path: Path) -> None:
    """It did not say that it is a mail: there was nothing else."""
    sql = "INSERT INTO effect (key, contact, made, body) VALUES (?, ?, ?, ?)"
    body = msgspec.msgpack.encode(MAIL)
    written(tmp_path / "engine.db", sql, bytes.fromhex(KEY), bytes.fromhex(ANNA), 1, body)
    store = Store(tmp_path / "engine.db")
    (effect,) = asyncio.run(store.effects())
    store.close()
    assert (effect.key, effect.contact, effect.kind) == (KEY, ANNA, "mail")
    assert isinstance(effect.body, MailBody)
    assert {name: getattr(effect.body, name) for name in MAIL} == {
        **MAIL,
        "attributes": {"first_name": "Anna", "visits": 3},
    }
    assert effect.body.viewed == ()


def test_a_contact_of_an_earlier_version_is_known(tmp_path: Path) -> None:
    """With nothing in what has been added since."""
    sql = "INSERT INTO contact (id, body) VALUES (?, ?)"
    written(tmp_path / "engine.db", sql, bytes.fromhex(ANNA), msgspec.msgpack.encode(PROFILE))
    store = Store(tmp_path / "engine.db")
    bundle: Bundle = asyncio.run(store.load([ANNA]))[ANNA]
    store.close()
    assert bundle.attributes == {"first_name": "Anna"}
    assert (bundle.agreed, bundle.segments, bundle.entered) == ({"news"}, {"new"}, {"welcome": 5})
    assert [seen.at for seen in bundle.windows["order_placed"]] == [4]
    assert (bundle.dates, bundle.mails, bundle.given) == ({}, (), {})
