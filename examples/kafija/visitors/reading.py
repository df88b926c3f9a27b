"""What people do with the mails that they get: open, follow a link, mark as spam; or the mail comes back.

Which mails go out is for the flows and the gate to say. So each person tries to open what may have come:
where it has not, nothing happens, and the replay counts it.
"""

from collections.abc import Iterator
from random import Random

from virta.visitors import Act, Bounces, Clicks, Complains, Confirms, Opens

from . import rates
from .agreeing import agreeing, signing_up
from .person import Person
from .shopping import shopping
from .subscribing import subscribing
from .timetable import DAY, HOUR, LAST_MOMENT, next_moment

# What may come after something has happened: the steps of the flows, and how long after it.
_LETTERS: dict[str, tuple[tuple[str, int], ...]] = {
    "confirmed news": (
        ("welcome_gift", 0),
        ("our_story", 2 * DAY),
        ("better_cups", 4 * DAY),
        ("what_others_drink", 4 * DAY),
        ("first_order_offer", 6 * DAY),
    ),
    "confirmed guide": (
        ("guide_beans", 0),
        ("guide_water", 3 * DAY),
        ("guide_grind", 7 * DAY),
        ("guide_first_bag", 12 * DAY),
    ),
    "cart_updated": (
        ("cart_reminder", HOUR),
        ("cart_reviews", DAY + HOUR),
        ("cart_free_shipping", 2 * DAY + HOUR),
        ("cart_ten_percent", 2 * DAY + HOUR),
    ),
    "order_placed": (("order_confirmation", 0),),
    "order_shipped": (("order_on_its_way", 0),),
    "order_delivered": (
        ("order_arrived", 0),
        ("survey", 3 * DAY),
        ("brewing_tips", 7 * DAY),
        ("review_request", 14 * DAY),
    ),
    "subscription_started": (
        ("subscription_begins", 0),
        ("subscription_brewing", 3 * DAY),
        ("subscription_roasters", 7 * DAY),
        ("subscription_questions", 14 * DAY),
        ("subscription_month", 30 * DAY),
    ),
}

_HOURS_UNREAD = (1, 1, 2, 3, 5, 8, 12, 24)


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
    occasions = [(confirmed, f"confirmed {topic}") for topic in topics]
    occasions += [(event.at, event.event) for event in subscribing(person)]
    bought = {event.data["order_id"] for event in shopping(person) if event.event == "order_placed"}
    for event in shopping(person):
        left_alone = event.event != "cart_updated" or (
            event.data["items"] and event.data["cart_id"] not in bought
        )
        if event.at > confirmed and left_alone:
            occasions.append((event.at, event.event))
    for at, occasion in occasions:
        for step, after in _LETTERS.get(occasion, ()):
            yield at + after, step
