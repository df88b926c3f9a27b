"""The customers of the coffee shop are those of the sample, 28 years later."""

import importlib.util
import sys
from collections import Counter
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest

from virta.visitors import Act, Confirms, Event, SignsUp, Withdraws, read_acts

KAFIJA = Path(__file__).parents[2] / "examples" / "kafija"
RIGA = ZoneInfo("Europe/Riga")
HOUR = 3_600_000


@pytest.fixture(scope="module")
def visitors() -> ModuleType:
    """The example's own script, loaded from its folder as `python visitors.py` would."""
    spec = importlib.util.spec_from_file_location("kafija_visitors", KAFIJA / "visitors.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def acts(visitors: ModuleType) -> list[Act]:
    everything: list[Act] = visitors.acts()
    return everything


def sample() -> list[tuple[int, datetime, int, Decimal]]:
    """Customer, date, pieces and dollars, read without the code under test."""
    rows = [line.split() for line in (KAFIJA / "data" / "cdnow_sample.txt").read_text().splitlines()]
    return [(int(row[1]), datetime.strptime(row[2], "%Y%m%d"), int(row[3]), Decimal(row[4])) for row in rows]


def orders(acts: list[Act]) -> list[Event]:
    return [act for act in acts if isinstance(act, Event)]


def local(act: Act) -> datetime:
    return datetime.fromtimestamp(act.at / 1000, RIGA)


def test_everyone_signs_up_confirms_and_buys_in_this_order(acts: list[Act]) -> None:
    """2,357 people; each confirms within hours and buys later."""
    signed_up = {act.email: act.at for act in acts if isinstance(act, SignsUp)}
    confirmed = {act.email: act.at for act in acts if isinstance(act, Confirms)}
    bought: dict[str, int] = {}
    for order in orders(acts):
        bought.setdefault(order.email, order.at)
    assert len(signed_up) == 2_357 == sum(isinstance(act, SignsUp) for act in acts)
    assert signed_up.keys() == confirmed.keys() == bought.keys()
    for email, at in signed_up.items():
        assert 0 < confirmed[email] - at <= 4 * HOUR
        assert confirmed[email] < bought[email]


def test_the_purchases_are_those_of_the_sample(acts: list[Act]) -> None:
    """Customer by customer: the same days 28 years later, the same pieces, the same sums."""
    expected = Counter(
        (customer, day.replace(year=day.year + 28), pieces, sum_) for customer, day, pieces, sum_ in sample()
    )
    found = Counter(
        (
            int(order.email[9:13]),
            local(order).replace(hour=0, minute=0, tzinfo=None),
            sum(item["quantity"] for item in order.data["items"]),
            Decimal(order.data["total"]["amount"]),
        )
        for order in orders(acts)
    )
    assert found.total() == 6_919
    assert found == expected


def test_weekdays_stay(acts: list[Act]) -> None:
    """As many orders on each weekday as in the sample."""
    assert Counter(local(order).weekday() for order in orders(acts)) == Counter(
        day.weekday() for _, day, _, _ in sample()
    )


def test_the_items_add_up_to_the_total_in_euros(acts: list[Act]) -> None:
    """Pieces times price, to the cent, in one currency."""
    for order in orders(acts):
        items = order.data["items"]
        assert sum(item["quantity"] * Decimal(item["price"]["amount"]) for item in items) == Decimal(
            order.data["total"]["amount"]
        )
        assert {item["price"]["currency"] for item in items} == {order.data["total"]["currency"]} == {"EUR"}


def test_no_two_orders_share_a_name_or_a_moment_of_one_person(acts: list[Act]) -> None:
    """Ids and order numbers are unique, and a person buys one thing after the other."""
    found = orders(acts)
    assert len({order.id for order in found}) == len({order.data["order_id"] for order in found}) == 6_919
    assert len({(order.email, order.at) for order in found}) == 6_919


def test_acts_are_in_order_and_on_even_open_hours(acts: list[Act]) -> None:
    """Sorted; 08:00 to 22:00 in Riga, every second full hour."""
    assert all(a.at <= b.at for a, b in pairwise(acts))
    for act in acts:
        assert 8 * 60 <= local(act).hour * 60 + local(act).minute <= 22 * 60
        assert local(act).hour % 2 == 0
        assert act.at % HOUR == 0


def test_a_few_withdraw_after_a_welcome_mail_came(acts: list[Act]) -> None:
    """About four in a hundred, once each, at least three days after they confirmed."""
    confirmed = {act.email: act.at for act in acts if isinstance(act, Confirms)}
    withdrawn = [act for act in acts if isinstance(act, Withdraws)]
    assert 0.03 < len(withdrawn) / 2_357 < 0.05
    assert len({act.email for act in withdrawn}) == len(withdrawn)
    assert all(act.at - confirmed[act.email] > 72 * HOUR for act in withdrawn)


def test_languages_names_and_topics_vary(acts: list[Act]) -> None:
    """Half write Latvian; one in seven gives no name; one in four wants no offers; all want news."""
    people = [act for act in acts if isinstance(act, SignsUp)]
    languages = Counter(person.language for person in people)
    assert languages.keys() == {"lv", "en", "fi"}
    assert 0.49 < languages["lv"] / 2_357 < 0.51
    assert sum("first_name" not in person.attributes for person in people) == 2_357 // 7
    assert sum("offers" not in person.topics for person in people) == 2_357 // 4
    assert all("news" in person.topics for person in people)


def test_the_same_people_come_every_time(visitors: ModuleType, acts: list[Act], tmp_path: Path) -> None:
    """Two runs agree, and so does the file that a replay reads."""
    assert visitors.acts() == acts
    file = tmp_path / "visitors.jsonl"
    assert visitors.main([str(file)]) == 0
    assert list(read_acts(file)) == acts


def test_without_a_file_name_it_says_how_to_call_it(
    visitors: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a line of usage."""
    assert visitors.main([]) == 2
    assert "usage: python visitors.py FILE.jsonl" in capsys.readouterr().err
