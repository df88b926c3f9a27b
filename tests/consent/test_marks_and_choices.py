"""Three events that change no state by themselves: a choice of topics, a mark on an address, and its end."""

import json

import pytest
from tampered import Export

from consent.contract import Reason, Visit
from consent.proof.failure import Failure

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"


def about(world, subject):
    """The leaves about a subject, in order."""
    lines = map(json.loads, Export(world).lines("leaves.jsonl"))
    return [leaf for leaf in lines if leaf["subject"] == subject]


async def choose(world, subject, *topics):
    """The preferences page, saved; the types of the leaves that came of it."""
    before = len(world.types())
    await world.client.choose(world.preferences_token(subject), topics, "", Visit("192.0.2.7"))
    return world.types()[before:]


async def test_a_choice_of_topics_is_told_once_behind_what_it_did(world, tmp_path):
    """Leaving one, and asking for another; saving the page as it is tells nothing."""
    anna = await world.join(ANNA)
    assert await choose(world, anna, "newsletter") == []
    assert await choose(world, anna, "newsletter", "offers") == [
        "requested",
        "proof_mail.queued",
        "topic.changed",
    ]
    assert await choose(world, anna) == ["withdrawn", "withdrawn", "topic.changed"]
    assert await choose(world, anna) == []
    told = [leaf for leaf in about(world, anna) if leaf["type"] == "topic.changed"]
    assert [(leaf["actor"], leaf["purpose"], leaf["from"], leaf["to"]) for leaf in told] == [
        ("subject:preferences", "", "", "")
    ] * 2
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""


async def test_a_mark_is_told_just_before_the_erasure_and_its_end_by_a_confirmation(world, tmp_path):
    """The two leaves are about two subjects, and nothing in the log leads from one to the other."""
    anna = await world.join(ANNA)
    await world.client.erase(anna, "operator")
    assert [leaf["type"] for leaf in about(world, anna)][-2:] == ["suppressed", "erasure.requested"]
    again = await world.subject(ANNA)
    assert again != anna
    assert (await world.client.decide([world.ask(again)]))[0].reason is Reason.SUPPRESSED
    await world.join(ANNA)
    back = about(world, again)
    assert [leaf["type"] for leaf in back if leaf["type"] in ("confirmed", "released")] == [
        "confirmed",
        "released",
    ]
    assert back[-1]["actor"] == "subject:link"
    assert not any(anna in json.dumps(leaf) for leaf in back)
    assert world.count("suppressions") == 0
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""


async def test_whoever_was_never_marked_is_not_released(world):
    """A confirmation says nothing of marks, unless it ends one."""
    await world.join(ANNA)
    await world.client.erase(await world.subject(ANNA), "operator")
    await world.join("berta@kafija.example")
    assert "released" not in world.types()


@pytest.mark.parametrize("kind", ["topic.changed", "suppressed", "released", "link.fetched"])
async def test_none_of_them_moves_a_state(world, kind, tmp_path):
    """A verifier takes none for a step, and lets none pass that claims to be one."""
    await world.client.withdraw(world.unsubscribe_token(await world.join(ANNA)), "page", False, Visit())
    export = Export(world)
    place = export.find("withdrawn")
    export.change_leaf(place, type=kind)
    export.sign_anew()
    assert export.failure() is Failure.TRANSITION
    assert export.second(tmp_path) == "transition"
