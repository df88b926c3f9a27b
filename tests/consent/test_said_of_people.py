"""What operators say on behalf of people is heard, or refused aloud."""

import pytest

from consent.contract import Heard, Reason

pytestmark = pytest.mark.anyio


async def test_a_topic_that_nobody_has_is_refused_by_name(world):
    """A slip of the pen withdraws nothing, and says which topics there are."""
    anna = await world.join("anna@kafija.example")
    with pytest.raises(ValueError, match=r"no topic `news_letter`; there are .*newsletter"):
        await world.client.record(anna, "withdrawn", "operator", "news_letter")
    assert (await world.send(world.ask(anna))).permits
    assert await world.client.record(anna, "withdrawn", "operator", "newsletter") is Heard.NEW
    assert not (await world.send(world.ask(anna))).permits


@pytest.mark.parametrize("what", ["withdrawn", "objected.marketing", "restricted"])
async def test_what_people_want_stopped_counts_though_their_key_is_damaged(world, what):
    """What was said cannot be kept as evidence then; that they said it stands in the log."""
    anna = await world.join("anna@kafija.example")
    world.damage("wrapped", b"\0" * 60, anna)
    assert await world.client.record(anna, what, "operator:rights_request") is Heard.NEW
    [decision] = await world.client.decide([world.ask(anna)])
    word = {"objected.marketing": Reason.OBJECTED}.get(what)
    assert decision.reason is (word or Reason(what))
