"""Sign-up, proof mails and confirmation."""

import dataclasses

import moved_in
import pytest
from msgspec import ValidationError
from msgspec.structs import replace

from consent.calls import SIGN_UP
from consent.contract import (
    Basis,
    InvalidAddress,
    LinkRefused,
    Outcome,
    Purpose,
    Reason,
    Settlement,
    ShownBox,
    SignUp,
    Visit,
)
from consent.times import HOUR_MS, Times
from consent.wire import MSGPACK, decode, encode

pytestmark = pytest.mark.anyio
HOUR = 3_600_000
DAY = 24 * HOUR


async def standing(world, subject, topic="newsletter"):
    """The reason for which a mail would be denied now."""
    [decision] = await world.client.decide([world.ask(subject, topic)])
    return decision.reason


async def test_one_address_gets_one_proof_mail_however_often_it_is_entered(world):
    """List bombing: hundreds of sign-ups queue one mail and write no more leaves."""
    await world.sign_up("anna@kafija.example")
    leaves = world.count("leaves")
    for _ in range(300):
        await world.sign_up("Anna@kafija.example")
    assert len(await world.client.proofs()) == 1
    assert world.count("leaves") == leaves
    await world.mail_proofs()
    for _ in range(5):
        await world.sign_up("anna@kafija.example")
    assert await world.client.proofs() == []


async def test_cool_downs_grow_from_a_day_to_a_week_to_a_month(world):
    """The second proof mail after 1 day, the third after 7 more, and then every 30."""
    await world.sign_up("anna@kafija.example")
    for wait in (DAY, 7 * DAY, 30 * DAY, 30 * DAY):
        assert len(await world.mail_proofs()) == 1
        world.clock.pass_(wait - 1)
        await world.sign_up("anna@kafija.example")
        assert await world.client.proofs() == []
        world.clock.pass_(1)
        await world.sign_up("anna@kafija.example")
    assert len(await world.mail_proofs()) == 1


async def test_a_topic_added_before_the_mail_has_left_joins_it(world):
    """Both wishes, one mail, one confirmation."""
    await world.sign_up("anna@kafija.example", "newsletter")
    await world.sign_up("anna@kafija.example", "offers")
    [proof] = await world.client.proofs()
    assert len(proof.wording) == 2
    [(confirm, _)] = await world.mail_proofs()
    receipt = await world.client.confirm(confirm, Visit())
    assert receipt.topics == ("newsletter", "offers")


async def test_a_topic_added_during_a_cool_down_waits_for_the_next_mail(world):
    """It is recorded once and comes along when a mail may go again."""
    await world.sign_up("anna@kafija.example", "newsletter")
    await world.mail_proofs()
    for _ in range(3):
        await world.sign_up("anna@kafija.example", "offers")
    assert await world.client.proofs() == []
    assert world.types().count("requested") == 2
    world.clock.pass_(DAY)
    await world.sign_up("anna@kafija.example", "offers")
    [proof] = await world.client.proofs()
    assert proof.wording == ("I want offers by e-mail, at most two a month.",)


