"""A store that is older than whoever said no: the file of marks keeps their address from marketing, and leads
to nobody."""

import errno
import hashlib
import itertools
import os

import moved_in
import pytest

from consent.contract import Reason, SignUp, Visit
from consent.store.marks import LENGTH, Marks, marks_path, read_marks
from consent.store.server import Server
from consent.subscriber.erasure import erase
from consent.timed.lapsed import expire, purge_pending

pytestmark = pytest.mark.anyio
ANNA = moved_in.ANNA
STOPS = ["withdrawn", "objected.marketing", "complaint", "bounced.hard", "restricted", "erased"]


class Random:
    """Random bytes that are the same each time."""

    def __init__(self):
        self._draw = itertools.count()

    def __call__(self, count):
        return hashlib.sha256(f"{next(self._draw)}".encode()).digest()[:count]


def marks(count):
    """So many."""
    return [hashlib.sha256(f"mark {number}".encode()).digest() for number in range(count)]


@pytest.fixture
def kept(tmp_path):
    """A file of marks."""
    opened = Marks(tmp_path / "consent.marks", Random())
    yield opened
    opened.close()


def test_a_mark_is_kept_and_found_again(kept, tmp_path):
    """Also after the file has grown, and in another life; what was not added is not there."""
    there, others = marks(8_000)[:6_000], marks(8_000)[6_000:]
    kept.add(there)
    assert all(mark in kept for mark in there)
    assert not any(mark in kept for mark in others)
    again = Marks(tmp_path / "consent.marks", Random())
    assert all(mark in again for mark in there)
    again.close()
    assert sorted(read_marks(tmp_path / "consent.marks")) == sorted(mark[:LENGTH] for mark in there)


def test_a_mark_is_there_once(kept, tmp_path):
    """However often somebody left."""
    kept.add(marks(20) + marks(20))
    kept.add(marks(20))
    assert sorted(read_marks(tmp_path / "consent.marks")) == sorted(mark[:LENGTH] for mark in marks(20))


def test_a_mark_counts_as_kept_only_once_it_is_on_the_disk(kept, monkeypatch):
    """Said again after the disk failed, it is synced again, although it is found already."""
    synced = []

    def fail(file):
        raise OSError(errno.EIO, "the disk failed")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="the disk failed"):
                kept.add(marks(1))
    with monkeypatch.context() as watched:
        watched.setattr(os, "fsync", synced.append)
        kept.add(marks(1))
        assert len(synced) == 1
        kept.add(marks(1))
        assert len(synced) == 1


def test_the_file_does_not_tell_in_which_order_marks_came(tmp_path):
    """Two files that got the same in opposite orders are as like as two that got them in one."""
    places = []
    for name, order in (("a", 1), ("b", -1)):
        kept = Marks(tmp_path / f"{name}.marks", Random())
        for mark in marks(2_000)[::order]:
            kept.add([mark])
        kept.close()
        text = (tmp_path / f"{name}.marks").read_bytes()
        places.append([text.index(mark[:LENGTH]) % 4096 for mark in marks(2_000)])
    for found in places:
        assert sum(a < b for a, b in itertools.pairwise(found)) in range(900, 1_100)


def test_a_file_that_was_cut_short_keeps_what_is_in_it(kept, tmp_path):
    """As a copy on a full disk is."""
    kept.add(marks(1_000))
    path = tmp_path / "consent.marks"
    os.truncate(path, 30_000)
    there = set(read_marks(path))
    assert len(there) > 300
    again = Marks(path, Random())
    assert all(mark in again for mark in there)
    again.add(marks(1_000))
    assert all(mark in again for mark in marks(1_000))
    again.close()


