"""A small project as an editor has it, for tests of the language server's features."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lsprotocol.types import Position

from virta.language_server.snapshot import Snapshot
from virta.language_server.workspace import Workspace

CURSOR = "▮"
SETTINGS = """\
name = "Stall"
time_zone = "Europe/Riga"
currency = "EUR"
languages = ["en", "lv"]

[sender]
name = "Stall"
address = "hello@stall.example"
imprint = "Stall, Market 1"

[controller]
name = "Stall"
address = "Market 1"
contact = "privacy@stall.example"

[purposes.measurement]
title = "Measuring"
consent = "You may count what I open."
"""
SCHEMA = """\
use shop

contact
    first_name   text
    plan         one of "free", "pro"

event tasting_booked
    seats        number

topic news "News"
    for marketing
    consent "I want news."

segment regulars "Regulars"
    count of order_placed >= 3

coupon ten "Ten"
    10% off
    code "TEN-{random 8}"

webhook crm
    url "https://crm.example/hook"
    secret env CRM_SECRET
"""
FLOW = """\
flow thanks "Thanks"
    topic news
    start on order_placed where total > 5 EUR
    leave on order_refunded where order_id is trigger.order_id

    send hello with sum_paid trigger.total
    wait 2 days
    if clicked hello
        finish as keen
    split offer
        50% plain
            send hello as second
        50% money
            send gift with code coupon ten
"""
SCENARIO = """\
scenario "somebody buys"
    flow thanks
    choose money of offer
    contact
        agreed to news
        plan "pro"
    at 2026-03-02 10:00 order_placed with total 20 EUR, order_id "1"
    expect send hello
    after 2 days expect send gift
    expect arm money of offer
"""
MAIL = """\
---
subject: Hello, {{{{ contact.first_name | default("friend") }}}}
---
<p>{more}</p>
<p><a href="{{{{ links.unsubscribe }}}}">Unsubscribe</a></p>
<p>{{{{ sender.imprint }}}}</p>
"""
WORDS = """\
[news]
title = "Jaunumi"
consent = "Vēlos jaunumus."

[measurement]
title = "Mērīšana"
consent = "Drīkst skaitīt, ko es atveru."
"""
FILES = {
    "virta.toml": SETTINGS,
    "words/lv.toml": WORDS,
    "schema.flow": SCHEMA,
    "flows/thanks.flow": FLOW,
    "scenarios/thanks.flow": SCENARIO,
    "templates/hello.html": MAIL.format(more="Order {{ trigger.order_id }}"),
    "templates/hello.lv.html": MAIL.format(more="Paldies!"),
    "templates/gift.html": MAIL.format(more="{{ code }}"),
    "templates/gift.lv.html": MAIL.format(more="{{ code }}"),
}


@dataclass(frozen=True)
class Edited:
    """A project with an editor's cursor in one of its files."""

    folder: Path
    snapshot: Snapshot
    file: str
    position: Position


def edited_project(folder: Path, file: str = "flows/thanks.flow", text: str = FLOW) -> Edited:
    """The small project on the disk, with `text` shown for a file; the cursor stands at the mark `▮`."""
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, "utf-8")
    before, _, _ = text.partition(CURSOR)
    line = before.count("\n")
    last = before.rsplit("\n", 1)[-1]
    workspace = Workspace(lambda zone: date(2026, 3, 1))
    workspace.set_text(folder / file, text.replace(CURSOR, ""))
    position = Position(line, len(last.encode("utf-16-le")) // 2)
    return Edited(folder, workspace.snapshot(folder), file, position)


def marked(text: str, words: str) -> str:
    """A text with the cursor at the sign `▮` in these words of it, which stand there without the sign."""
    plain = words.replace(CURSOR, "")
    assert text.count(plain) == 1, f"{plain!r} stands {text.count(plain)} times in the text"
    return text.replace(plain, words)
