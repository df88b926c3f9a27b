"""The coffee stall after a few days: its stores kept, four people in them."""

import json
from pathlib import Path

from stall import make_stall

from virta.command import run

DAY = "2026-03-02T"


def _act(do: str, at: str, who: str, **more: object) -> str:
    return json.dumps({"do": do, "at": f"{DAY}{at}:00+02:00", "email": f"{who}@example.com", **more})


def _order(at: str, who: str, id_: str, amount: str) -> str:
    data = {"order_id": id_, "total": {"amount": amount, "currency": "EUR"}}
    return _act("event", at, who, id=id_, event="order_placed", data=data)


ACTS = [
    *(
        _act("sign_up", "09:00", who, language="en", topics=["news"], attributes={"first_name": who.title()})
        for who in ("anna", "berta", "carl", "dora")
    ),
    *(_act("confirm", "09:30", who) for who in ("anna", "berta", "carl")),
    _order("12:00", "anna", "o-1", "4.50"),
    _order("12:00", "dora", "o-2", "7.00"),
    _act("event", "12:30", "dora", id="c-1", event="cart_updated", data={"cart_id": "c-1"}),
    _act("withdraw", "13:00", "berta"),
]
"""Anna buys, Berta withdraws, Carl waits, Dora buys and never confirms."""


def play(folder: Path, days_after: int = 1) -> Path:
    """The stall's folder, with stores in which Carl stands at the wait for an order (unless more than three
    days pass)."""
    stall = make_stall(folder)
    acts = folder.parent / f"{folder.name}.jsonl"
    acts.write_text("\n".join(ACTS) + "\n", "utf-8")
    words = ["simulate", str(stall), "--visitors", str(acts), "--days-after", str(days_after), "--keep"]
    assert run(words) == 0
    return stall
