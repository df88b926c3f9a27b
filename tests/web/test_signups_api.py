"""`POST /v1/signups`."""

import dataclasses

import pytest
from house import KEY, OFFERS, POLICY, House
from msgspec.structs import replace

from consent.times import Times

pytestmark = pytest.mark.anyio


async def post(house: House, **wish: object):
    """Sign up by the API."""
    return await house.http.post("/v1/signups", json=wish, headers={"Authorization": f"Bearer {KEY}"})


async def test_a_sign_up_queues_a_proof_mail_and_agrees_to_nothing(house: House):
    """In the language given, else in the project's."""
    answer = await post(
        house, email="anna@example.com", topics=["newsletter"], language="lv", form="footer-2026"
    )
    assert (answer.status_code, answer.json()) == (202, {"accepted": True})
    await post(house, email="berta@example.com", topics=["offers", "offers"])
    proofs = await house.consent.proofs()
    assert sorted(proof.language for proof in proofs) == ["en", "lv"]
    for proof in proofs:
        assert "active" not in (await house.states(proof.ask.subject)).values()


async def test_the_answer_is_the_same_byte_for_byte_whoever_it_is_for(house: House):
    """New, waiting, signed up, withdrawn or refused: nobody learns who is on the list."""
    names = await house.of_each_kind()
    answers = [await post(house, email=f"{name}@example.com", topics=["newsletter"]) for name in names]
    assert {answer.status_code for answer in answers} == {202}
    assert {answer.content for answer in answers} == {b'{"accepted":true}'}
    assert len({tuple(answer.headers.multi_items()) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ({"email": "nobody"}, 422, "invalid_address", "`email` is no e-mail address: "),
        ({"email": ""}, 422, "invalid_address", "`email` is no e-mail address: "),
        ({"email": 1}, 400, "wrong_shape", "`email` must be text, not a number."),
        ({"topics": ["news"]}, 422, "unknown_topic", "`news` is no topic that people can sign up for."),
        ({"topics": ["orders"]}, 422, "unknown_topic", "`orders` is no topic that people can sign up for."),
        ({"topics": []}, 400, "wrong_shape", "`topics` is empty; name at least one."),
        ({"topics": "offers"}, 400, "wrong_shape", "`topics` must be a list, not text."),
        ({"topics": [1]}, 400, "wrong_shape", "`topics[0]` must be text, not a number."),
        ({"language": "xx"}, 422, "unknown_language", "there are en, lv, fi, uz."),
        ({"form": "x" * 201}, 400, "wrong_shape", "`form` is longer than 200 characters."),
        ({"confirmed": True}, 400, "wrong_shape", "The body has a field `confirmed` that is not known"),
    ],
)
async def test_a_wish_that_cannot_be_met_says_why(house, change, status, code, words):
    """And records nothing."""
    before = house.everything_stored()
    answer = await post(house, **{"email": "anna@example.com", "topics": ["newsletter"]} | change)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert words in answer.json()["error"]["message"]
    assert house.everything_stored() == before


async def test_a_purpose_beside_the_topics_is_no_topic_to_sign_up_for(house: House):
    """Alone it is refused, and nothing is recorded; with a topic it is asked for in the same mail."""
    beside = replace(OFFERS, topic="measurement")
    await house.consent.publish(replace(POLICY, purposes=(*POLICY.purposes, beside)))
    answer = await post(house, email="anna@example.com", topics=["measurement"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unknown_topic")
    assert "`measurement` is no topic that mails are about" in answer.json()["error"]["message"]
    assert await house.consent.proofs() == []
    answer = await post(house, email="anna@example.com", topics=["measurement", "offers"])
    assert answer.status_code == 202
    [proof] = await house.consent.proofs()
    assert len(proof.wording) == 2


async def test_where_there_is_a_minimum_age_a_sign_up_says_the_age(house: House):
    """By the country's own, or by the highest where no country is said; of who is too young nothing is
    stored."""
    times = Times(minimum_age={"LV": 13, "": 16})
    house.service.parts = dataclasses.replace(house.service.parts, times=times)
    wish = {"email": "anna@example.com", "topics": ["newsletter"]}
    without = await post(house, **wish)
    assert without.status_code == 400
    assert "`age`" in without.json()["error"]["message"]
    answers = [await post(house, **wish, **more) for more in ({"age": 15}, {"age": 12, "country": "LV"})]
    assert house.rows("SELECT * FROM subjects") == []
    answers.append(await post(house, **wish, age=13, country="LV"))
    assert len(house.rows("SELECT * FROM subjects")) == 1
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b'{"accepted":true}')}
    for wrong in ({"age": -1}, {"age": 200}, {"age": 20, "country": "Latvia"}):
        assert (await post(house, **wish, **wrong)).status_code == 400
