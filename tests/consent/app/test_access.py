"""Who may call, and for what: keys with scopes, of which a hash alone is kept."""

import stat

import httpx2
import pytest
from dice import Dice
from sqlalchemy import select

from consent.app.access import AccessFault, access_keys, make_key, revoke_key
from consent.calls import CALLS, PREFIX, Scope
from consent.client.operating import Operating, RemoteOperator
from consent.client.remote import Remote
from consent.contract import ConsentClient, Unavailable
from consent.contract.operator import NotAllowed, Operator
from consent.store.tables import leaves

pytestmark = pytest.mark.anyio


async def post(house, call, key="", body=b"{}", **headers):
    """The answer to a call."""
    sent = {"Content-Type": "application/json", **headers}
    if key:
        sent["Authorization"] = f"Bearer {key}"
    async with httpx2.AsyncClient(base_url=house.url) as http:
        return await http.post(f"{PREFIX}{call}", content=body, headers=sent)


async def test_a_stranger_learns_nothing(house):
    """No key, another scheme, a wrong key: the same answer, whether or not there is such a call."""
    house.key(Scope.ENGINE)
    answers = [
        await post(house, "offered"),
        await post(house, "offered", Authorization="Basic YTpi"),
        await post(house, "offered", "wrong"),
        await post(house, "no_such_call", "wrong"),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert answers[0].headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("scope", Scope)
async def test_a_key_opens_what_its_scope_names_and_nothing_else(house, scope):
    """Every call is tried: what is closed says so before it looks at what it was given."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {house.key(scope)}"}
    async with httpx2.AsyncClient(base_url=house.url + PREFIX, headers=headers) as http:
        for name, call in CALLS.items():
            answer = await http.post(name, content=b"nonsense")
            assert answer.status_code == (400 if scope in call.scopes else 403), name


async def test_a_shop_reaches_nobodys_address_and_no_permit():
    """What people do by themselves, and no more; an auditor looks, at ids alone."""
    shop = {name for name, call in CALLS.items() if Scope.SHOP in call.scopes}
    assert not shop & {
        "subjects",
        "addresses",
        "claim",
        "settle",
        "decide",
        "proofs",
        "erase",
        "publish",
        "changes",
    }
    assert {name for name, call in CALLS.items() if Scope.AUDITOR in call.scopes} == {
        "leaves",
        "checkpoint",
        "log_keys",
    }


async def test_an_auditor_follows_the_log_to_the_letter_and_learns_nothing_of_addresses(house):
    """Leaf by leaf, as the export has them."""
    world = house.world
    await world.join("anna@kafija.example")
    query = select(leaves.c.body).order_by(leaves.c.seq)
    kept = [bytes(body).decode() for body in world.service.read(lambda tx: list(tx.conn.scalars(query)))]
    client = Remote(house.url, house.key(Scope.AUDITOR))
    found = await client.leaves(-1, 3)
    while part := await client.leaves(len(found) - 1, 3):
        found += part
    assert found == kept
    assert "kafija.example" not in "".join(found).replace(world.service.parts.origin, "")
    with pytest.raises(NotAllowed):
        await client.changes(-1)
    await client.close()


async def test_no_other_key_brings_people_or_opens_what_is_kept_of_them():
    """Whoever gets into the engine or the shop can attest of nobody, and sees no evidence and no held proof;
    an operator has no permit."""
    operators = {name for name, call in CALLS.items() if Scope.OPERATOR in call.scopes}
    beside = {name for name in operators if CALLS[name].scopes != {Scope.OPERATOR}}
    assert beside == {"offered", "find", "to_be_told", "log_keys", "record", "merge"}
    assert {"begin_import", "take_import", "take_back", "history", "open_hold", "lift_hold"} <= operators
    assert not operators & {"claim", "settle", "publish", "addresses", "erase"}


def test_every_call_of_the_contract_is_there():
    """With the parameters and the result that the protocol gives it; `feed` goes by `news`."""
    methods = {name for name in vars(ConsentClient) if not name.startswith("_")}
    operators = {name for name in vars(Operator) if not name.startswith("_")}
    assert set(CALLS) == (methods | operators) - {"feed"} | {"news"}
    assert [name for name in dir(Remote) if name in methods] == sorted(methods)
    for client in (RemoteOperator, Operating):
        assert operators <= set(dir(client))


async def test_a_key_that_is_taken_away_opens_nothing_from_then_on(house):
    """Without a restart, also on a connection that stands; another one goes on."""
    engine, other = house.key(Scope.ENGINE), house.key(Scope.ENGINE)
    clients = [Remote(house.url, key) for key in (engine, other)]
    for client in clients:
        assert await client.offered()
    revoke_key(house.access_file, "key 1")
    with pytest.raises(Unavailable, match="no valid key"):
        await clients[0].offered()
    assert await clients[1].offered()
    for client in clients:
        await client.close()


async def test_while_the_keys_cannot_be_read_nobody_is_let_in(house):
    """A file that somebody spoilt opens no door."""
    key = house.key(Scope.ENGINE)
    whole = house.access_file.read_bytes()
    house.access_file.write_bytes(whole[:-20])
    answer = await post(house, "offered", key)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    house.access_file.write_bytes(whole)
    assert (await post(house, "offered", key)).status_code == 200
    house.access_file.unlink()
    assert (await post(house, "offered", key)).status_code == 401


def test_the_file_holds_no_key_and_is_its_owners(tmp_path):
    """Hashes alone; names are told apart."""
    path = tmp_path / "data" / "consent.access"
    key = make_key(path, "engine", [Scope.ENGINE], Dice("a"), 5)
    make_key(path, "shop", [Scope.SHOP, Scope.AUDITOR], Dice("b"), 6)
    assert key not in path.read_text("utf-8")
    assert len(key) == 43  # 32 bytes
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [(one.name, one.scopes, one.made) for one in access_keys(path)] == [
        ("engine", (Scope.ENGINE,), 5),
        ("shop", (Scope.SHOP, Scope.AUDITOR), 6),
    ]
    with pytest.raises(AccessFault, match="already"):
        make_key(path, "engine", [Scope.SHOP], Dice("c"), 7)
    revoke_key(path, "engine")
    with pytest.raises(AccessFault, match="no key named"):
        revoke_key(path, "engine")
    assert [one.name for one in access_keys(path)] == ["shop"]


@pytest.mark.parametrize(
    "name", ["", " ", "a\nb", "a\n", "anna@kafija.example", "a" * 41, " a", "a ", "a+b", "-a", "a/b"]
)
def test_a_key_has_a_short_and_plain_name(tmp_path, name):
    """It stands in leaves for good, and in every export: no address can be one."""
    path = tmp_path / "consent.access"
    with pytest.raises(AccessFault, match="each export shows it"):
        make_key(path, name, [Scope.SHOP], Dice("c"), 7)
    assert not path.exists()
    for plain in ("a", "Ānna 2", "till_3.riga-west", "a" * 40):
        make_key(path, plain, [Scope.SHOP], Dice(plain), 7)


async def test_calls_are_counted_by_name_and_status(house):
    """For the metrics; what is no call has no name of its own there."""
    key = house.key(Scope.ENGINE)
    await post(house, "offered", key)
    await post(house, "offered", key)
    await post(house, "offered")
    await post(house, "whatever", key)
    assert dict(house.tally) == {("offered", 200): 2, ("offered", 401): 1, ("", 404): 1}
