"""Stops of a whole address, in the eyes of the auditor: both verifiers know them."""

import json

import pytest
import rfc8785
from tampered import Export

from consent.proof.failure import Failure

pytestmark = pytest.mark.anyio
DAY = 86_400_000


@pytest.fixture(params=["complaint", "bounced.hard"])
async def stopped(world, request):
    """Someone agreed to two topics, got a mail, stopped the address by it, came back for one topic."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    first = world.ask(anna)
    await world.send(first)
    if request.param == "complaint":
        await world.client.complained(first.key)
    else:
        await world.client.bounced(first.key, "hard")
    await world.send(world.ask(anna, "offers"))
    world.clock.pass_(30 * DAY)
    await world.join("anna@kafija.example", "newsletter")
    await world.send(world.ask(anna))
    world.kind = request.param
    return world


async def test_what_happened_holds(stopped, tmp_path):
    """Silenced, and led out of by a fresh confirmation from active to active."""
    export = Export(stopped)
    assert export.failure() is None
    assert export.second(tmp_path) == ""
    last = json.loads(export.lines("leaves.jsonl")[export.find("confirmed", 2)])
    assert (last["from"], last["to"]) == ("active", "active")


async def test_a_mail_allowed_after_the_stop_is_noticed(stopped, tmp_path):
    """On a topic that was agreed to before it, and not since."""
    export = Export(stopped)
    entries = [json.loads(line) for line in export.lines("decisions.jsonl")]
    denied = next(entry["record"] for entry in entries if entry["record"]["verdict"] == "deny")
    leaves = [json.loads(line) for line in export.lines("leaves.jsonl")]
    consent = next(one for one in leaves if one["type"] == "confirmed" and one["purpose"] == "offers")
    denied |= {"verdict": "allow", "reason": "", "consent_seq": consent["seq"], "purpose": consent["notice"]}
    export.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "withdrawn"


async def test_a_confirmation_without_a_new_request_is_noticed(stopped, tmp_path):
    """What was asked for before the stop cannot be confirmed after it."""
    export = Export(stopped)
    lines = export.lines("leaves.jsonl")
    del lines[export.find("requested", 2)]
    export.put("leaves.jsonl", lines)
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.TRANSITION
    assert export.second(tmp_path) == "transition"


async def test_a_hidden_stop_shows_in_the_epochs(stopped, tmp_path):
    """Decisions knew of it."""
    export = Export(stopped)
    lines = export.lines("leaves.jsonl")
    del lines[export.find(stopped.kind)]
    export.put("leaves.jsonl", lines)
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "epoch"
