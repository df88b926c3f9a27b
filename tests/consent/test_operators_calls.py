"""What an operator does, asked in process and over HTTP: the same comes of it, and nothing is done twice."""

import asyncio
from dataclasses import replace

import httpx2
import pytest
from dice import Dice
from moved_in import ANNA, BELA, CORA, order, row
from msgspec.structs import replace as replace_struct
from signed_word import attested, let_attest, signed
from starlette.applications import Starlette
from starlette.routing import Mount

from consent.app.access import Access, make_key
from consent.app.routes import Tally, build_app
from consent.calls import PREFIX, Scope
from consent.client.operating import Operating, RemoteOperator
from consent.contract.imports import Brought, Stood, Taking
from consent.contract.operator import NotAllowed
from consent.keys import Keys

pytestmark = pytest.mark.anyio
KEYS = replace(Keys.random(Dice("keys")), holds=(b"the first hold key of 32 bytes..",))
LEFT, STAYS = row(BELA, Stood.UNSUBSCRIBED), row(ANNA, line=3)


@pytest.fixture
def keys():
    """Those of a project in which somebody's proof may be held."""
    return KEYS


def over_http(world, folder, *scopes):
    """The client of a service that answers by HTTP, without a network between them."""
    name = " ".join(scopes)
    key = make_key(folder / "access.json", name, scopes, Dice(name), 0)
    app = build_app(Operating(world.service), Access(folder / "access.json"), asyncio.Event(), Tally())
    transport = httpx2.ASGITransport(Starlette(routes=[Mount(PREFIX.rstrip("/"), app)]))
    return RemoteOperator("http://consent.example", key, transport=transport)


@pytest.fixture(params=["in process", "http"])
def way(request, open_world, tmp_path):
    """A world, and whoever an operator asks."""
    world = open_world(keys=KEYS)
    if request.param == "http":
        return world, over_http(world, tmp_path, Scope.OPERATOR)
    return world, Operating(world.service)


async def test_an_import_goes_in_parts_and_each_may_be_said_twice(way):
    """The second time tells what the first came to; the record says how far it has come."""
    world, operator = way
    what = order()
    assert (await operator.begin_import(what)).position == 0
    assert await operator.weigh_import(what, [LEFT, STAYS]) == [Brought.LEFT, Brought.UNPROVEN]
    first = await operator.take_import(what.id, 0, [LEFT, STAYS])
    assert [one.brought for one in first] == [Brought.LEFT, Brought.UNPROVEN]
    leaves = world.count("leaves")
    assert [one.subject for one in await operator.take_import(what.id, 0, [LEFT, STAYS])][1] == first[
        1
    ].subject
    assert (await operator.begin_import(what)).position == 2
    again = await operator.take_import(what.id, 0, [LEFT, STAYS, row(CORA, line=4)])
    assert [one.subject for one in again][1:2] == [first[1].subject]
    assert world.count("leaves") == leaves + 1
    ended = await operator.end_import(what.id, {"never": 2})
    assert await operator.end_import(what.id, {"never": 2}) == ended
    assert ended.counts == {"left": 1, "unproven": 2, "never": 2}
    assert await operator.imports() == [ended]


async def test_what_breaks_the_terms_of_an_import_is_refused(way):
    """And nothing of it is taken."""
    world, operator = way
    await let_attest(world)
    note = signed()
    said = attested(note)
    with pytest.raises(ValueError, match="not what the attestation says"):
        await operator.begin_import(order(attested=replace_struct(said, by="Bela Example")), note)
    with pytest.raises(ValueError, match="stands in an attestation"):
        await operator.begin_import(order(attested=said))
    with pytest.raises(ValueError, match="no signed note"):
        await operator.begin_import(order(attested=said), b"signed on paper")
    with pytest.raises(ValueError, match="who had left the other system"):
        await operator.begin_import(replace_struct(order(), tells=("unsubscribed", "bounced")))
    with pytest.raises(ValueError, match="hex digits"):
        await operator.begin_import(order("no id"))
    what = order()
    await operator.begin_import(what)
    leaves = world.count("leaves")
    for rows, why in (
        ([STAYS, LEFT], "Those who had left come before all others"),
        ([row(CORA, confirmed_at=world.clock.now + 1)], "yet to come"),
        ([row(CORA)] * 1001, "At most 1000 rows"),
        ([row("no address")], "@"),
    ):
        with pytest.raises(ValueError, match=why):
            await operator.take_import(what.id, 0, rows)
    await operator.take_import(what.id, 0, [STAYS])
    with pytest.raises(ValueError, match="Those who had left come before all others"):
        await operator.take_import(what.id, 1, [LEFT])
    assert world.count("leaves") == leaves + 1


async def test_the_service_itself_takes_nobody_whom_its_settings_forbid(way):
    """Whatever the folder says in which the command is given."""
    world, operator = way
    world.service.imports = Taking.NEVER
    with pytest.raises(ValueError, match="`imports` is `never`"):
        await operator.begin_import(order())
    world.service.imports = Taking.UNPROVEN
    with pytest.raises(ValueError, match="attests of nobody"):
        await operator.begin_import(order(attested=attested(signed())), signed())
    assert (await operator.begin_import(order())).position == 0


