"""What `virta check` costs: a project of a hundred flows of forty lines, each with mails of its own.

    python bench/check.py [FLOWS]

Prints CPU time of `virta --help` and of a check in a fresh process, beside an empty Python in the same run,
and what a key costs in an editor: the check that follows it, and the names that are offered after it.
The flows and mails are made here, no two alike; what was checked is counted, or nothing is printed."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from lsprotocol.types import Position

from virta.language_server.completion import complete
from virta.language_server.findings import diagnostics
from virta.language_server.workspace import Workspace

ROUNDS = 5
SETTINGS = """\
name = "Many flows"
url = "https://mail.shop.example"
time_zone = "Europe/Riga"
currency = "EUR"
languages = ["en"]

[controller]
name = "Shop"
address = "Main street 1, Riga"
contact = "privacy@shop.example"

[sender]
name = "Shop"
address = "hello@shop.example"
imprint = "Shop, Main street 1, Riga"
"""
SCHEMA = """\
use shop

contact
    first_name text
    birthday date
    city text
    visits number

topic news "News"
    for marketing
    consent "I want news."

coupon ten "Ten per cent"
    10% off
    valid 7 days
    code "TEN-{random 8}"

segment regulars "Regulars"
    count of order_placed in last 180 days >= 3
"""
FLOW = """\
flow flow_{n} "Flow {n}"
    topic news
    start on order_placed where total > {n} EUR and items.category contains "kind {n}"
    enter again after 90 days
    leave on order_refunded where order_id is trigger.order_id
    goal order_placed where total > 10 EUR within 60 days
    quiet 21:00 to 08:00

    # what everybody gets
    wait 1 hour
    send thanks_{n} with total trigger.total, items trigger.items
    wait 2 days at 10:00
    if count of order_placed in last 365 days is 1
        send first_{n}
        wait 3 days
        if contact.city is "Riga" and contact.visits > 3
            add tag "riga {n}"
        else
            wait 1 day
    else if in segment regulars
        add tag "regular"
        wait 2 days
    else
        wait 1 day
    wait for product_viewed where category is "kind {n}" up to 14 days
        on product_viewed
            wait 1 day at 10:00
            set contact.city to unknown
        on timeout
            finish as silent
    wait 3 days at 09:00
    split offer
        50% words
            wait 1 day
            remove tag "riga {n}"
        40% money
            send money_{n} with code coupon ten
        10% control
    wait until any order_placed since entry up to 10 days
        on met
            finish as bought
    wait 1 day
    send last_{n}
"""
MAIL = """\
---
subject: {title} of {n}, {{{{ contact.first_name | default("friend") }}}}
preheader: What there is for you this week
---
{{% extends "_layout.html" %}}
{{% block body %}}
<h1 style="font-size:24px">{title}, {{{{ contact.first_name | default("friend") }}}}!</h1>
<p>You have been with us since {{{{ contact.created_at | date }}}}, and this is number {n}.</p>
{more}
<p><a href="https://shop.example/kind/{n}">See what is new</a></p>
{{% endblock %}}
"""
MORE = {
    "thanks": "<p>{{ total | money }}</p>{% for item in items %}"
    "<p>{{ item.name }}: {{ item.price | money }}</p>{% endfor %}",
    "money": "<p>Your code: <b>{{ code }}</b></p>",
}
LAYOUT = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title><style>a { color: #146 }</style></head>
<body style="margin:0">
<div style="display:none">{{ preheader }}</div>
<table role="presentation" width="100%"><tr><td align="center">
<table role="presentation" width="600"><tr><td style="padding:24px">
<img src="https://shop.example/logo.png" alt="Shop" width="120" height="40">
{% block body %}{% endblock %}
</td></tr><tr><td style="padding:24px; font-size:13px">
<p>{{ sender.imprint }}</p>
<p><a href="{{ links.unsubscribe }}">Unsubscribe</a> · <a href="{{ links.preferences }}">Preferences</a></p>
</td></tr></table></td></tr></table>
</body></html>
"""
NAMES = ("thanks", "first", "money", "last")


def make(folder: Path, flows: int) -> None:
    """The project, as files."""
    (folder / "templates").mkdir()
    (folder / "flows").mkdir()
    (folder / "virta.toml").write_text(SETTINGS)
    (folder / "schema.flow").write_text(SCHEMA)
    (folder / "templates" / "_layout.html").write_text(LAYOUT)
    for n in range(flows):
        (folder / "flows" / f"flow_{n}.flow").write_text(FLOW.format(n=n))
        for name in NAMES:
            text = MAIL.format(title=name.title(), n=n, more=MORE.get(name, "<p>Nothing more.</p>"))
            (folder / "templates" / f"{name}_{n}.html").write_text(text)


def cpu(command: Sequence[str]) -> float:
    """Seconds of CPU that a command costs, the best of some rounds."""
    found = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def keys(folder: Path) -> tuple[float, float]:
    """Seconds of CPU that a check after one more key in a flow costs, and what is offered there; the best of
    some rounds, behind a first check."""
    path = folder / "flows" / "flow_0.flow"
    text = path.read_text()
    editor = Workspace(lambda zone: date(2026, 1, 1))
    checks, offers = [], []
    for number in range(ROUNDS + 1):
        begin = time.process_time()
        editor.set_text(path, f"{text}    wait {number + 1} days\n    send wrong_{number}\n")
        found = diagnostics(editor.snapshot(folder))
        checks.append(time.process_time() - begin)
        if [each.code for each in found["flows/flow_0.flow"]] != ["E501"]:
            raise SystemExit(f"Something else was found than the template that is not there: {found}")
        begin = time.process_time()
        editor.set_text(path, f"{text}    wait {number + 1} days\n    send \n")
        offered = complete(
            editor.snapshot(folder), "flows/flow_0.flow", Position(len(text.splitlines()) + 1, 9)
        )
        offers.append(time.process_time() - begin)
        if "thanks_0" not in {each.label for each in offered}:
            raise SystemExit("The mails of the project were not offered.")
    return min(checks[1:]), min(offers[1:])


def main() -> None:
    flows = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    virta = str(Path(sys.executable).with_name("virta"))
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as small:
        make(Path(name), flows)
        make(Path(small), 1)
        said = subprocess.run([virta, "check", name], capture_output=True, text=True, check=True).stdout
        expected = f"Nothing to mend. Flows: {flows}, templates: {flows * len(NAMES)}.\n"
        if said != expected:
            raise SystemExit(f"The project was not checked as a whole: {said}")
        lines = len(FLOW.splitlines())
        bare = cpu([sys.executable, "-c", "pass"])
        overview = cpu([virta, "--help"])
        start = cpu([virta, "check", small])
        whole = cpu([virta, "check", name])
        check, offer = keys(Path(name))
    print(f"empty Python            {bare:.3f} s")
    print(f"virta --help            {overview:.3f} s")
    print(f"virta check, one flow   {start:.3f} s")
    print(f"virta check, {flows} flows of {lines} lines, {flows * len(NAMES)} templates")
    print(f"                        {whole:.3f} s, {whole - start:.3f} s after start")
    print(f"checked again after a key in one of them   {check:.3f} s")
    print(f"names offered after that key               {offer:.3f} s")


if __name__ == "__main__":
    main()
