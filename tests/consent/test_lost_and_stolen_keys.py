"""Each key lost, each key stolen: what the table in docs/keys.md says of it. (Of the key that signs the log:
`test_changed_keys` and `test_attack`.)"""

import hmac

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from dice import Dice
from sqlalchemy import select

from consent.contract import LinkRefused, Visit
from consent.errors import WrongKeys
from consent.keys import Keys
from consent.ledger.tokens import Tokens
from consent.store.tables import subjects

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"


def changed(keys, **others):
    """The same keys, but for some."""
    names = ("log_signing", "master", "peppers", "links")
    return Keys(**{name: others.get(name, getattr(keys, name)) for name in names})


@pytest.fixture
async def path(open_world, tmp_path):
    """A store in which Anna joined, closed."""
    world = open_world(tmp_path / "consent.db")
    await world.join(ANNA)
    world.service.close()
    return tmp_path / "consent.db"


@pytest.fixture
def keys():
    """Those it was made with."""
    return Keys.random(Dice("keys"))


def row(world):
    """Anna's row, as a thief of the store has it."""
    query = select(subjects.c.id, subjects.c.lookup, subjects.c.wrapped, subjects.c.address)
    return world.service.read(lambda reading: reading.conn.execute(query).one())


async def test_a_lost_master_key_leaves_addresses_and_evidence_unreadable(path, keys, open_world):
    """Nothing opens without it, and no mail goes."""
    with pytest.raises(WrongKeys, match="master key"):
        open_world(path, keys=changed(keys, master=(b"x" * 32,)))


async def test_a_stolen_master_key_makes_a_stolen_store_readable(path, keys, open_world):
    """By the data key; without it the store tells no address. After a rotation the old key opens nothing of
    what was stolen later."""
    world = open_world(path)
    identity, _, wrapped, address = row(world)
    bound = f"key/v1\0{identity}\0".encode()
    data_key = AESGCM(keys.master[0]).decrypt(wrapped[:12], wrapped[12:], bound)
    opened = AESGCM(data_key).decrypt(address[:12], address[12:], f"address/v1\0{identity}\0".encode())
    assert opened.decode() == ANNA
    assert ANNA.encode() not in path.read_bytes()
    world.service.close()
    after = open_world(path, keys=changed(keys, master=(*keys.master, b"n" * 32)))
    _, _, wrapped, _ = row(after)
    with pytest.raises(InvalidTag):
        AESGCM(keys.master[0]).decrypt(wrapped[:12], wrapped[12:], bound)


async def test_a_lost_pepper_stops_all_sending(path, keys, open_world):
    """Nobody could tell who was erased and is not to be mailed, so the service does not start."""
    more = changed(keys, peppers=(*keys.peppers, b"q" * 32))
    open_world(path, keys=more).service.close()
    with pytest.raises(WrongKeys, match="pepper"):
        open_world(path, keys=keys)
    with pytest.raises(WrongKeys, match="pepper"):
        open_world(path, keys=changed(keys, peppers=(b"q" * 32,)))


async def test_a_stolen_pepper_lets_addresses_be_guessed_and_not_read(path, keys, open_world):
    """Whoever guesses an address finds it in a stolen store; with another pepper the guess tells nothing."""
    lookup = row(open_world(path)).lookup
    assert hmac.digest(keys.peppers[0], ANNA.encode(), "sha256") == lookup
    assert hmac.digest(b"x" * 32, ANNA.encode(), "sha256") != lookup


async def test_lost_link_keys_kill_old_links_and_nothing_else(path, keys, open_world):
    """An old link is unknown; the person leaves by one of a newer mail, or by signing up anew."""
    world = open_world(path)
    [anna] = await world.client.subjects([ANNA])
    old = world.unsubscribe_token(anna)
    world.service.close()
    world = open_world(path, keys=changed(keys, links=(b"l" * 32,)))
    with pytest.raises(LinkRefused, match="unknown"):
        await world.client.withdraw(old, "page", False, Visit())
    assert (await world.client.unsubscription(old)).reason == "unknown"
    receipt = await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    assert receipt.type == "withdrawn"


async def test_a_link_key_is_added_and_old_links_go_on(path, keys, open_world):
    """They never expire."""
    world = open_world(path)
    [anna] = await world.client.subjects([ANNA])
    old = world.unsubscribe_token(anna)
    world.service.close()
    world = open_world(path, keys=changed(keys, links=(*keys.links, b"l" * 32)))
    assert world.unsubscribe_token(anna) != old
    assert (await world.client.withdraw(old, "page", False, Visit())).type == "withdrawn"


async def test_a_stolen_link_key_forges_links_of_known_ids_until_it_is_taken_out(path, keys, open_world):
    """A forged link needs the id of a person or of a sign-up, which are 128 random bits; one of one scope
    opens no other; and the rotation ends it."""
    world = open_world(path)
    [anna] = await world.client.subjects([ANNA])
    thief = Tokens("https://kafija.example", keys.links, world.clock)
    forged = thief.unsubscribe(anna, "newsletter").rpartition("/")[2]
    assert (await world.client.unsubscription(forged)).valid
    with pytest.raises(LinkRefused):
        await world.client.confirm(forged, Visit())
    assert not (await world.client.preferences(forged)).valid
    guessed = thief.unsubscribe("0" * 32, "newsletter").rpartition("/")[2]
    with pytest.raises(LinkRefused):
        await world.client.withdraw(guessed, "page", False, Visit())
    world.service.close()
    world = open_world(path, keys=changed(keys, links=(b"l" * 32,)))
    with pytest.raises(LinkRefused):
        await world.client.withdraw(forged, "page", False, Visit())
