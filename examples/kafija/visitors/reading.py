"""What people do with the mails that they get: open, follow a link, mark as spam; or the mail comes back.

Which mails go out is for the flows and the gate to say. So each person tries to open what may have come:
where it has not, nothing happens, and the replay counts it.
"""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import NamedTuple

from virta.visitors import Act, Bounces, Clicks, Complains, Confirms, Opens

from . import rates
from .agreeing import agreeing, signing_up
from .person import Person
from .shopping import PRICES, shopping
from .subscribing import subscribing
from .timetable import DAY, DAYS, FIRST_DAY, HOUR, LAST_MOMENT, next_moment


class Letter(NamedTuple):
    """A step of a flow, the topic that it is sent on, and how long after its occasion it comes at most."""

    step: str
    topic: str
    after: int


_LETTERS = {
    "confirmed news": (Letter("welcome_gift", "news", 0), Letter("our_story", "news", 3 * DAY)),
    "new and has bought": (Letter("better_cups", "news", 5 * DAY),),
    "new and has not bought": (
        Letter("what_others_drink", "news", 5 * DAY),
        Letter("first_order_offer", "offers", 7 * DAY),
    ),
    "confirmed guide": (
        Letter("guide_water", "guide", 0),
        Letter("guide_grind", "guide", 4 * DAY),
        Letter("guide_beans", "guide", 8 * DAY),
        Letter("guide_first_bag", "guide", 13 * DAY),
    ),
    "looked": (Letter("shop_favourites", "offers", 2 * DAY),),
    "looked, personalised": (Letter("picked_for_you", "offers", 2 * DAY),),
    "left a cart": (
        Letter("cart_reminder", "offers", 2 * HOUR),
        Letter("cart_reviews", "offers", DAY + 2 * HOUR),
        # One of the two: which, is for the flow to choose.
        Letter("cart_free_shipping", "offers", 2 * DAY + 2 * HOUR),
        Letter("cart_ten_percent", "offers", 2 * DAY + 2 * HOUR),
    ),
    "order_placed": (Letter("order_confirmation", "orders", 0),),
    "order_shipped": (Letter("order_on_its_way", "orders", 0),),
    "order_delivered": (
        Letter("order_arrived", "orders", 0),
        Letter("survey", "news", 3 * DAY),
        Letter("brewing_tips", "news", 8 * DAY),
        Letter("review_request", "news", 15 * DAY),
    ),
    "subscription_started": (
        Letter("subscription_begins", "subscription", 0),
        Letter("subscription_changes", "subscription", 4 * DAY),
        Letter("subscription_brewing", "news", 8 * DAY),
        Letter("subscription_roasters", "news", 15 * DAY),
        Letter("subscription_month", "news", 31 * DAY),
    ),
    "silent": (
        Letter("we_miss_you", "news", 10 * HOUR),
        Letter("fewer_letters", "news", 8 * DAY),
        Letter("last_letter", "news", 15 * DAY),
    ),
    "looked at prices": (
        Letter("subscription_questions", "offers", 3 * HOUR),
        Letter("subscription_half_bag", "offers", 4 * DAY),
    ),
    "among the best": (Letter("best_customer", "offers", 7 * DAY),),
    "birthday": (
        Letter("birthday_gift", "offers", 10 * HOUR),
        Letter("birthday_reminder", "offers", 11 * DAY),
    ),
    "anniversary": (Letter("anniversary", "offers", 10 * HOUR),),
}

_SERVICE = ("orders", "subscription")
_HOURS_UNREAD = (1, 2, 4, 8, 12, 24, 36)


