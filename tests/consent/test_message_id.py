"""A decision says what its mail calls itself, so that whoever holds the mail finds it."""

import json

import pytest
from msgspec.structs import replace
from tampered import Export

from consent.contract import Outcome

pytestmark = pytest.mark.anyio
LONGEST = "d" * 255


def found(world, message_id):
    """The records of an export with this Message-ID."""
    entries = (json.loads(line)["record"] for line in Export(world).lines("decisions.jsonl"))
    return [one for one in entries if one["message_id"] == message_id]


async def test_an_auditor_who_holds_a_mail_finds_each_attempt_of_it(world, tmp_path):
    """Allowed and denied ones, by the very header of the mail."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    await world.send(ask, outcome=Outcome.DEFERRED, code=451)
    await world.send(replace(ask, attempt=2))
    assert ask.message_id == f"<{ask.key}@kafija.example>"
    assert [one["attempt"] for one in found(world, ask.message_id)] == [1, 2]
    assert Export(world).failure() is None
    assert not Export(world).second(tmp_path)


async def test_a_mail_that_was_never_written_calls_itself_nothing(world):
    """As one that is denied from the start."""
    anna = await world.subject("anna@kafija.example")
    await world.client.claim("engine", [replace(world.ask(anna), message_id="")], [])
    [one] = found(world, "")
    assert one["verdict"] == "deny"


@pytest.mark.parametrize("domain", ["kafija.example", "[192.0.2.7]", "xn--kta-nta.example", LONGEST])
async def test_any_domain_will_do(world, domain):
    """It is the sender's."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    assert (await world.send(replace(ask, message_id=f"<{ask.key}@{domain}>"))).permits


@pytest.mark.parametrize(
    "wrong",
    [
        "{key}@a.example",
        "<{key}@>",
        "<{key}>",
        "<other@a.example>",
        "<{key}@a b>",
        "<{key}@a\r\nBcc: x>",
        "<{key}@a@b>",
        "<{key}@ķ.example>",
        "<{key}@a><b@c>",
        " <{key}@a>",
        "<{key}@a>\n",
        f"<{{key}}@{LONGEST}d>",
    ],
)
async def test_what_is_no_message_id_of_that_mail_is_refused_before_anything_is_written(world, wrong):
    """What is recorded stays for ever, and names no other mail."""
    anna = await world.join("anna@kafija.example")
    ask, size = world.ask(anna), world.count("leaves")
    with pytest.raises(ValueError, match="Message-ID"):
        await world.client.claim("engine", [replace(ask, message_id=wrong.format(key=ask.key))], [])
    assert world.count("leaves") == size
