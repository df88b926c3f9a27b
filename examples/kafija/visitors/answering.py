"""What comes back after a parcel: answers to the survey, reviews, goods that are returned."""

from collections.abc import Iterator
from typing import Any

from virta.visitors import Event

from . import rates
from .agreeing import signing_up
from .person import Person
from .shopping import order_data, shopping
from .timetable import DAY, HOUR, LAST_MOMENT, next_moment

_SURVEY_AFTER, _REVIEW_AFTER = 3, 14
"""Days after the delivery on which the flows ask."""

_SCORES = (5, 5, 5, 5, 4, 4, 4, 3, 2, 1)
_WORDS = {
    "lv": {True: "Ļoti garšīga kafija, pasūtīšu vēl.", False: "Par skābu manai gaumei."},
    "fi": {True: "Todella hyvää kahvia, tilaan lisää.", False: "Liian hapokasta minulle."},
    "en": {True: "Lovely coffee, I will order again.", False: "Too sour for me."},
    "uz": {True: "Juda mazali qahva, yana buyurtma beraman.", False: "Men uchun juda nordon ekan."},
}


def answering(person: Person) -> Iterator[Event]:
    """For each parcel that arrived within the 90 days."""
    form = signing_up(person)
    asked = form is not None and form.confirmed and "news" in form.topics
    orders = {
        order_data(person, purchase, number)["order_id"]: order_data(person, purchase, number)
        for number, purchase in enumerate(person.purchases, start=1)
    }
    for delivered in shopping(person):
        if delivered.event == "order_delivered":
            order = orders[delivered.data["order_id"]]
            for act in _after(person, delivered.at, order, asked):
                if act.at <= LAST_MOMENT:
                    yield act


def _after(person: Person, delivered: int, order: dict[str, Any], asked: bool) -> Iterator[Event]:
    id_ = str(order["order_id"])
    chance = person.chance(f"after parcel {id_}")

    def days_later(days: int) -> int:
        return next_moment(delivered + days * DAY + chance.randrange(1, 10) * HOUR, person.zone)

    score = chance.choice(_SCORES)
    words = _WORDS[person.language][score >= 4]
    answered, early, late, returned = (
        days_later(_SURVEY_AFTER + chance.randrange(3)),
        days_later(chance.randrange(2, 12)),
        days_later(_REVIEW_AFTER + 1 + chance.randrange(4)),
        days_later(chance.randrange(3, 14)),
    )
    if chance.random() < rates.ANSWERS_SURVEY:
        data = {"order_id": id_, "score": score, "comment": words if chance.random() < 0.4 else ""}
        yield Event(answered, person.email, f"survey-{id_}", "survey_answered", data)
    dice = chance.random()
    if dice < rates.REVIEWS_UNASKED or (asked and dice < rates.REVIEWS_WHEN_ASKED):
        at = early if dice < rates.REVIEWS_UNASKED else late
        sku = order["items"][0]["sku"]
        data = {"order_id": id_, "sku": sku, "rating": score, "body": words}
        yield Event(at, person.email, f"review-{id_}", "review_submitted", data)
    if score <= 2 and chance.random() < rates.REFUNDED / _share_of_bad_scores():
        yield Event(
            returned,
            person.email,
            f"refund-{id_}",
            "order_refunded",
            {"order_id": id_, "total": order["total"]},
        )


def _share_of_bad_scores() -> float:
    return sum(score <= 2 for score in _SCORES) / len(_SCORES)
