"""What comes back after a parcel: answers to the survey, reviews, goods that are returned."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from virta.visitors import Event

from . import rates
from .agreeing import signing_up
from .catalogue import SITE
from .person import Person
from .shopping import order_data, shopping
from .timetable import DAY, HOUR, LAST_MOMENT, next_moment, time_of_day

_SURVEY_AFTER, _REVIEW_AFTER = 3, 15
"""Days after the delivery on which the flows ask."""

_SCORES = (5, 5, 5, 5, 4, 4, 4, 3, 2, 1)
_WORDS = {
    "lv": {True: "Ļoti garšīga kafija, pasūtīšu vēl.", False: "Par skābu manai gaumei."},
    "fi": {True: "Todella hyvää kahvia, tilaan lisää.", False: "Liian hapokasta minulle."},
    "en": {True: "Lovely coffee, I will order again.", False: "Too sour for me."},
    "uz": {True: "Juda mazali qahva, yana buyurtma beraman.", False: "Men uchun juda nordon ekan."},
}


def answering(person: Person) -> Iterator[Event]:
    """For each parcel that arrived within the 90 days; and a few ask us to go on writing."""
    form = signing_up(person)
    asked = form is not None and form.confirmed and "news" in form.topics
    orders = {
        order_data(person, purchase, number)["order_id"]: order_data(person, purchase, number)
        for number, purchase in enumerate(person.purchases, start=1)
    }
    answers = [_stay(person)] if asked else []
    for delivered in shopping(person):
        if delivered.event == "order_delivered":
            order = orders[delivered.data["order_id"]]
            answers.append(_after(person, delivered.at, order, asked))
    yield from (answer for answer in chain.from_iterable(answers) if answer.at <= LAST_MOMENT)


def _stay(person: Person) -> Iterator[Event]:
    """Somebody who has long been silent is asked, and presses the button."""
    chance = person.chance("staying")
    for number, day in enumerate(person.silent_on()):
        at = person.at(day + chance.randrange(9, 15), time_of_day(chance))
        if chance.random() < rates.ASKS_TO_STAY:
            url = f"{SITE}/stay"
            yield Event(at, person.email, f"stay-{person.name}-{number}", "asked_to_stay", {"url": url})


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
