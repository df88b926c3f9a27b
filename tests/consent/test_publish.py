"""Policies and purposes: versions by hash, published once."""

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consent.contract import Basis, Policy, Purpose
from consent.proof.record import Record, record_bytes
from consent.rules import lay_out, purpose_bytes, purpose_version, words

pytestmark = pytest.mark.anyio


async def test_the_same_policy_twice_changes_nothing(world):
    """No leaf, the same digest."""
    leaves = world.count("leaves")
    digest = await world.client.publish(world.policy)
    assert digest == await world.client.publish(world.policy)
    assert world.count("leaves") == leaves


async def test_a_changed_word_is_a_new_version_and_one_leaf(world):
    """The other purposes keep theirs; going back needs no version again."""
    newsletter, *others = world.policy.purposes
    changed = replace(newsletter, wording={"en": "I want all news by e-mail."})
    before = world.types().count("purpose.version")
    first = await world.client.publish(world.policy)
    assert await world.client.publish(replace(world.policy, purposes=(changed, *others))) != first
    assert await world.client.publish(world.policy) == first
    assert world.types().count("purpose.version") == before + 1
    assert world.types().count("policy.changed") == 3
    assert purpose_version(changed) != purpose_version(newsletter)


async def test_a_policy_survives_a_restart(open_world, tmp_path):
    """It is read back from the store, to the same digest."""
    world = open_world(tmp_path / "consent.db")
    digest = await world.client.publish(world.policy)
    leaves = world.count("leaves")
    world.service.close()
    again = open_world(tmp_path / "consent.db", clock=world.clock)
    assert await again.client.publish(world.policy) == digest
    assert again.count("leaves") == leaves


def test_policies_that_contradict_themselves_are_refused():
    """A topic twice, a cap per fortnight, consent to no words."""
    good = Purpose("news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Kafija SIA")
    for purposes, word in (
        ((good, good), "twice"),
        ((replace(good, cap_count=1, cap_unit="fortnight"),), "fortnight"),
        ((replace(good, cap_count=1, cap_unit="0 days"),), "0 days"),
        ((replace(good, wording={}),), "no words"),
    ):
        with pytest.raises(ValueError, match=word):
            lay_out(Policy(purposes, ()))


def test_a_version_is_the_hash_of_canonical_json():
    """Whoever has the words can compute it."""
    good = Purpose("news", Basis.CONSENT, {"en": "News"}, {"en": "I want news."}, "Kafija SIA")
    assert purpose_bytes(good).startswith(b'{"basis":"consent","cap_count":0,')
    assert purpose_version(good) == hashlib.sha256(purpose_bytes(good)).hexdigest()


def test_words_fall_back_to_the_default_language():
    """And then to any there are."""
    texts = {"en": "News", "lv": "Jaunumi"}
    assert words(texts, "lv", "en") == "Jaunumi"
    assert words(texts, "fi", "en") == "News"
    assert words({"lv": "Jaunumi"}, "fi", "en") == "Jaunumi"
    assert words({}, "fi", "en") == ""


@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 2**53 - 1))
def test_records_are_canonical_json(topic, key, number):
    """The fast encoder gives the bytes that RFC 8785 asks for, whatever the texts."""
    record = Record(
        attempt=1,
        mail_class="marketing",
        consent_seq=number,
        epoch=0,
        key=key,
        measured=False,
        message_id=f"<{key}@{topic}>",
        policy="p",
        purpose="q",
        reason="",
        subject="s",
        template="t",
        topic=topic,
        v=1,
        variant="plain",
        verdict="allow",
    )
    members = {
        "attempt": 1,
        "class": "marketing",
        "consent_seq": number,
        "epoch": 0,
        "key": key,
        "measured": False,
        "message_id": f"<{key}@{topic}>",
        "policy": "p",
        "purpose": "q",
        "reason": "",
        "subject": "s",
        "template": "t",
        "topic": topic,
        "v": 1,
        "variant": "plain",
        "verdict": "allow",
    }
    assert record_bytes(record) == rfc8785.dumps(members)
