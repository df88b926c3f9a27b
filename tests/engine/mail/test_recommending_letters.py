"""Letters that recommend products, with reasons in the reader's language."""

import re
from decimal import Decimal

import pytest
from person import MONDAY
from written_letter import BODY, DECISION, letters

from dsl.graph import Money
from engine.core.bundle import replace
from engine.people.catalogue import Catalogue

SHELF = (
    "{% for product in recommend(3) %}<p>{{ product.name }}|{{ product.reason }}|"
    "{% if product.price %}{{ product.price | money }}{% endif %}</p>{% else %}<p>nothing</p>{% endfor %}"
)


def shop() -> Catalogue:
    """Five orders of espresso with filters, and a mug that one person looked at."""
    made = Catalogue()
    facts = {sku: {"sku": sku, "name": sku.title(), "url": f"https://kafija.example/{sku}"} for sku in "abc"}
    price = {"price": Money(Decimal("9.9"), "EUR")}
    for _ in range(5):
        made.learn("order_placed", {"items": [facts["a"] | price, facts["b"]]}, MONDAY)
    made.learn("product_viewed", facts["c"], MONDAY)
    return made


@pytest.mark.parametrize(
    ("variant", "language", "lines"),
    [
        ("personalised", "en", ["C|You had a look at it|", "B|Often bought together with A|"]),
        ("personalised", "lv", ["C|Tu to nesen apskatīji|", "B|Bieži pērk kopā ar „A”|"]),
        ("plain", "en", ["A|Liked by many this month|€9.90", "B|Liked by many this month|"]),
        ("plain", "uz", ["A|Bu oy ko‘pchilikka yoqdi|9,90\u00a0€", "B|Bu oy ko‘pchilikka yoqdi|"]),
    ],
)
def test_a_mail_recommends_with_reasons_in_its_language(
    variant: str, language: str, lines: list[str]
) -> None:
    """By what the person viewed and bought, or for the plain variant by what many like; in both parts."""
    made = letters(
        ("en", "lv", "uz"), catalogue=shop(), **dict.fromkeys(("tips", "tips__lv", "tips__uz"), SHELF)
    )
    body = replace(BODY, attributes={"language": language}, viewed=("c",), bought=("a",))
    found = made.letter(body, replace(DECISION, variant=variant))
    assert found.text.strip().split("\n\n") == lines
    assert re.findall("<p>(.*?)</p>", found.html) == lines


def test_a_language_without_reasons_shows_the_products_all_the_same() -> None:
    """The reason is empty there; a mail that shows it goes as any other."""
    text = "{% for product in recommend(1) %}<p>{{ product.name }}|{{ product.reason }}</p>{% endfor %}"
    made = letters(("de",), catalogue=shop(), tips=text)
    assert made.letter(BODY, replace(DECISION, variant="plain")).text == "A|\n"


def test_what_started_the_journey_is_not_offered_again() -> None:
    """Nor is anything made up where nothing can be recommended."""
    made = letters(catalogue=shop(), tips=SHELF)
    plain = replace(DECISION, variant="plain")
    trigger = {"order_id": "1", "items": [{"sku": "a"}]}
    assert made.letter(replace(BODY, trigger=trigger), plain).text == "B|Liked by many this month|\n"
    assert letters(tips=SHELF).letter(BODY, plain).text == "nothing\n"
