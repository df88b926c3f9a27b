"""What a mail shows to one person, and the reason beside it."""

from collections import Counter
from collections.abc import Collection
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.graph import Money
from engine.people.catalogue import FORGOTTEN, MONTH, Catalogue, Product
from engine.people.reasons import sentence
from engine.people.recommend import MANY, TOGETHER, Reason, recommend
from engine.people.relearn import relearn
from engine.store.told import Told

DAY = 86_400_000
NOW = 20_600 * DAY
BEANS = ("rits", "vakars", "pupas", "krūze", "filtri", "dzirnavas")


def item(sku: str, **changes: Any) -> dict[str, Any]:
    """An item as the shop's events tell it."""
    price = Money(Decimal("9.90"), "EUR")
    return {"sku": sku, "name": sku.title(), "url": f"https://kafija.example/{sku}", "price": price} | changes


def ordered(catalogue: Catalogue, *skus: str, at: int = NOW, times: int = 1) -> None:
    for _ in range(times):
        catalogue.learn("order_placed", {"order_id": "1", "items": [item(sku) for sku in skus]}, at)


def shown(found: list[Any]) -> list[tuple[str, str]]:
    return [(each.product.sku, each.reason.kind) for each in found]


@pytest.fixture
def catalogue() -> Catalogue:
    """Everything is in the shop; espresso and filters go together, and many like the mug."""
    made = Catalogue()
    for sku in BEANS:
        made.learn("product_viewed", item(sku), NOW - DAY)
    ordered(made, "rits", "filtri", times=TOGETHER)
    ordered(made, "krūze", times=MANY)
    return made


def test_viewed_then_together_then_liked(catalogue: Catalogue) -> None:
    """What the person looked at fills half of the places; then come companions of what was bought."""
    found = recommend(catalogue, 4, NOW, ["vakars", "pupas", "dzirnavas"], ["rits"])
    assert shown(found) == [
        ("vakars", "viewed"),
        ("pupas", "viewed"),
        ("filtri", "together"),
        ("krūze", "liked"),
    ]
    assert found[2].reason.beside == "Rits"


def test_what_else_was_viewed_fills_the_rest(catalogue: Catalogue) -> None:
    """Rather than nothing."""
    found = recommend(catalogue, 5, NOW, ["vakars", "pupas", "dzirnavas", "filtri"], ["krūze"])
    assert [sku for sku, _ in shown(found)] == ["vakars", "pupas", "dzirnavas", "filtri"]


def test_without_consent_only_what_many_like_is_shown(catalogue: Catalogue) -> None:
    """Fewer than asked for, if there are no more."""
    assert shown(recommend(catalogue, 4, NOW)) == [("krūze", "liked")]


def test_a_few_orders_are_not_many_and_not_often() -> None:
    """A reason that would not be true is not given."""
    made = Catalogue()
    ordered(made, "rits", "filtri", times=TOGETHER - 1)
    assert recommend(made, 4, NOW, bought=["rits"]) == []
    ordered(made, "rits", "filtri")
    assert shown(recommend(made, 4, NOW, bought=["rits"])) == [("filtri", "together")]
    assert recommend(made, 4, NOW) == []


def test_what_many_liked_last_month_is_forgotten() -> None:
    """Orders count for thirty days."""
    made = Catalogue()
    ordered(made, "rits", times=MANY)
    assert shown(recommend(made, 4, NOW + 29 * DAY)) == [("rits", "liked")]
    assert recommend(made, 4, NOW + 30 * DAY) == []


def test_a_product_that_cannot_be_shown_is_not_offered() -> None:
    """Its name or page is unknown, its link leads nowhere on the web, or it was not told of for long."""
    made = Catalogue()
    made.learn("product_viewed", {"sku": "a", "name": "A"}, NOW)
    made.learn("product_viewed", {"sku": "b", "url": "https://kafija.example/b"}, NOW)
    made.learn("product_viewed", {"sku": "c", "name": "C", "url": "javascript:alert(1)"}, NOW)
    made.learn("product_viewed", item("d"), NOW - FORGOTTEN - 1)
    made.learn("product_viewed", item("e"), NOW)
    assert shown(recommend(made, 5, NOW, ["a", "b", "c", "d", "e", "unknown"])) == [("e", "viewed")]


def test_the_newest_fact_of_a_product_counts_whenever_it_comes() -> None:
    """Each fact by itself: an event that does not tell the image does not take it away."""
    made = Catalogue()
    made.learn("product_viewed", item("a", name="New", image="https://kafija.example/a.png"), NOW)
    made.learn("cart_updated", {"items": [item("a", name="Old", price=None)]}, NOW - DAY)
    made.learn("order_placed", {"items": [{"sku": "a", "price": Money(Decimal(8), "EUR")}]}, NOW + DAY)
    found = made.product("a")
    assert found is not None
    assert (found.name, found.image, found.price) == (
        "New",
        "https://kafija.example/a.png",
        Money(Decimal(8), "EUR"),
    )


def test_what_was_bought_together_half_a_year_ago_is_forgotten() -> None:
    """By a catalogue that goes on as by one that is learned anew."""
    old, new = Catalogue(), Catalogue()
    ordered(old, "rits", "filtri", at=NOW - 250 * DAY, times=TOGETHER)
    for made in (old, new):
        ordered(made, "rits", "krūze", times=TOGETHER)
    assert NOW - 250 * DAY < Catalogue.counts_from(NOW) <= NOW - FORGOTTEN
    assert old.together("rits", 1) == new.together("rits", 1) == ["krūze"]