def reading(person: Person) -> Iterator[Act]:
    """Opens and clicks of someone who agreed to be measured. Some open nearly all, some hardly any."""
    form = signing_up(person)
    if form is None or not form.confirmed or "measurement" not in form.topics:
        return
    chance = person.chance("reading")
    opens = chance.betavariate(2 * rates.OPENS, 2 * (1 - rates.OPENS))
    clicks = opens * rates.CLICKS / rates.OPENS
    for came, step in _may_have_come(person, form.topics):
        dice = chance.random()
        at = next_moment(came + chance.choice(_HOURS_UNREAD) * HOUR, person.zone)
        if dice < opens and at <= LAST_MOMENT:
            yield Opens(at=at, email=person.email, step=step)
            if dice < clicks:
                yield Clicks(at=at, email=person.email, step=step)


def refusing(person: Person) -> Iterator[Act]:
    """Spam reports, and mail that cannot be delivered, about the newest mail of some later day."""
    form = signing_up(person)
    if form is None or not form.confirmed:
        return
    chance = person.chance("refusing")

    def some_day(within: int) -> int:
        return next_moment(person.at(form.day + 1, 0) + chance.randrange(within) * DAY, person.zone)

    spam, soft, hard = some_day(30), some_day(60), some_day(60)
    if _happens(chance, rates.COMPLAINS) and spam <= LAST_MOMENT:
        yield Complains(at=spam, email=person.email)
    if _happens(chance, rates.BOUNCES_SOFT) and soft <= LAST_MOMENT:
        yield Bounces(at=soft, email=person.email, kind="soft")
    if _happens(chance, rates.BOUNCES_HARD) and hard <= LAST_MOMENT:
        yield Bounces(at=hard, email=person.email, kind="hard")


def _happens(chance: Random, share_of_mails: float) -> bool:
    return chance.random() < rates.of_people(share_of_mails)


def _may_have_come(person: Person, topics: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Moments and steps. What happened before the confirmation is left out: nothing of that is measured."""
    confirmed = next(act.at for act in agreeing(person) if isinstance(act, Confirms))
    agreed = {*topics, *_SERVICE}
    for at, occasion in _occasions(person, topics, confirmed):
        for letter in _LETTERS.get(occasion, ()):
            if at >= confirmed and letter.topic in agreed:
                yield at + letter.after, letter.step


def _occasions(person: Person, topics: tuple[str, ...], confirmed: int) -> Iterator[tuple[int, str]]:
    for topic in topics:
        yield confirmed, f"confirmed {topic}"
    bought = any(person.at(day, 0) < confirmed + 4 * DAY for day in person.bought_on())
    yield confirmed, f"new and has {'' if bought else 'not '}bought"
    yield from _in_the_shop(person, "personalisation" in topics)
    for day in person.silent_on():
        yield person.at(day, 0), "silent"
    for day in person.among_the_best_on():
        yield person.at(day, 0), "among the best"
    for day in range(DAYS):
        today = FIRST_DAY + timedelta(days=day)
        if person.birthday and (today.month, today.day) == (person.birthday.month, person.birthday.day):
            yield person.at(day, 0), "birthday"
    if person.purchases and 0 <= person.purchases[0].day + 365 < DAYS:
        yield person.at(person.purchases[0].day + 365, 0), "anniversary"


def _in_the_shop(person: Person, personalised: bool) -> Iterator[tuple[int, str]]:
    """What happened there, and twice what did not: carts that were left, and looks without a cart."""
    events = sorted((*shopping(person), *subscribing(person)), key=lambda event: event.at)
    bought = {event.data["order_id"] for event in events if event.event == "order_placed"}
    filled = [event.at for event in events if event.event == "cart_updated"]
    reminded = prices = 0
    for event in events:
        match event.event:
            case "cart_updated":
                left = event.data["items"] and event.data["cart_id"] not in bought
                if left and event.at >= reminded + 7 * DAY:
                    reminded = event.at
                    yield event.at, "left a cart"
            case "product_viewed":
                if not any(0 <= at - event.at < 2 * DAY for at in filled):
                    yield event.at, "looked, personalised" if personalised else "looked"
            case "page_viewed":
                prices += event.data == PRICES
                if prices == 3 and personalised:  # only then are looks kept, and counted
                    yield event.at, "looked at prices"
            case name:
                yield event.at, name
