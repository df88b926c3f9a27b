"""Recommendations through the whole of Virta: from the shop's events to the mail in the mailbox."""

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from stall import make_stall
from test_simulate import in_mailbox, simulate

PURPOSE = """
[purposes.personalisation]
title = "Personal recommendations"
consent = "The stall may use what I look at and buy to recommend things to me."
"""
FLOW = """
flow picked
    topic news
    start on order_placed
    wait 1 day
    send picked
"""
MAIL = """---
subject: Picked
---
{% for product in recommend(3) %}<p>{{ product.name }}: {{ product.reason }}</p>{% endfor %}
<p><a href="{{ links.unsubscribe }}">Unsubscribe</a> {{ sender.imprint }}</p>
"""


def item(sku: str) -> dict[str, str]:
    return {"sku": sku, "name": sku.title(), "url": f"https://stall.example/{sku}"}


def act(do: str, at: str, who: str, **more: object) -> str:
    return json.dumps({"do": do, "at": f"2026-03-02T{at}:00+02:00", "email": f"{who}@example.com", **more})


def happened(at: str, who: str, event: str, **data: object) -> str:
    return act("event", at, who, id=f"{event}-{at}-{who}", event=event, data=data)


def test_a_mail_goes_by_what_its_reader_did_only_if_that_was_agreed_to(tmp_path: Path) -> None:
    """Anna agreed: what she looked at, and what goes with what she bought. Berta sees what many like."""
    stall = make_stall(tmp_path / "stall")
    with (stall / "virta.toml").open("a", encoding="utf-8") as file:
        file.write(PURPOSE)
    (stall / "flows" / "picked.flow").write_text(FLOW, "utf-8")
    (stall / "templates" / "picked.html").write_text(MAIL, "utf-8")
    acts = [
        act("sign_up", "08:00", "anna", language="en", topics=["news", "personalisation"]),
        act("sign_up", "08:00", "berta", language="en", topics=["news"]),
        act("confirm", "08:10", "anna"),
        act("confirm", "08:10", "berta"),
    ]
    for number in range(9):  # strangers, who set the fashion
        items = [item("beans"), item("filters")] if number < 3 else [item("cups")]
        acts.append(
            happened(f"09:0{number}", f"guest{number}", "order_placed", order_id=f"g{number}", items=items)
        )
    people = ("anna", "berta")
    acts += [happened("10:00", who, "product_viewed", **item("kettle")) for who in people]
    acts += [happened("11:00", who, "order_placed", order_id=who, items=[item("beans")]) for who in people]
    path = tmp_path / "acts.jsonl"
    path.write_text("\n".join(acts) + "\n", "utf-8")
    assert simulate(stall, path, "--keep") == 0

    said: dict[str, list[str]] = {}
    for recipient, _, content in in_mailbox(stall):
        mail = message_from_bytes(content, EmailMessage, policy=policy.default)
        if mail["Subject"] == "Picked":
            part = mail.get_body(("plain",))
            assert part is not None
            said[recipient] = [line for line in part.get_content().splitlines() if line][:-1]
    assert said == {
        "anna@example.com": [
            "Kettle: You had a look at it",
            "Filters: Often bought together with Beans",
            "Cups: Liked by many this month",
        ],
        "berta@example.com": ["Cups: Liked by many this month"],
    }