async def test_active_and_withdrawn_people_are_answered_alike(world):
    """Nothing is returned for anybody; an active person's topics stay as they are."""
    anna = await world.join("anna@kafija.example")
    bob = await world.join("bob@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(bob), "page", False, Visit())
    for email in ("anna@kafija.example", "bob@kafija.example", "new@kafija.example"):
        assert await world.sign_up(email) is None
    assert {proof.ask.subject for proof in await world.client.proofs()} == {
        bob,
        await world.subject("new@kafija.example"),
    }
    assert await standing(world, anna) is None


async def test_only_a_fresh_confirmation_leads_out_of_withdrawn(world):
    """A new sign-up alone changes nothing; its confirmation does."""
    anna = await world.join("anna@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(anna), "one_click", False, Visit())
    await world.sign_up("anna@kafija.example")
    assert await standing(world, anna) is Reason.WITHDRAWN
    [(confirm, _)] = await world.mail_proofs()
    assert await standing(world, anna) is Reason.WITHDRAWN
    await world.client.confirm(confirm, Visit())
    assert await standing(world, anna) is None


async def test_a_link_confirms_once_only(world):
    """The second press is told so; the consent stands."""
    await world.sign_up("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    receipt = await world.client.confirm(confirm, Visit())
    with pytest.raises(LinkRefused) as fault:
        await world.client.confirm(confirm, Visit())
    assert fault.value.reason == "used"
    assert world.types().count("confirmed") == 1
    assert await standing(world, receipt.subject) is None


async def test_a_link_lapses_after_72_hours(world):
    """Page, press and gate agree on the moment."""
    await world.sign_up("anna@kafija.example")
    anna = await world.subject("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    world.clock.pass_(72 * HOUR - 1)
    assert (await world.client.confirmation(confirm)).valid
    assert await standing(world, anna) is Reason.NOT_CONFIRMED
    world.clock.pass_(1)
    view = await world.client.confirmation(confirm)
    assert (view.valid, view.reason) == (False, "expired")
    assert await standing(world, anna) is Reason.CONFIRMATION_EXPIRED
    with pytest.raises(LinkRefused) as fault:
        await world.client.confirm(confirm, Visit())
    assert fault.value.reason == "expired"


async def test_a_lapsed_wish_is_recorded_as_such_before_the_next(world):
    """The log tells: requested, expired, requested."""
    await world.sign_up("anna@kafija.example")
    await world.mail_proofs()
    world.clock.pass_(4 * DAY)
    await world.sign_up("anna@kafija.example")
    kinds = [kind for kind in world.types() if kind in ("requested", "expired")]
    assert kinds == ["requested", "expired", "requested"]


async def test_refusing_closes_the_request_and_all_others(world):
    """ "This wasn't me": no link works any more, and the longest cool-down begins."""
    await world.sign_up("anna@kafija.example")
    [(first, _)] = await world.mail_proofs()
    world.clock.pass_(DAY)
    await world.sign_up("anna@kafija.example", "offers")
    [(second, refuse)] = await world.mail_proofs()
    await world.client.refuse(refuse, Visit())
    for link in (first, second):
        with pytest.raises(LinkRefused) as fault:
            await world.client.confirm(link, Visit())
        assert fault.value.reason == "used"
    world.clock.pass_(29 * DAY)
    await world.sign_up("anna@kafija.example")
    assert await world.client.proofs() == []
    world.clock.pass_(2 * DAY)
    await world.sign_up("anna@kafija.example")
    assert len(await world.client.proofs()) == 1


async def test_either_link_of_the_mail_refuses_and_one_confirms(world):
    """The link to refuse can do nothing else."""
    await world.sign_up("anna@kafija.example")
    [(confirm, refuse)] = await world.mail_proofs()
    with pytest.raises(LinkRefused) as fault:
        await world.client.confirm(refuse, Visit())
    assert fault.value.reason == "unknown"
    assert (await world.client.confirmation(refuse)).valid
    await world.client.refuse(confirm, Visit())
    anna = await world.subject("anna@kafija.example")
    assert await standing(world, anna) is Reason.SUPPRESSED


async def test_a_withdrawal_voids_a_link_that_is_still_under_way(world):
    """Who said stop after asking must ask again."""
    await world.sign_up("anna@kafija.example")
    anna = await world.subject("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    with pytest.raises(LinkRefused):
        await world.client.confirm(confirm, Visit())
    assert await standing(world, anna) is Reason.WITHDRAWN


async def test_a_deferred_proof_mail_comes_back_later(world):
    """A minute first, then longer; a refused or unknown one does not come back."""
    await world.sign_up("anna@kafija.example")
    [proof] = await world.client.proofs()
    await world.client.claim("proofs", [proof.ask], [])
    assert await world.client.proofs() == []
    await world.client.settle("proofs", [Settlement(proof.ask.key, 1, Outcome.DEFERRED, 451)])
    assert await world.client.proofs() == []
    world.clock.pass_(60_000)
    [again] = await world.client.proofs()
    assert (again.ask.key, again.ask.attempt) == (proof.ask.key, 2)
    await world.client.claim("proofs", [again.ask], [])
    await world.client.settle("proofs", [Settlement(again.ask.key, 2, Outcome.REFUSED, 550)])
    world.clock.pass_(DAY)
    assert await world.client.proofs() == []
    assert "proof_mail.bounced" in world.types()


async def test_a_proof_mail_goes_to_whom_it_was_queued_for_only(world):
    """Another key, another subject or a closed request: no proof is wanted."""
    await world.sign_up("anna@kafija.example")
    [proof] = await world.client.proofs()
    bob = await world.subject("bob@kafija.example")
    wrong = [replace(proof.ask, subject=bob), replace(proof.ask, key="0" * 32)]
    assert [one.reason for one in await world.client.decide(wrong)] == [Reason.NO_PROOF_WANTED] * 2
    world.clock.pass_(72 * HOUR)
    [late] = await world.client.decide([proof.ask])
    assert late.reason is Reason.CONFIRMATION_EXPIRED


async def test_faulty_sign_ups_are_refused_in_words(world):
    """No address, an unknown topic, one that nobody can sign up for, none that mails are about."""
    with pytest.raises(InvalidAddress):
        await world.sign_up("anna")
    for topic in ("nosuch", "orders"):
        with pytest.raises(ValueError, match=topic):
            await world.sign_up("anna@kafija.example", topic)
    beside = Purpose("measurement", Basis.CONSENT, {"en": "M"}, {"en": "You may."}, "Kafija SIA")
    await world.client.publish(replace(world.policy, purposes=(*world.policy.purposes, beside)))
    with pytest.raises(ValueError, match="at least one topic that mails are about"):
        await world.sign_up("anna@kafija.example", "measurement")
    assert world.count("subjects") == 0
    await world.sign_up("anna@kafija.example", "measurement", "newsletter")
    assert len(await world.client.proofs()) == 1


async def test_the_words_agreed_to_stay_those_of_the_mail(world):
    """A policy that changes in between does not change what was confirmed."""
    await world.sign_up("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    newsletter, *others = world.policy.purposes
    changed = replace(newsletter, wording={"en": "I want everything."})
    await world.client.publish(replace(world.policy, purposes=(changed, *others)))
    view = await world.client.confirmation(confirm)
    assert view.topics[0].wording == "I want news by e-mail."
    receipt = await world.client.confirm(confirm, Visit())
    [decision] = await world.client.decide([world.ask(receipt.subject)])
    from consent.rules import purpose_version

    assert (decision.reason, decision.purpose) == (Reason.WORDS_CHANGED, purpose_version(newsletter))
    back = await world.client.publish(world.policy)
    [decision] = await world.client.decide([world.ask(receipt.subject)])
    assert back
    assert decision.allowed


async def test_of_somebody_too_young_nothing_is_stored(world):
    """The answer is the same as for everybody: none. Who does not say how old they are is told to."""
    times = Times(minimum_age={"LV": 13, "": 16})
    world.service.parts = dataclasses.replace(world.service.parts, times=times)
    wish = SignUp("anna@kafija.example", ("newsletter",), "en", "footer", age=12, country="LV")
    leaves = world.count("leaves")
    assert await world.client.sign_up(wish) is None
    assert await world.client.sign_up(replace(wish, age=15, country="DE")) is None
    assert (world.count("subjects"), world.count("evidence"), world.count("leaves")) == (0, 0, leaves)
    with pytest.raises(ValueError, match="how old"):
        await world.client.sign_up(replace(wish, age=None))
    assert await world.client.sign_up(replace(wish, age=13)) is None
    assert world.count("subjects") == 1


async def test_the_evidence_of_a_wish_says_in_which_language_each_topic_was_put(world):
    """One that does not speak the language asked for is put in another: that is what was agreed to."""
    await world.sign_up("anna@kafija.example", "newsletter", "offers", language="lv")
    await world.sign_up("bela@kafija.example", language="xx-nobody")
    for email, language, worded in (("anna", "lv", ["lv", "en"]), ("bela", "xx-nobody", ["en"])):
        told = moved_in.told(world, f"{email}@kafija.example")
        [requested, *_] = [one.evidence for one in told.events if one.type == "requested"]
        assert (requested["language"], requested["worded"]) == (language, worded)


async def test_a_wish_that_joins_a_mail_stays_pending_as_long_as_its_link(world):
    """One that a pause held back goes with a later mail: its button confirms both, on its last day too."""
    await world.sign_up("anna@kafija.example", "offers")
    await world.mail_proofs()
    world.clock.pass_(HOUR_MS)
    await world.sign_up("anna@kafija.example", "newsletter")  # within the pause of a day
    world.clock.pass_(71 * HOUR_MS + HOUR_MS // 2)
    await world.sign_up("anna@kafija.example", "offers")
    [(confirm, _)] = await world.mail_proofs()
    world.clock.pass_(2 * HOUR_MS)
    await world.client.keep_times()
    receipt = await world.client.confirm(confirm, Visit())
    assert receipt.topics == ("newsletter", "offers")
    assert receipt.type == "confirmed"


async def test_it_is_never_too_late_to_say_that_it_was_not_me(world):
    """The link to confirm is over after 72 hours; the other one is not, and keeps lists of others away."""
    await world.sign_up("anna@kafija.example")
    [(confirm, refuse)] = await world.mail_proofs()
    world.clock.pass_(4 * 24 * HOUR_MS)
    assert not (await world.client.confirmation(confirm)).valid
    assert (await world.client.confirmation(refuse)).valid
    await world.client.refuse(refuse, Visit())
    anna = await world.subject("anna@kafija.example")
    assert await standing(world, anna) is Reason.SUPPRESSED
    with pytest.raises(LinkRefused, match="used"):
        await world.client.refuse(refuse, Visit())
    await world.sign_up("anna@kafija.example")
    assert await world.client.proofs() == []


async def test_a_refusal_holds_whatever_is_entered_afterwards(world):
    """Somebody enters the address once more: what the refusal kept away stays away."""
    await world.sign_up("anna@kafija.example")
    [(_, refuse)] = await world.mail_proofs()
    await world.client.refuse(refuse, Visit())
    world.clock.pass_(5 * 24 * HOUR_MS)
    await world.sign_up("anna@kafija.example")
    for _ in range(40):
        world.clock.pass_(24 * HOUR_MS)
        await world.client.keep_times()
    assert world.count("suppressions") == 1


async def test_who_gets_something_and_refuses_another_wish_keeps_it(world):
    """The wish was not theirs; what they had agreed to goes on."""
    anna = await world.join("anna@kafija.example")
    world.clock.pass_(2 * 24 * HOUR_MS)
    await world.sign_up("anna@kafija.example", "offers")
    [(_, refuse)] = await world.mail_proofs()
    await world.client.refuse(refuse, Visit())
    assert await standing(world, anna) is None
    assert world.count("suppressions") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"form": "x" * 201},
        {"form_version": "x" * 201},
        {"language": "x" * 201},
        {"served": "x" * 201},
        {"shown": b"x" * ((1 << 20) + 1)},
        {"visit": Visit(user_agent="x" * 2001)},
        {"visit": Visit(referrer="x" * 2001)},
        {"boxes": (ShownBox("newsletter", "x" * 5001),)},
        {"boxes": (ShownBox("newsletter", "x"),) * 101},
        {"topics": ("x" * 201,)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_shop_says_of_a_sign_up_has_bounds(change):
    """All of it is kept: a call that says more is refused as it is read."""
    wish = SignUp("anna@kafija.example", ("newsletter",), "en", "footer", b"<form>")
    for asked, fits in ((wish, True), (replace(wish, **change), False)):
        call = encode(SIGN_UP.arguments(asked), MSGPACK)
        if fits:
            assert decode(call, MSGPACK, SIGN_UP.arguments).request == wish
        else:
            with pytest.raises(ValidationError):
                decode(call, MSGPACK, SIGN_UP.arguments)
