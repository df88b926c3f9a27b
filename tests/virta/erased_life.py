"""Somebody who leaves traces wherever one can, and how all bytes of a place are searched for them."""

import base64
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx2
from serving import eventually
from sqlalchemy import select
from stall import make_stall

from consent.service import open_reader
from consent.store.tables import evidence, subjects
from engine.insight.records import open_records
from virta.database_url import consent_place, engine_place
from virta.keys import read_keys
from virta.mailbox.reader import Mail, mails
from virta.mailbox.running import Running
from virta.settings import read_settings
from virta.wiring import wall_clock

ANNA, BELA = "zebulina.q@erased-person.example", "bela@example.com"
TRACES = (ANNA, "Zebulina Quagmire", "order-of-zebulina", "cart-of-zebulina", "agent-of-zebulina")
KEY = {"Authorization": "Bearer the stall's key"}
FLOW = """
webhook crm
    url "https://127.0.0.1:9/hook"
    secret env CRM_SECRET

flow traces "Traces"
    topic orders
    start on order_placed

    add tag "bought"
    call crm with name contact.first_name, order trigger.order_id, email contact.email
    tell "care@stall.example" "{contact.first_name or "Somebody"} bought {trigger.order_id}"
    send order_seen
    wait 30 days
    send order_seen as order_seen_again
"""
SEEN = """---
subject: Seen {{ trigger.order_id }}
---
<p>{{ contact.first_name | default("") }}, {{ trigger.order_id }}, {{ contact.email }}</p>
<p><a href="{{ links.browser }}">See this mail in the browser</a></p>
<p>{{ sender.name }}, {{ sender.imprint }}</p>
"""


def make_traced_stall(folder: Path, mail_server: str) -> Path:
    """A project whose flow lets traces of a buyer go everywhere. It reads `CRM_SECRET`."""
    make_stall(folder, mail_server)
    settings = folder / "virta.toml"
    settings.write_text(f'team = ["care@stall.example"]\n{settings.read_text("utf-8")}', "utf-8")
    (folder / "flows" / "traces.flow").write_text(FLOW, "utf-8")
    (folder / "templates" / "order_seen.html").write_text(SEEN, "utf-8")
    return folder


def leave_traces(http: httpx2.Client, mailbox: Running, email: str, name: str, word: str) -> None:
    """Sign up and confirm, be told of by the shop, buy, and be written to."""
    agent = {"User-Agent": f"agent-of-{word}"}
    page = http.get("/signup").text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    form = hidden | {"email": email, "topic": "news"}
    assert http.post("/signup", data=form, headers=agent).status_code == 200
    proof = arrives(mailbox, email, "c/")
    link = urlsplit(unescape(re.search(r"\S+/c/\S+", text_of(proof))[0])).path
    assert http.post(link, headers=agent).status_code == 200
    contact = {"email": email, "attributes": {"first_name": name, "time_zone": "Europe/Riga"}}
    assert http.post("/v1/contacts", json={"contacts": [contact]}, headers=KEY).status_code == 202
    for id_, event, data in (
        (f"cart-of-{word}", "cart_updated", {"cart_id": f"cart-of-{word}"}),
        (f"event-order-of-{word}", "order_placed", {"order_id": f"order-of-{word}"}),
    ):
        told = {"id": id_, "event": event, "contact": {"email": email}, "data": data}
        answer = http.post("/v1/events", json={"events": [told]}, headers=KEY)
        assert answer.json() == {"accepted": 1, "rejected": []}
    arrives(mailbox, email, f"Seen order-of-{word}")


def arrives(mailbox: Running, email: str, what: str) -> Mail:
    """A mail to an address with something in its subject or its text."""

    def look() -> Mail | None:
        for mail in mails(mailbox.folder):
            if email in mail.header("To") and (what in mail.subject or what in text_of(mail)):
                return mail
        return None

    return eventually(look)


def text_of(mail: Mail) -> str:
    return str(mail.parsed().get_body(("plain",)).get_content())


def kept_of(stall: Path, email: str) -> tuple[str, list[bytes]]:
    """The id of an address; all that is sealed of it, its data key in the clear, the salts of evidence."""
    settings = read_settings(stall)
    keys = read_keys(settings, stall).consent
    with closing(open_reader(consent_place(stall, settings), keys, clock=wall_clock)) as service:
        rows = service.read(lambda reading: reading.conn.execute(select(subjects)).all())
        vault = service.parts.vault
        (mine,) = [one for one in rows if vault.open_address(one.id, one.wrapped, one.address) == email]
        kept = select(evidence.c.row, evidence.c.sealed).where(evidence.c.subject == mine.id)
        rows = service.read(lambda reading: reading.conn.execute(kept).all())
        salts = [vault.open_salted(mine.id, mine.wrapped, one.row, one.sealed)[0] for one in rows]
        own = vault._unwrapped(mine.id, mine.wrapped)
    sealed = [bytes(one.sealed) for one in rows]
    return mine.id, [bytes(mine.wrapped), bytes(mine.address), bytes(mine.lookup), own, *salts, *sealed]


def forms_of(text: str) -> Iterable[bytes]:
    """A text as it may stand in a file: in any case, as UTF-16, in base64 wherever it begins, percent-encoded
    and quoted-printable."""
    for spelled in dict.fromkeys((text, text.lower(), text.upper())):
        plain = spelled.encode()
        yield plain
        yield spelled.encode("utf-16-le")
        yield spelled.encode("utf-16-be")
        yield quote(spelled, safe="").encode()
        yield plain.replace(b"@", b"=40")
        for before in range(3):  # what stands beside it decides its first and last letters
            coded = base64.b64encode(bytes(before) + plain).rstrip(b"=")
            yield coded[2 * before : -2]


def needles_of(texts: Iterable[str], kept: Iterable[bytes]) -> Mapping[bytes, str]:
    """What to search for, and what to call it."""
    found = {form: text for text in texts for form in forms_of(text)}
    for one in kept:
        found |= {one: f"sealed {one.hex()[:16]}", one.hex().encode(): f"hex of {one.hex()[:16]}"}
    return found


def found_in(files: Iterable[Path], kept: Iterable[bytes], traces: Iterable[str]) -> set[str]:
    """The names of files in which something stands, and what."""
    wanted = needles_of(traces, kept)
    found = set()
    for path in files:
        if path.is_file():
            held = path.read_bytes()
            found |= {f"{name} in {path.name}" for needle, name in wanted.items() if needle in held}
    return found


def rows_of(stall: Path, contact: str) -> tuple[int, int, int]:
    """Events, journeys and lines of the journal of somebody."""
    with open_records(engine_place(stall, read_settings(stall))) as records:
        journeys = [one for one in records.journeys() if one.contact == contact]
        return len(records.events_of(contact)), len(journeys), len(records.lines(contact))
