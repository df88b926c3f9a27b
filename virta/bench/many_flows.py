"""A project of many flows of forty lines, each with four mails of its own, no two alike."""

from pathlib import Path

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
