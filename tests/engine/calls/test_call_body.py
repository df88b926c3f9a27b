"""What a call carries (docs/webhooks.md)."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dsl.graph import Money
from engine.calls.call import call_of, in_json
from engine.core.bundle import CallBody

MONDAY = 1_772_434_800_000
KEY, CONTACT, JOURNEY = "1" * 32, "0123456789abcdef0123456789abcdef", "00112233445566778899aabbccddeeff"


def body(**values: Any) -> CallBody:
    return CallBody("abandoned_cart", JOURNEY, "call_crm", MONDAY, "crm", values, ("email",))


def test_the_body_is_the_one_of_the_page() -> None:
    """docs/webhooks.md shows this very call."""
    page = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text("utf-8")
    found = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert found is not None
    shown = json.loads(found[1])
    shown["timestamp"] = "2026-03-02T07:00:00.000Z"
    call = call_of(KEY, CONTACT, body(total=Money(Decimal("49.90"), "EUR")), "anna@example.com")
    assert json.loads(call.body) == shown
    assert (call.id, call.webhook) == (KEY, "crm")


def test_the_address_is_in_it_only_where_it_was_asked_for() -> None:
    """Whoever does not ask does not get it."""
    asked = CallBody("alpha", JOURNEY, "call_1", MONDAY, "crm", {"id": "1042"})
    assert b"anna" not in call_of(KEY, CONTACT, asked, "anna@example.com").body


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        ("Rīga", "Rīga"),
        (True, True),
        (Decimal("3"), 3),
        (Decimal("3.0"), 3),
        (Decimal("2.50"), 2.5),
        (Decimal("1E+3"), 1000),
        (Money(Decimal("49.90"), "EUR"), {"amount": "49.90", "currency": "EUR"}),
        (date(2026, 12, 24), "2026-12-24"),
        (MONDAY, "2026-03-02T07:00:00.000Z"),
        (MONDAY + 5, "2026-03-02T07:00:00.005Z"),
        (
            [{"sku": "A1", "price": Money(Decimal("8.20"), "EUR")}],
            [{"sku": "A1", "price": {"amount": "8.20", "currency": "EUR"}}],
        ),
        (("a", Decimal(1)), ["a", 1]),
    ],
)
def test_values_are_written_as_the_api_takes_them(value: Any, told: Any) -> None:
    """What comes in by it can go out again."""
    found = json.loads(call_of(KEY, CONTACT, body(value=value), "a@example.com").body)["data"]["values"][
        "value"
    ]
    assert found == told
    assert type(found) is type(told)
    assert in_json(None) is None


@pytest.mark.parametrize("moment", [-62_135_596_800_000, 253_402_300_799_999])
def test_a_moment_at_the_ends_of_the_calendar_is_told(moment: int) -> None:
    """Years 1 and 9999."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", in_json(moment))


@pytest.mark.parametrize("moment", [-(2**60), 2**60])
def test_a_moment_beyond_the_calendar_is_unknown(moment: int) -> None:
    """No program could read it."""
    assert in_json(moment) is None