def test_a_product_of_which_nothing_is_heard_leaves_the_catalogue() -> None:
    """With the first event of a later day; one that is heard of stays."""
    made = Catalogue()
    for sku in ("old", "kept"):
        made.learn("product_viewed", item(sku), NOW)
    made.learn("cart_updated", {"items": [item("kept")]}, NOW + 100 * DAY)
    assert made.product("old") is not None
    made.learn("product_viewed", item("new"), NOW + FORGOTTEN + DAY)
    assert [made.product(sku) is None for sku in ("old", "kept", "new")] == [True, False, False]


@given(
    st.lists(
        st.tuples(st.integers(0, 80), st.lists(st.sampled_from(BEANS), min_size=1, max_size=4, unique=True)),
        max_size=30,
    ),
    st.lists(st.integers(0, 80), max_size=30),
)
def test_what_is_kept_at_hand_says_what_counting_anew_says(
    orders: list[tuple[int, list[str]]], asked: list[int]
) -> None:
    """Whatever is asked between the orders, on whichever day."""
    made, told = Catalogue(), list[tuple[int, list[str]]]()
    for number, (days, skus) in enumerate(sorted(orders)):
        ordered(made, *skus, at=NOW + days * DAY)
        told.append((days, skus))
        today = max([days, *asked[number : number + 1]])  # nobody asks for a month that is long gone
        month = [each for day, each in told if today - MONTH < day <= today]
        counted = Counter(sku for each in month for sku in each)
        best = sorted(counted, key=lambda sku: (-counted[sku], sku))
        assert made.liked(NOW + today * DAY, 1, 9) == best
        assert made.liked(NOW + today * DAY, 2, 3) == [sku for sku in best if counted[sku] > 1][:3]
        beside = Counter(other for _, each in told if skus[0] in each for other in each if other != skus[0])
        assert made.together(skus[0], 1) == sorted(beside, key=lambda sku: (-beside[sku], sku))


class Kept:
    """Events in order, read in parts."""

    def __init__(self, events: list[Told]) -> None:
        self.events = events

    async def products(self) -> list[Product]:
        return []

    async def told(
        self, kinds: Collection[str], since: int, after: int, until: int, limit: int
    ) -> list[Told]:
        found = [each for each in self.events if after < each.seq <= until and each.at >= since]
        return [each for each in found if each.kind in kinds][:3]


@pytest.mark.anyio
async def test_a_catalogue_is_learned_anew_from_what_is_kept() -> None:
    """All that still counts, up to where the engine had come; it then says what the old one said."""
    data = {"items": [item("rits"), item("filtri")]}
    events = [Told(seq, "order_placed", NOW - seq * DAY, data) for seq in range(1, 9)]
    old, new = Catalogue(), Catalogue()
    for event in events[:7]:
        old.learn(event.kind, event.data, event.at)
    await relearn(new, Kept(events), NOW, 7)
    assert recommend(new, 4, NOW, bought=["rits"]) == recommend(old, 4, NOW, bought=["rits"]) != []
    assert new.liked(NOW, 7, 9) == ["filtri", "rits"]
    assert new.liked(NOW, 8, 9) == []


@pytest.mark.parametrize(
    "data", [{}, {"items": None}, {"items": "beans"}, {"items": [None, 3, {"sku": 7}]}, {"sku": ["a"]}]
)
@pytest.mark.parametrize("kind", ["product_viewed", "cart_updated", "order_placed", "page_viewed"])
def test_an_event_that_names_no_product_teaches_nothing(kind: str, data: dict[str, Any]) -> None:
    """And breaks nothing."""
    made = Catalogue()
    made.learn(kind, data, NOW)
    assert recommend(made, 12, NOW, ["a", "beans"], ["7"]) == []


@given(
    orders=st.lists(st.lists(st.sampled_from(BEANS), min_size=1, max_size=4), max_size=40),
    viewed=st.lists(st.sampled_from(BEANS), unique=True),
    bought=st.lists(st.sampled_from(BEANS), unique=True),
    most=st.integers(1, 12),
)
def test_each_product_once_none_that_was_bought_and_the_same_each_time(
    orders: list[list[str]], viewed: list[str], bought: list[str], most: int
) -> None:
    """Whatever happened in the shop; and two catalogues that learned the same say the same."""
    first, second = Catalogue(), Catalogue()
    for made in (first, second):
        for number, skus in enumerate(orders):
            ordered(made, *skus, at=NOW - number * DAY)
    found = recommend(first, most, NOW, viewed, bought)
    skus = [each.product.sku for each in found]
    assert len(skus) == len(set(skus)) <= most
    assert not set(skus) & set(bought)
    assert recommend(second, most, NOW, viewed, bought) == found


@pytest.mark.parametrize("kind", ["viewed", "together", "liked"])
def test_each_language_has_its_own_sentence(kind: str) -> None:
    """With the name of the other product where one belongs; a language without words has none."""
    reason = Reason(kind, "Rīts {espresso}, 250 g")
    said = {language: sentence(reason, language) for language in ("en", "lv", "fi", "uz")}
    assert len(set(said.values())) == 4
    for words in said.values():
        assert words
        assert ("Rīts {espresso}, 250 g" in words) == (kind == "together")
    assert sentence(reason, "lv-LV") == said["lv"]
    assert sentence(reason, "de") == ""