async def test_taking_back_may_be_said_twice_and_tells_the_same(way):
    """Whoever was forgotten, or stands where they stood, counts as they went the first time; whoever came to
    agree meanwhile stays."""
    world, operator = way
    cora = await world.subject(CORA)
    what = order()
    await operator.begin_import(what)
    await operator.take_import(what.id, 0, [row(ANNA), row(BELA, line=3), row(CORA, line=4)])
    await operator.end_import(what.id, {})
    people = await operator.brought_by(what.id, -1)
    assert [one.made for one in people] == [True, True, False]
    ids = [one.subject for one in people]
    bela = await world.join(BELA)
    first = await operator.take_back(what.id, ids, [])
    assert (first.forgotten, first.put_back, first.stay) == (1, 1, 1)
    assert await operator.take_back(what.id, ids, []) == first
    await operator.end_undoing(what.id)
    assert [one.state for one in await operator.imports()] == ["undone"]
    assert await operator.find(ANNA) is None
    assert (await operator.find(BELA), await operator.find(CORA)) == (bela, cora)


async def test_one_person_is_looked_at_with_all_that_is_kept(way):
    """Their history with the evidence, a proof for each leaf, the keys of the log; of nobody nothing."""
    world, operator = way
    anna = await world.join(ANNA)
    found = await operator.history(anna)
    assert (found.address, [one.state for one in found.standings]) == (ANNA, ["active"])
    assert all(one.holds for one in found.events if one.evidence is not None)
    assert len(await operator.leaf_proofs(anna)) == len(found.events)
    assert await operator.history("0" * 32) is None
    [key] = await operator.log_keys()
    assert (key.begun[0], key.ended, key.lost) == (0, None, False)


async def test_proof_is_held_shown_and_let_go(way):
    """What is refused says why, in the same words."""
    world, operator = way
    anna = await world.join(ANNA)
    with pytest.raises(ValueError, match="No hold stands"):
        await operator.open_hold(anna)
    await operator.hold(anna, world.clock.now + 86_400_000, "a claim in court")
    [held] = await operator.holds()
    assert (held.subject, held.reason) == (anna, "a claim in court")
    proof = await operator.open_hold(anna)
    assert (proof.address, all(one.holds for one in proof.held)) == (ANNA, True)
    await operator.lift_hold(anna)
    assert await operator.holds() == []


async def test_who_asks_hears_until_when_somebody_is_to_be_told(way):
    """As long as the mail is yet to go, under the id of whoever they became part of too."""
    world, operator = way
    anna, bela = await world.join(ANNA), await world.join(BELA)
    until = world.clock.now + 86_400_000
    assert await operator.to_be_told(anna) == 0
    await operator.hold(anna, until, "a claim in court")
    await world.client.merge(bela, anna, "operator")
    assert [await operator.to_be_told(one) for one in (anna, bela)] == [until, until]
    await operator.hold_told(anna)
    assert await operator.to_be_told(bela) == 0


async def test_an_engines_key_finds_and_no_more(open_world, tmp_path):
    """It is told so, and not that somebody is away."""
    world = open_world(keys=KEYS)
    anna = await world.join(ANNA)
    engine = over_http(world, tmp_path, Scope.ENGINE)
    assert await engine.find(ANNA) == anna
    assert await engine.find(BELA) is None
    assert await engine.to_be_told(anna) == 0
    for asked in (engine.history(anna), engine.holds(), engine.begin_import(order()), engine.open_hold(anna)):
        with pytest.raises(NotAllowed, match="does not open"):
            await asked


async def test_a_log_that_is_known_to_have_been_longer_lets_no_marketing_go(way):
    """Until it is as long; that it was shorter changes nothing."""
    world, _ = way
    anna = await world.join(ANNA)
    await world.client.reached(1)
    assert (await world.client.decide([world.ask(anna)]))[0].reason is None
    await world.client.reached(world.count("leaves") + 2)
    assert [one.reason for one in (await world.client.claim("engine", [world.ask(anna)], [])).denied] == [
        "log_behind"
    ]
    for number in range(3):
        await world.sign_up(f"visitor-{number}@kafija.example")
    assert (await world.client.claim("engine", [world.ask(anna)], [])).permits


async def test_an_operator_opens_marketing_that_is_shut_for_a_length_that_never_was(way):
    """Their word is a leaf; said again it is none, and a length that no log has is refused."""
    world, operator = way
    anna = await world.join(ANNA)
    with pytest.raises(ValueError):
        await world.client.reached(10**15)
    assert (await world.client.decide([world.ask(anna)]))[0].reason is None
    await world.client.reached(900_000_000)
    denied = (await world.client.claim("engine", [world.ask(anna)], [])).denied
    assert [one.reason for one in denied] == ["log_behind"]
    before = world.count("leaves")
    assert await operator.open_marketing() == 900_000_000
    assert await operator.open_marketing() == 0
    assert world.count("leaves") == before + 1
    assert world.types()[-1] == "reach.given_up"
    assert (await world.client.claim("engine", [world.ask(anna)], [])).permits
