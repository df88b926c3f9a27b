"""The coffee shop's project, compiled once and ready to run, and its letters."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from dsl.compile import Compiled, Project, compile_project
from dsl.graph import Money
from engine.core.loaded import Loaded
from engine.mail.letters import Letters
from engine.mail.measured import Marks
from virta.mailing import letters_of
from virta.settings import Settings, read_settings

KAFIJA = Path(__file__).parents[2] / "examples" / "kafija"
LANGUAGES = ("en", "lv", "fi", "uz")
MARKS = Marks("https://mail.kafija.example", b"a key for tests")

ITEMS = (
    {"name": "Rīts espresso, 250 g", "quantity": Decimal(2), "price": Money(Decimal("21.11"), "EUR")},
    {"name": "Porcelain dripper", "quantity": Decimal(1), "price": Money(Decimal("21.12"), "EUR")},
)
TOTAL = Money(Decimal("63.34"), "EUR")
MUCH: dict[str, dict[str, Any]] = {
    "attributes": {"first_name": "Līga"},
    "trigger": {
        "order_id": "K0002-1",
        "total": TOTAL,
        "items": ITEMS,
        "plan": "250 g × 2",
        "first_bag": date(2026, 3, 10),
        "price": Money(Decimal("11.90"), "EUR"),
    },
    "values": {
        "code": "LABRIT-7KQ4MX",
        "code_until": 1_774_000_000_000,
        "items": ITEMS,
        "total": TOTAL,
        "years": Decimal(2),
        "parcels": Decimal(7),
        "tracking": "https://carrier.example/t/123",
    },
}
LITTLE: dict[str, dict[str, Any]] = {
    "attributes": {},
    "trigger": {"order_id": "1"},
    "values": {"code": "A-2", "years": Decimal(1), "parcels": Decimal(1)},
}
"""What is known when a mail is written: much, and little."""


@lru_cache(maxsize=1)
def settings() -> Settings:
    """What virta.toml says."""
    return read_settings(KAFIJA)


@lru_cache(maxsize=1)
def compiled() -> Compiled:
    """All flows and templates, with whatever the compiler has to say of them."""

    def read(paths: Iterable[Path]) -> tuple[tuple[str, bytes], ...]:
        return tuple((path.relative_to(KAFIJA).as_posix(), path.read_bytes()) for path in sorted(paths))

    found = settings()
    return compile_project(
        Project(
            files=read(KAFIJA.rglob("*.flow")),
            templates=read((KAFIJA / "templates").iterdir()),
            languages=found.languages,
            currency=found.currency,
            time_zone=found.time_zone,
            today=date(2026, 3, 1),
        )
    )


@lru_cache(maxsize=1)
def loaded() -> Loaded:
    """The flows, ready to run."""
    program = compiled().program
    assert program is not None
    return Loaded(program, (), settings().time_zone, b"a key for tests", settings().currency)


@lru_cache(maxsize=1)
def letters() -> Letters:
    """The templates, ready to be written."""
    return letters_of(compiled(), settings(), MARKS)