@pytest.fixture(params=["file", "server"])
def lost(request, open_world, tmp_path, server_beside):
    """What makes the store of a world another, with the same files beside it, that knows none of its people:
    a backup from before them was put back."""
    places = [tmp_path / "consent.db", tmp_path / "older.db"]
    if request.param == "server":
        places = server_beside(2)

    def open_(number, before=None):
        world = open_world(
            places[number],
            durable=True,
            seed=f"{number}",
            clock=before.clock if before else None,
            keys=before.keys if before else None,
        )
        return world

    def put_back(world):
        stops = world.service.store.stops
        world.service.close()
        beside = places[1].stops if request.param == "server" else places[1].with_name("older.db.stops")
        if beside != stops:
            beside.write_bytes(stops.read_bytes())
            marks_path(beside).write_bytes(marks_path(stops).read_bytes())
        return open_(1, world)

    return open_(0), put_back


@pytest.fixture
def server_beside(request, postgres, schema, tmp_path):
    """Makes places on the server, which share their files beside it."""
    return lambda count: [Server(postgres.url, schema(), tmp_path / "consent.stops") for _ in range(count)]


async def stop(world, subject, how):
    """Somebody says no in this way."""
    if how == "withdrawn":
        await world.client.withdraw(world.unsubscribe_token(subject), "one_click", False, Visit())
    elif how == "erased":
        await world.client.erase(subject, "operator")
    elif how in ("complaint", "bounced.hard"):
        mail = world.ask(subject)
        await world.send(mail)
        told = world.client.complained(mail.key) if how == "complaint" else None
        await (told or world.client.bounced(mail.key, "hard"))
    else:
        await world.client.record(subject, how, "operator:rights_request")


def attested(world):
    """What becomes of her by a list of another system, attested."""
    row = moved_in.row(ANNA, confirmed_at=moved_in.CONFIRMED)
    return moved_in.brought(world, row, what=moved_in.order(attested=moved_in.SAID))


@pytest.mark.parametrize("how", STOPS)
async def test_whoever_came_and_said_no_after_the_backup_is_brought_by_no_list(lost, how):
    """Whichever way they said so: the store that is put back knows neither them nor their id."""
    world, put_back = lost
    await stop(world, await world.join(ANNA), how)
    world = put_back(world)
    assert attested(world) == ["erased"]


async def test_whoever_came_and_stayed_after_the_backup_is_brought_by_one(lost):
    """Nobody else's no is theirs."""
    world, put_back = lost
    await world.join(ANNA)
    await stop(world, await world.join("berta@kafija.example"), "withdrawn")
    world = put_back(world)
    assert attested(world) == ["attested"]


@pytest.mark.parametrize("how", STOPS)
async def test_nor_by_a_sale_nor_by_whoever_names_the_address(lost, how):
    """Only their own confirmation leads out of it."""
    world, put_back = lost
    await stop(world, await world.join(ANNA), how)
    world = put_back(world)
    anna = await world.subject(ANNA)
    assert world.types()[-1] == "suppressed"
    [decision] = await world.client.decide([world.ask(anna)])
    assert decision.reason is Reason.SUPPRESSED
    assert await world.join(ANNA) == anna
    assert world.types()[-1] == "released"
    assert (await world.client.decide([world.ask(anna)]))[0].allowed


async def test_what_somebody_known_has_left_is_no_stop_of_all(lost):
    """Whom the store knows stands as the store and the file of stops say, topic by topic."""
    world, _ = lost
    anna = await world.join(ANNA, "newsletter", "offers")
    await stop(world, anna, "withdrawn")
    assert await world.subject(ANNA) == anna
    assert (await world.client.decide([world.ask(anna, "offers", template="coupon")]))[0].allowed


async def test_no_mark_leads_to_an_id_and_no_line_to_a_mark(lost):
    """The one file has ids and no address, the other marks and no id, no moment and no topic."""
    world, _ = lost
    anna = await world.join(ANNA)
    await stop(world, anna, "erased")
    stops = world.service.store.stops
    [mark] = read_marks(marks_path(stops))
    text = stops.read_bytes()
    assert mark not in text
    assert mark.hex().encode() not in text
    assert anna.encode() not in marks_path(stops).read_bytes()
    assert bytes.fromhex(anna) not in marks_path(stops).read_bytes()
    assert mark == world.service.parts.vault.marks(ANNA)[0][:LENGTH]


