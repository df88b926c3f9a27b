"""What the pages say of a topic is what the gate says of it, wherever somebody stands with it."""

import re

import pytest
from house import GIFT, HOUR, POLICY, House, heading, hidden

from consent.contract import ALL_FACTS, Ask, Basis, MailClass, Policy, Purpose
from consent.ledger.policy import publish
from consent.ledger.subjects import load, move
from consent.states import MAY, STOPPED, State, Step

pytestmark = pytest.mark.anyio

SIMILAR = Purpose(
    topic="similar",
    basis=Basis.SOFT_OPT_IN,
    title={"en": "Similar goods"},
    wording={},
    controller="SIA Kafija",
    similar="coffee",
)
WAYS = {
    State.NONE: (),
    State.PENDING: (Step.REQUESTED,),
    State.ACTIVE: (Step.REQUESTED, Step.CONFIRMED),
    State.ATTESTED: (Step.ATTESTED,),
    State.SOFT_ACTIVE: (Step.SOFT_OPT_IN,),
    State.UNPROVEN: (Step.IMPORTED,),
    State.STALE: (Step.ATTESTED, Step.STALE),
    State.TERMINATED: (Step.ATTESTED, Step.TERMINATED),
    State.WITHDRAWN: (Step.ATTESTED, Step.WITHDRAWN),
    State.OBJECTED: (Step.SOFT_OPT_IN, Step.OBJECTED),
    State.REFUSED: (Step.REQUESTED, Step.REFUSED),
    State.EXPIRED: (Step.REQUESTED, Step.EXPIRED),
}
BY_SALE = (State.SOFT_ACTIVE, State.OBJECTED)


@pytest.fixture(params=State, ids=lambda state: state.name.lower())
async def stood(house: House, request) -> tuple[House, str, str, State]:
    """Somebody who stands at a state with one topic, and nowhere else."""
    state: State = request.param
    topic = SIMILAR.topic if state in BY_SALE else "newsletter"
    [subject] = await house.consent.subjects(["anna@example.com"])
    assert subject is not None

    def go(tx):
        publish(tx, Policy((*POLICY.purposes, SIMILAR), POLICY.templates))
        for step in WAYS[state]:
            move(
                tx,
                load(tx, [subject])[subject],
                topic,
                step,
                actor=min(MAY[step]),
                notice=tx.rules.purposes[topic][0],
                expires=tx.now + HOUR if step is Step.REQUESTED else 0,
                facts=ALL_FACTS if step is Step.SOFT_OPT_IN else 0,
            )
        assert load(tx, [subject])[subject].standing(topic).state is state

    house.service.write(go)
    return house, subject, topic, state


async def goes(house: House, subject: str, topic: str) -> bool:
    """Whether the gate lets a mail about the topic go."""
    [decision] = await house.consent.decide(
        [Ask("a" * 32, 1, subject, MailClass.MARKETING, topic, GIFT.digest)]
    )
    return decision.allowed


def ticked(page: str) -> list[str]:
    """The values of the boxes that are ticked."""
    boxes = re.findall(r'<input type="checkbox"[^>]*>', page)
    return [re.search(r'value="(\w+)"', box)[1] for box in boxes if "checked" in box]


async def test_the_page_to_stop_says_stopped_of_what_was_stopped_alone_and_can_stop_all_else(stood):
    """Its one button is there for whoever gets the topic, on whatever basis, and for whoever may be brought
    to it; pressed, it holds, and the page says so from then on."""
    house, subject, topic, state = stood
    link = house.unsubscribe(subject, topic)
    page = (await house.http.get(link)).text
    left = state in STOPPED
    assert ("You no longer get" in heading(page)) is left
    assert ('value="topic"' in page) is not left
    assert ('value="monthly"' in page) is await goes(house, subject, topic)
    answer = await house.http.post(link, data={"stop": "topic"})
    assert heading(answer.text) == "Stopped"
    assert not await goes(house, subject, topic)
    assert "You no longer get" in heading((await house.http.get(link)).text)


async def test_the_page_of_preferences_ticks_what_goes_and_what_waits(stood):
    """And says so in words; the form sent as it came stops nothing that goes."""
    house, subject, topic, state = stood
    link = house.preferences(subject)
    page = (await house.http.get(link)).text
    gets = await goes(house, subject, topic)
    assert ticked(page) == ([topic] if gets or state is State.PENDING else [])
    assert page.count("You get this.") == gets
    assert page.count("Waiting for you") == (state is State.PENDING)
    sent = {**hidden(page), "topic": ticked(page), "language": "en"}
    answer = (await house.http.post(link, data=sent)).text
    assert await goes(house, subject, topic) is gets
    assert answer.count("You get this.") == gets
    assert ("<dt>Stopped</dt>" in answer) is False


async def test_nothing_at_all_holds_on_the_page_of_preferences_as_behind_any_other_link(stood):
    """Pressed once, it has left the topic for good: no import and no sale finds a state to lead out of."""
    house, subject, topic, _ = stood
    await house.http.post(house.preferences(subject), data={"save": "yes", "stop": "all"})
    standings = house.service.read(lambda reading: load(reading, [subject])[subject].standings)
    assert {one: standing.state in STOPPED for one, standing in standings.items()} == {
        "newsletter": True,
        "offers": True,
        "similar": True,
    }
    assert not await goes(house, subject, topic)


async def test_a_box_that_was_not_on_the_page_was_not_left_unticked(stood):
    """A page that was fetched before a topic came says nothing of it."""
    house, subject, topic, _ = stood
    gets = await goes(house, subject, topic)
    data = {"save": "yes", "shown": "offers", "language": "en"}
    assert (await house.http.post(house.preferences(subject), data=data)).status_code == 200
    assert await goes(house, subject, topic) is gets


async def test_the_confirmation_page_answers_for_its_own_topics_wherever_they_stand(stood):
    """Whoever had left, or was told of goods by a sale, can still say yes by it."""
    house, subject, topic, _ = stood
    await house.sign_up("anna@example.com", "offers")
    [(confirm, _)] = await house.mailed()
    assert "Offers" in (await house.http.get(confirm)).text
    gets = await goes(house, subject, topic)
    assert (await house.http.post(confirm)).status_code == 200
    assert await goes(house, subject, "offers")
    assert await goes(house, subject, topic) is gets
