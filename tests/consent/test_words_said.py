"""What was said of changed words: in the leaf of the new version, and in force for whoever agreed before."""

import json

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from consent.contract import Reason, Said
from consent.rules import purpose_version
from consent.store.tables import leaves, policies

pytestmark = pytest.mark.anyio
ANNA, BERT = "anna@kafija.example", "bert@kafija.example"


async def say(world, words, means=None, **more):
    """Publish other words for the newsletter, and what is said of them; the version."""
    first, *others = world.policy.purposes
    changed = replace(first, wording={**first.wording, "en": words}, **more)
    said = {"newsletter": Said(means, "maris at shop1", "terminal")} if means else {}
    world.policy = replace(world.policy, purposes=(changed, *others), said=said)
    await world.client.publish(world.policy)
    return purpose_version(changed)


def versions(world):
    """Actor and notice of each leaf about a version of the newsletter's words."""

    def read(reading):
        rows = [
            json.loads(body) for body in reading.conn.scalars(select(leaves.c.body).order_by(leaves.c.seq))
        ]
        return [
            (row["actor"], row["notice"])
            for row in rows
            if row["type"] == "purpose.version" and row["purpose"] == "newsletter"
        ]

    return world.service.read(read)


async def reason(world, subject):
    [decision] = await world.client.decide([world.ask(subject)])
    return decision.reason


@pytest.mark.parametrize(("means", "denied"), [("editorial", None), ("material", Reason.WORDS_CHANGED)])
async def test_the_leaf_says_what_was_said_and_how(world, means, denied):
    """Who said it stands in the policy, whose hash the log has: a leaf names nobody."""
    anna = await world.join(ANNA)
    version = await say(world, "Other words.", means)
    assert versions(world)[-1] == (f"operator:terminal:{means}", version)
    assert await reason(world, anna) is denied
    bodies = world.service.read(lambda reading: reading.conn.scalars(select(policies.c.body)).all())
    assert any(b"maris at shop1" in body for body in bodies)


async def test_words_of_which_nothing_was_said_are_another_agreement(world):
    """As before: a version of its own, by the operator."""
    anna = await world.join(ANNA)
    version = await say(world, "Other words.")
    assert versions(world)[-1] == ("operator", version)
    assert await reason(world, anna) is Reason.WORDS_CHANGED


async def test_what_was_said_outweighs_the_list_of_the_settings(world):
    """For this one change."""
    anna = await world.join(ANNA)
    world.policy = replace(world.policy, editorial=("newsletter",))
    await say(world, "Other words.", "material")
    assert await reason(world, anna) is Reason.WORDS_CHANGED


async def test_publishing_again_writes_nothing(world):
    """As every start does."""
    await say(world, "Other words.", "editorial")
    before = world.types()
    await world.client.publish(world.policy)
    assert world.types() == before


@pytest.mark.parametrize(
    ("means", "denied"), [("editorial", None), ("material", Reason.WORDS_CHANGED), (None, 0)]
)
async def test_words_that_come_back_are_asked_about_like_new_ones(world, means, denied):
    """Whoever agreed to the old ones has agreed to them; of those who agreed in between it was said."""
    [old, *_] = world.policy.purposes
    first = purpose_version(old)
    anna = await world.join(ANNA)
    await say(world, "Other words.", "material")
    bert = await world.join(BERT)
    assert (await reason(world, anna), await reason(world, bert)) == (Reason.WORDS_CHANGED, None)
    count = len(versions(world))
    await say(world, old.wording["en"], means)
    expected = Reason.WORDS_CHANGED if denied == 0 else denied
    assert (await reason(world, anna), await reason(world, bert)) == (None, expected)
    told = [] if means is None else [(f"operator:terminal:{means}", first)]
    assert versions(world)[count:] == told


async def test_words_that_come_back_with_another_title_mean_what_is_said(world):
    """A version that there never was, in words that there were."""
    [old, *_] = world.policy.purposes
    anna = await world.join(ANNA)
    await say(world, "Other words.", "material")
    bert = await world.join(BERT)
    await say(world, old.wording["en"], "editorial", title={"en": "All the news"})
    assert (await reason(world, anna), await reason(world, bert)) == (None, None)