def forget_by_time(world):
    """Whatever nobody confirmed lapses, and is forgotten."""
    world.clock.pass_(40 * 86_400_000)
    world.service.write(lambda tx: expire(tx, 100))
    world.service.write(lambda tx: purge_pending(tx, 100))


async def enter(world, bounces=False):
    """A stranger enters her address, and nobody confirms it."""
    await world.client.sign_up(SignUp(ANNA, ("newsletter",), "en", "footer", b"<form>"))
    for proof in await world.client.proofs():
        await world.send(proof.ask)
        if bounces:
            await world.client.bounced(proof.ask.key, "hard")


async def test_a_mailbox_that_never_was_has_no_mark(lost):
    """Nobody there said anything, and entering an address is all it takes: neither while the sign-up is kept
    nor once it is forgotten."""
    world, _ = lost
    await enter(world, bounces=True)
    path = marks_path(world.service.store.stops)
    assert read_marks(path) == []
    forget_by_time(world)
    assert world.types()[-1] == "pending.purged"
    assert read_marks(path) == []


async def test_a_customer_whose_mailbox_is_gone_has_one(lost):
    """The shop has them, and brings the address again."""
    world, put_back = lost
    anna = await world.subject(ANNA)
    await enter(world, bounces=True)
    assert await world.subject(ANNA) == anna
    assert attested(put_back(world)) == ["erased"]


@pytest.mark.parametrize("how", STOPS)
@pytest.mark.parametrize("bounces", [False, True])
async def test_no_stranger_takes_a_mark_away(lost, how, bounces):
    """Her address is entered after she has gone, nobody confirms it, and time forgets that: the store that is
    put back then knows nothing of her still."""
    world, put_back = lost
    await stop(world, await world.join(ANNA), how)
    await enter(world, bounces)
    forget_by_time(world)
    assert (world.types()[-1] == "pending.purged") == (how == "erased")
    assert attested(put_back(world)) == ["erased"]


async def test_nor_does_whoever_says_that_it_was_not_them_lose_it_so(lost):
    """Refused once, entered again, and forgotten."""
    world, put_back = lost
    await world.sign_up(ANNA)
    [(_, refuse)] = await world.mail_proofs()
    await world.client.refuse(refuse, Visit())
    world.clock.pass_(31 * 86_400_000)
    await world.sign_up(ANNA)
    await world.mail_proofs()
    forget_by_time(world)
    assert world.types()[-1] == "pending.purged"
    assert attested(put_back(world)) == ["erased"]


async def test_nor_does_whoever_asks_to_move_to_her_address_and_is_erased(lost):
    """With them goes whom only they had told of, and not what she had said."""
    world, put_back = lost
    await stop(world, await world.join(ANNA), "erased")
    berta = await world.join("berta@kafija.example")
    await world.client.ask_to_move(world.preferences_token(berta), ANNA, Visit())
    await world.mail_proofs()
    await stop(world, berta, "erased")
    assert "pending.purged" in world.types()
    assert attested(put_back(world)) == ["erased"]


async def test_a_disk_that_takes_no_mark_keeps_nobody_from_leaving_later(lost, monkeypatch):
    """The stop whose mark could not be kept fails as a whole, and is made up for before anything else is
    written; the mark with it."""
    world, put_back = lost
    anna, berta = await world.join(ANNA), await world.join("berta@kafija.example")

    def fail(marks):
        if list(marks):
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(world.service.parts.marks, "add", fail)
        with pytest.raises(OSError, match="No space"):
            world.service.write(lambda tx: erase(tx, anna, "operator"))
    await stop(world, berta, "withdrawn")
    assert "erasure.requested" in world.types()
    assert world.types()[-1] == "withdrawn"
    world = put_back(world)
    assert attested(world) == ["erased"]
