"""From a sign-up to a settled mail, through the one client."""

import pytest

from consent.contract import Outcome, Reason, Settlement, Status, Visit

pytestmark = pytest.mark.anyio


async def test_a_person_signs_up_confirms_and_gets_mail(world):
    """Sign-up, proof mail, confirmation, decision, claim, settlement: the whole way."""
    await world.sign_up("anna@kafija.example", "newsletter", language="lv")
    [proof] = await world.client.proofs()
    assert proof.language == "lv"
    assert proof.wording == ("Vēlos saņemt jaunumus.",)
    [before] = await world.client.decide([world.ask(proof.ask.subject)])
    assert before.reason is Reason.NOT_CONFIRMED
    [(confirm, _)] = await world.mail_proofs()
    receipt = await world.client.confirm(confirm, Visit())
    assert receipt.type == "confirmed"
    assert receipt.topics == ("newsletter",)
    ask = world.ask(receipt.subject)
    [decision] = await world.client.decide([ask])
    assert decision.allowed
    assert decision.consent_seq == receipt.leaf
    assert decision.links.unsubscribe.startswith("https://kafija.example/u/")
    assert decision.links.preferences.startswith("https://kafija.example/p/")
    claimed = await world.client.claim("engine", [ask], [])
    [permit] = claimed.permits
    assert permit.recipient == "anna@kafija.example"
    assert permit.deadline == world.clock.now + 5_000
    assert await world.client.unsettled("engine") == [(ask.key, 1)]
    await world.client.settle("engine", [Settlement(ask.key, 1, Outcome.ACCEPTED, 250)])
    assert await world.client.unsettled("engine") == []
    [status] = await world.client.status([ask.key])
    assert status == Status(ask.key, 1, Outcome.ACCEPTED)
    assert world.types() == [
        "log.opened",
        "purpose.version",
        "purpose.version",
        "purpose.version",
        "policy.changed",
        "notice.served",
        "requested",
        "proof_mail.queued",
        "decisions",
        "proof_mail.accepted",
        "confirmed",
        "decisions",
    ]
