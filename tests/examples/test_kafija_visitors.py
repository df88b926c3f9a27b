"""Ninety days of the coffee shop: real purchases, and people who behave as the published figures say."""

import importlib.util
import re
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from virta.visitors import (
    Act,
    Bounces,
    Chooses,
    Clicks,
    Complains,
    Confirms,
    Event,
    Opens,
    Sets,
    SignsUp,
    Withdraws,
    read_acts,
)

KAFIJA = Path(__file__).parents[2] / "examples" / "kafija"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FIRST_DAY = date(2026, 1, 5)
ZONES = {"Europe/Riga", "Europe/Helsinki", "Asia/Tashkent", "Europe/London", "America/New_York"}


@pytest.fixture(scope="module")
def visitors() -> ModuleType:
    """The example's own package, loaded from its folder as `python -m visitors` would."""
    folder = KAFIJA / "visitors"
    spec = importlib.util.spec_from_file_location(
        "visitors", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
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


def sample() -> list[tuple[int, date, int, Decimal]]:
    """Customer, date, pieces and dollars, read without the code under test."""
    rows = [line.split() for line in (KAFIJA / "data" / "cdnow_sample.txt").read_text().splitlines()]
    return [
        (int(row[1]), datetime.strptime(row[2], "%Y%m%d").date(), int(row[3]), Decimal(row[4]))
        for row in rows
    ]


def events(acts: list[Act], name: str) -> list[Event]:
    return [act for act in acts if isinstance(act, Event) and act.event == name]


def homes(acts: list[Act]) -> dict[str, list[tuple[int, str]]]:
    """Everybody's time zones, each with the moment from which the shop knows it."""
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for act in acts:
        if isinstance(act, SignsUp | Sets) and "time_zone" in act.attributes:
            found[act.email].append((act.at, act.attributes["time_zone"]))
    return found


def day_of(order: Event) -> date:
    happened = order.at if order.happened is None else order.happened
    return datetime.fromtimestamp(happened / 1000, UTC).date()


def test_the_purchases_are_those_of_the_sample(acts: list[Act]) -> None:
    """Customer by customer: the same days 28 years later, or 29 for newcomers, the same pieces and sums; what
    was bought after the 90 days is left out. Dates may differ by one: people live all around the earth."""
    found = defaultdict(list)
    for order in events(acts, "order_placed"):
        pieces = sum(item["quantity"] for item in order.data["items"])
        found[int(order.email[9:13])].append((day_of(order), pieces, Decimal(order.data["total"]["amount"])))
    expected = defaultdict(list)
    for customer, day, pieces, total in sample():
        later = timedelta(weeks=1461 + (52 if customer % 20 < 9 else 0))
        if day + later < FIRST_DAY + timedelta(days=90):
            expected[customer].append((day + later, pieces, total))
    assert found.keys() == expected.keys()
    for customer, orders in expected.items():
        assert Counter(order[1:] for order in orders) == Counter(order[1:] for order in found[customer])
        for real, ours in zip(sorted(orders), sorted(found[customer]), strict=True):
            assert abs(real[0] - ours[0]) <= timedelta(days=1)


def test_many_buy_for_the_first_time_and_others_are_known(acts: list[Act]) -> None:
    """A thousand first orders in the 90 days; as many people with orders of before, and anniversaries."""
    now = {order.email for order in events(acts, "order_placed") if order.happened is None}
    before = {order.email for order in events(acts, "order_placed") if order.happened is not None}
    assert len(now - before) > 900
    assert len(before) > 1_100
    assert len(now & before) > 150
    told = [
        act.attributes["first_order_on"]
        for act in acts
        if isinstance(act, Sets) and "first_order_on" in act.attributes
    ]
    assert sum("2025-01-05" <= day < "2025-04-05" for day in told) > 1_000


def test_history_arrives_when_the_shop_connects(acts: list[Act]) -> None:
    """On the first morning, and it happened before that."""
    told = [order for order in events(acts, "order_placed") if order.happened is not None]
    assert {order.at for order in told} == {min(act.at for act in acts if isinstance(act, Event))}
    assert all(order.happened is not None and order.happened < order.at for order in told)


def test_there_are_enough_people_and_acts(acts: list[Act]) -> None:
    """Over 2,000 people, some of whom never buy; 30,000 to 45,000 acts in 90 days."""
    buyers = {order.email for order in events(acts, "order_placed")}
    everyone = {act.email for act in acts}
    assert len(everyone) > 2_500
    assert len(everyone - buyers) > 400
    assert 30_000 < len(acts) < 45_000
    assert acts[-1].at - acts[0].at < 90 * DAY


def test_whatever_is_bought_lay_in_a_cart_and_adds_up(acts: list[Act]) -> None:
    """Pieces times price, to the cent, in one currency; carts too; ids are unique."""
    named = [act.id for act in acts if isinstance(act, Event)]
    assert len(named) == len(set(named))
    carts = {cart.data["cart_id"]: cart for cart in reversed(events(acts, "cart_updated"))}
    for order in events(acts, "order_placed"):
        if order.happened is None:
            cart = carts[order.data["order_id"]]
            assert (cart.email, cart.data["items"]) == (order.email, order.data["items"])
            assert cart.at == order.at - 30 * MINUTE
    both = [(e.data["items"], e.data["total"]) for e in events(acts, "order_placed")]
    both += [(e.data["items"], e.data["cart_total"]) for e in events(acts, "cart_updated")]
    for items, total in both:
        assert sum(item["quantity"] * Decimal(item["price"]["amount"]) for item in items) == Decimal(
            total["amount"]
        )
        assert {item["price"]["currency"] for item in items} | {total["currency"]} == {"EUR"}


def test_parcels_leave_and_arrive_in_this_order(acts: list[Act]) -> None:
    """Every order of the first two months is shipped, then delivered, within three weeks."""
    when = {
        (e.event, e.data["order_id"]): e.at for e in acts if isinstance(e, Event) and "order_id" in e.data
    }
    orders = [order for order in events(acts, "order_placed") if order.happened is None]
    early = [order for order in orders if order.at < acts[0].at + 60 * DAY]
    assert len(early) > 800
    for order in early:
        id_ = order.data["order_id"]
        assert order.at < when["order_shipped", id_] < when["order_delivered", id_] < order.at + 21 * DAY


def test_everyone_confirms_after_signing_up_and_before_buying(acts: list[Act]) -> None:
    """Within two hours; nobody twice. Newcomers with a form buy after it."""
    signed_up = {act.email: act.at for act in acts if isinstance(act, SignsUp)}
    confirmed = {act.email: act.at for act in acts if isinstance(act, Confirms)}
    assert len(signed_up) == sum(isinstance(act, SignsUp) for act in acts)
    assert confirmed.keys() < signed_up.keys()
    assert all(0 < at - signed_up[email] <= 2 * HOUR for email, at in confirmed.items())
    known = {order.email for order in events(acts, "order_placed") if order.happened is not None}
    newcomers = confirmed.keys() - known
    for order in events(acts, "order_placed"):
        assert order.email not in newcomers or order.at > confirmed[order.email]


def test_acts_are_in_order_on_half_hours_of_peoples_own_day(acts: list[Act]) -> None:
    """Sorted; 07:00 to 22:00 on the clock of the person, or of the shop, which sends parcels and tells."""
    assert all(a.at <= b.at for a, b in pairwise(acts))
    zones = homes(acts)
    assert {zone for known in zones.values() for _, zone in known} == ZONES
    for act in acts:
        assert act.at % (30 * MINUTE) == 0
        if isinstance(act, Event) and act.event not in ("order_shipped", "order_placed", "cart_updated"):
            local = {
                datetime.fromtimestamp(act.at / 1000, ZoneInfo(zone)).time().isoformat("minutes")
                for _, zone in zones[act.email]
            }
            assert any("07:00" <= time <= "22:00" for time in local)


def test_moments_are_shared(acts: list[Act]) -> None:
    """Three in four acts happen together with others of their kind."""
    together = Counter((act.at, type(act)) for act in acts)
    assert sum(count for count in together.values() if count > 1) > 0.75 * len(acts)


def share(of: Any, among: Any) -> float:
    return len(of) / len(among)


def test_people_behave_as_the_figures_say(visitors: ModuleType, acts: list[Act]) -> None:
    """The shares come out as `rates` has them, within what chance allows."""
    rates = sys.modules["visitors.rates"]
    people = [act for act in acts if isinstance(act, SignsUp)]
    confirmed = [act for act in acts if isinstance(act, Confirms)]
    assert share(confirmed, people) == pytest.approx(rates.CONFIRMS, abs=0.03)
    carts = {cart.data["cart_id"] for cart in events(acts, "cart_updated")}
    bought = {order.data["order_id"] for order in events(acts, "order_placed")}
    assert share(carts - bought, carts) == pytest.approx(rates.CART_ABANDONED, abs=0.02)
    emptied = [cart for cart in events(acts, "cart_updated") if not cart.data["items"]]
    assert share(emptied, carts - bought) == pytest.approx(rates.CART_EMPTIED, abs=0.01)
    named = [person for person in people if "first_name" in person.attributes]
    assert share(named, people) == pytest.approx(rates.TELLS_FIRST_NAME, abs=0.03)
    born = [person for person in people if "birthday" in person.attributes]
    assert share(born, people) == pytest.approx(rates.TELLS_BIRTHDAY, abs=0.04)
    gone = [act for act in acts if isinstance(act, Withdraws)]
    assert share(gone, confirmed) == pytest.approx(rates.of_people(rates.UNSUBSCRIBES), abs=0.025)


def test_every_rate_is_named_with_its_source(visitors: ModuleType) -> None:
    """The table beside the data has all of them, with the values that are used."""
    rates = sys.modules["visitors.rates"]
    page = (KAFIJA / "data" / "README.md").read_text("utf-8")
    told: dict[str, str] = {}
    for names, values, source in re.findall(r"^\| (`[A-Z_`, ]+`) \| (.+?) \| (.+) \|$", page, re.MULTILINE):
        assert source
        named = re.findall(r"[A-Z_]+", names)
        shown = values.split(", ") if "%" in values and ", " in values else [values] * len(named)
        told |= dict(zip(named, shown, strict=True))
    used = {name: getattr(rates, name) for name in vars(rates) if name.isupper()}
    assert told.keys() == used.keys()
    for name, value in used.items():
        if isinstance(value, tuple):
            assert told[name].startswith(f"{min(value)} to {max(value)}")
            average = re.search(r"([\d.]+) on average", told[name])
            assert average is None or float(average[1]) == pytest.approx(sum(value) / len(value))
        elif isinstance(value, float):
            assert float(told[name].removesuffix(" %")) == pytest.approx(100 * value)
        else:
            assert told[name] == str(value)


def test_languages_and_topics_vary(acts: list[Act]) -> None:
    """Latvian first; nobody wants nothing; what may be agreed to beside the topics is refused more often."""
    people = [act for act in acts if isinstance(act, SignsUp)]
    languages = Counter(person.language for person in people)
    assert [language for language, _ in languages.most_common()] == ["lv", "fi", "en", "uz"]
    assert min(languages.values()) > 200
    assert all(person.topics for person in people)
    assert {topic for person in people for topic in person.topics} == {
        *("news", "offers", "guide"),
        *("personalisation", "measurement"),
    }


def test_purposes_are_agreed_to_by_fewer_than_half(visitors: ModuleType, acts: list[Act]) -> None:
    """Each box by itself: a quarter of those who tick one tick none of the other."""
    rates = sys.modules["visitors.rates"]
    people = [act for act in acts if isinstance(act, SignsUp)]
    for purpose, expected in (
        ("personalisation", rates.AGREES_TO_PERSONALISATION),
        ("measurement", rates.AGREES_TO_MEASUREMENT),
    ):
        agreed = [person for person in people if purpose in person.topics]
        assert share(agreed, people) == pytest.approx(expected, abs=0.03)
    both = [person for person in people if {"personalisation", "measurement"} <= set(person.topics)]
    assert 0.1 < share(both, people) < 0.25


def test_only_who_agreed_to_it_is_measured(acts: list[Act]) -> None:
    """Opens and clicks come from confirmed people with that box; a click comes with an open of the mail."""
    measured = {act.email for act in acts if isinstance(act, SignsUp) and "measurement" in act.topics}
    confirmed = {act.email: act.at for act in acts if isinstance(act, Confirms)}
    opened = {(act.email, act.at, act.step) for act in acts if isinstance(act, Opens)}
    clicked = {(act.email, act.at, act.step) for act in acts if isinstance(act, Clicks)}
    assert len(opened) > 2_000
    assert clicked < opened
    assert 0.05 < len(clicked) / len(opened) < 0.15
    for email, at, step in opened:
        assert email in measured
        assert at > confirmed[email]
        assert step


def test_what_is_opened_is_a_step_of_the_flows(acts: list[Act]) -> None:
    """Nobody waits for a mail that no flow sends, and every mail has somebody who is ready to open it."""
    flows = "".join(path.read_text("utf-8") for path in (KAFIJA / "flows").iterdir())
    sent = set(re.findall(r"^ +send (\w+)", flows, re.MULTILINE))
    opened = {act.step for act in acts if isinstance(act, Opens)}
    assert opened == sent


def test_some_open_nearly_all_and_some_hardly_any(acts: list[Act]) -> None:
    """The published share is an average over very different people."""
    rate = Counter(act.email for act in acts if isinstance(act, Opens) and act.step == "our_story")
    people = {a.email for a in acts if isinstance(a, SignsUp) and {"measurement", "news"} <= set(a.topics)}
    confirmed = {act.email for act in acts if isinstance(act, Confirms)} & people
    assert 0.45 < len(rate) / len(confirmed) < 0.6
    welcome = {act.email for act in acts if isinstance(act, Opens) and act.step == "welcome_gift"}
    assert len(welcome & rate.keys()) > 1.15 * len(welcome) * len(rate) / len(confirmed)


def test_answers_come_after_the_parcel(visitors: ModuleType, acts: list[Act]) -> None:
    """Surveys, reviews and goods sent back, each in its share; only what was bad is sent back."""
    rates = sys.modules["visitors.rates"]
    delivered = {event.data["order_id"]: event.at for event in events(acts, "order_delivered")}
    early = {id_ for id_, at in delivered.items() if at < acts[0].at + 60 * DAY}
    for name, expected in (("survey_answered", rates.ANSWERS_SURVEY), ("order_refunded", rates.REFUNDED)):
        answers = events(acts, name)
        assert all(answer.at > delivered[answer.data["order_id"]] for answer in answers)
        known = {answer.data["order_id"] for answer in answers} & early
        assert share(known, early) == pytest.approx(expected, abs=0.025)
    reviews = events(acts, "review_submitted")
    assert 0.008 < len(reviews) / len(delivered) < rates.REVIEWS_WHEN_ASKED
    assert all(1 <= review.data["rating"] <= 5 for review in reviews)


def test_a_few_want_less_or_complain(acts: list[Act]) -> None:
    """Fewer mails, pauses, spam reports, full and missing mailboxes: each happens, none often."""
    counts = Counter(type(act) for act in acts)
    assert 10 < counts[Chooses] < 100
    assert 0 < counts[Complains] < 15
    kinds = Counter(act.kind for act in acts if isinstance(act, Bounces))
    assert 0 < kinds["hard"] < kinds["soft"] < 100
    moved = [act for act in acts if isinstance(act, Sets) and act.attributes.keys() == {"time_zone"}]
    assert 5 < len(moved) < 60


def test_a_person_does_not_depend_on_the_others(visitors: ModuleType, acts: list[Act]) -> None:
    """Made alone, somebody does exactly what they do among all."""
    for person in visitors.people()[::500]:
        alone = sorted(visitors.life(person), key=lambda act: (act.at, str(act)))
        among = sorted((a for a in acts if a.email == person.email), key=lambda act: (act.at, str(act)))
        assert alone == among


def test_the_same_people_come_every_time(visitors: ModuleType, acts: list[Act], tmp_path: Path) -> None:
    """Two runs agree, and so does the file that a replay reads."""
    command = importlib.import_module("visitors.__main__")
    file = tmp_path / "visitors.jsonl"
    assert command.main([str(file)]) == 0
    assert list(read_acts(file)) == acts


def test_without_a_file_name_it_says_how_to_call_it(
    visitors: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2 and a line of usage."""
    command = importlib.import_module("visitors.__main__")
    assert command.main([]) == 2
    assert "usage: python -m visitors FILE.jsonl" in capsys.readouterr().err
