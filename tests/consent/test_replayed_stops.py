"""A store that is older than its file of stops, or that died before a commit: nobody's no is lost."""

import contextlib
import shutil
import sqlite3

import moved_in
import pytest

from consent import service
from consent.contract import Heard, LinkRefused, MailClass, Reason, Unavailable, Visit

pytestmark = pytest.mark.anyio
DAY = 86_400_000
KINDS = ["withdrawal", "complaint", "bounced.hard"]


class Place:
    """A durable store in a folder, whose database can be put back while the file of stops stays."""

    def __init__(self, open_world, folder):
        self._open = open_world
        self._folder = folder
        self._path = folder / "consent.db"
        self.world = open_world(self._path, durable=True)

    def back_up(self):
        """Keep the database as it is."""
        with contextlib.closing(sqlite3.connect(self._path)) as other:
            other.execute("VACUUM INTO ?", (str(self._folder / "backup.db"),))

    def restart(self, restored=False):
        """Close, put the backup back if asked to, open again."""
        world = self.world
        world.service.close()
        if restored:
            for name in ("consent.db-wal", "consent.db-shm"):
                (self._folder / name).unlink(missing_ok=True)
            shutil.copy(self._folder / "backup.db", self._path)
        self.world = self._open(
            self._path, clock=world.clock, durable=True, seed=f"again {world.clock.now} {restored}"
        )
        self.world._keys = world._keys

    @contextlib.contextmanager
    def failing_commit(self, monkeypatch):
        """Each commit fails meanwhile."""
        with monkeypatch.context() as patched:
            patched.setattr(service, "transaction", _failing(service.transaction))
            yield


def _failing(real):
    @contextlib.contextmanager
    def transaction(conn, begin):
        with real(conn, begin) as driver:
            yield driver
            if begin == "BEGIN IMMEDIATE":
                raise sqlite3.OperationalError("disk I/O error")

    return transaction


@pytest.fixture
def place(open_world, tmp_path):
    """A store that can be put back."""
    return Place(open_world, tmp_path)


async def stop(world, kind, anna, key):
    """Withdraw everything, or report the mail with this key."""
    if kind == "withdrawal":
        await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    elif kind == "complaint":
        await world.client.complained(key)
    else:
        await world.client.bounced(key, "hard")


async def who_comes_back(world):
    """Someone got a mail, withdrew, and asked anew; their id, the mail's key, the link to confirm."""
    anna = await world.join("anna@kafija.example")
    mail = world.ask(anna)
    await world.send(mail)
    await world.client.withdraw(world.unsubscribe_token(anna), "one_click", False, Visit())
    world.clock.pass_(DAY)
    await world.sign_up("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    world.clock.pass_(1000)
    return anna, mail.key, confirm


@pytest.mark.parametrize("kind", KINDS)
async def test_a_restored_backup_does_not_revive_a_link_to_confirm(place, kind):
    """What was asked for before the stop cannot be confirmed after it, whatever the state it stood in."""
    anna, key, confirm = await who_comes_back(place.world)
    place.back_up()
    await stop(place.world, kind, anna, key)
    place.restart(restored=True)
    with pytest.raises(LinkRefused):
        await place.world.client.confirm(confirm, Visit())
    assert not (await place.world.client.decide([place.world.ask(anna)]))[0].allowed


async def test_what_came_to_be_and_was_left_after_the_backup_is_brought_by_no_list(place):
    """The store that is put back knows the person, and nothing of the topic: it is left all the same."""
    await place.world.join("anna@example.com", "offers")
    place.back_up()
    anna = await place.world.join("anna@example.com")
    await place.world.client.withdraw(place.world.unsubscribe_token(anna), "page", False, Visit())
    place.restart(restored=True)
    row = moved_in.row("anna@example.com", confirmed_at=moved_in.CONFIRMED)
    what = moved_in.order(attested=moved_in.SAID)
    assert moved_in.brought(place.world, row, what=what) == ["withdrawn"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_failed_commit_does_not_either(place, kind, monkeypatch):
    """The stop is in force before anything else is written, in the same life."""
    anna, key, confirm = await who_comes_back(place.world)
    with place.failing_commit(monkeypatch), pytest.raises(Unavailable):
        await stop(place.world, kind, anna, key)
    with pytest.raises(LinkRefused):
        await place.world.client.confirm(confirm, Visit())


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stop_whose_commit_failed_is_in_force_at_the_next_claim(place, kind, monkeypatch):
    """Once, however often the service starts afterwards; also when the making up fails at first."""
    world = place.world
    anna = await world.join("anna@kafija.example")
    mail = world.ask(anna)
    await world.send(mail)
    with place.failing_commit(monkeypatch):
        for _ in range(2):
            with pytest.raises(Unavailable):
                await stop(world, kind, anna, mail.key)
        with pytest.raises(Unavailable):
            await world.client.claim("engine", [world.ask(anna)], [])
    claimed = await world.client.claim("engine", [world.ask(anna)], [])
    assert not claimed.permits
    leaves = world.count("leaves")
    place.restart()
    assert place.world.count("leaves") == leaves


async def test_a_merge_whose_commit_failed_is_made_up_for_in_no_part(place, monkeypatch):
    """Neither at the next write nor at the next start: nobody left or objected. It can be repeated."""
    world = place.world
    stays, goes = (
        await world.join("anna@kafija.example", "newsletter", "offers"),
        await world.join("berta@kafija.example"),
    )
    await world.client.withdraw(world.unsubscribe_token(goes), "page", False, Visit())
    before = world.types()
    with place.failing_commit(monkeypatch), pytest.raises(Unavailable):
        await world.client.merge(stays, goes, "operator")
    world.service.write(lambda tx: None)
    place.restart()
    world = place.world
    assert world.types() == before
    assert (await world.client.decide([world.ask(stays)]))[0].allowed
    assert await world.client.merge(stays, goes, "operator") is Heard.NEW
    assert world.types()[len(before) :] == ["withdrawn", "merged"]
    assert (await world.client.decide([world.ask(stays, "offers")]))[0].allowed


async def test_a_move_whose_commit_failed_is_made_up_for_in_no_part_either(place, monkeypatch):
    """The button works at the second press, and neither mailbox is said not to exist."""
    world = place.world
    anna = await world.join("anna@kafija.example")
    world.clock.pass_(DAY)
    await world.client.ask_to_move(world.preferences_token(anna), "anna.new@kafija.example", Visit())
    [button] = [confirm for confirm, _ in await world.mail_proofs() if confirm]
    before = world.types()
    with place.failing_commit(monkeypatch), pytest.raises(Unavailable):
        await world.client.confirm(button, Visit())
    assert (await world.client.confirm(button, Visit())).type == "address.changed"
    assert world.types()[len(before) :] == ["merged", "address.changed"]
    [permit] = (await world.send(world.ask(anna))).permits
    assert permit.recipient == "anna.new@kafija.example"


async def test_a_mailbox_that_does_not_exist_stays_known_as_such(place):
    """Also for mail about orders, which no withdrawal stops."""
    world = place.world
    anna = await world.subject("anna@kafija.example")
    about = {"topic": "orders", "mail_class": MailClass.SERVICE, "template": "receipt", "trigger": "e"}
    mail = world.ask(anna, **about)
    await world.send(mail)
    place.back_up()
    await world.client.bounced(mail.key, "hard")
    place.restart(restored=True)
    [decision] = await place.world.client.decide([place.world.ask(anna, **about)])
    assert decision.reason is Reason.HARD_BOUNCED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", [-40 * DAY, 40 * DAY])
async def test_clocks_have_no_say_in_what_is_made_up_for(place, kind, step):
    """A clock that stood wrong at the stop brings nothing back, and takes nothing away at later starts."""
    world = place.world
    anna = await world.join("anna@kafija.example")
    mail = world.ask(anna)
    await world.send(mail)
    place.back_up()
    world.clock.pass_(step)
    await stop(world, kind, anna, mail.key)
    world.clock.pass_(-step)
    place.restart(restored=True)
    assert not (await place.world.client.decide([place.world.ask(anna)]))[0].allowed
    world.clock.pass_(31 * DAY)
    await place.world.join("anna@kafija.example")
    for _ in range(2):
        place.restart()
        assert (await place.world.client.decide([place.world.ask(anna)]))[0].allowed


async def test_positions_that_were_given_anew_are_not_taken_for_the_stop(place):
    """After a restore the log goes on with other leaves; a second restore makes up for all stops again."""
    world = place.world
    anna = await world.join("anna@kafija.example")
    place.back_up()
    await stop(world, "withdrawal", anna, "")
    place.restart(restored=True)
    for name in ("bob", "carl", "dora"):
        await place.world.join(f"{name}@kafija.example")
    for restored in (False, True):
        place.restart(restored)
        assert not (await place.world.client.decide([place.world.ask(anna)]))[0].allowed
    assert place.world.types().count("withdrawn") == 2  # of all topics that there are, once each


async def test_a_listener_that_fails_takes_nothing_back(world, caplog):
    """A withdrawal that is committed is answered as one; those who listen are told of, and so are others."""
    heard = []
    anna = await world.join("anna@kafija.example")

    def fails():
        raise RuntimeError("the loop is closed")

    world.service.listen(fails)
    world.service.listen(lambda: heard.append(True))
    receipt = await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    assert receipt.type == "withdrawn"
    assert heard == [True]
    assert "the loop is closed" in caplog.text


@pytest.mark.parametrize("kind", ["withdrawn", "objected"])
async def test_what_is_made_up_for_is_told_as_it_was_said_and_when(open_world, tmp_path, kind):
    """An objection stays one, and its evidence has the moment that the line tells."""
    place = Place(open_world, tmp_path)
    anna = await place.world.join(moved_in.ANNA)
    said_at = place.world.clock.now
    place.world.lose(anna, "newsletter", kind)
    place.world.clock.pass_(DAY)
    place.restart()
    told = moved_in.told(place.world)
    assert [(one.topic, one.state) for one in told.standings] == [("newsletter", kind)]
    made_up = told.events[-1]
    assert (made_up.type, made_up.actor) == (kind, "system:stops_file")
    assert (made_up.evidence["said"], made_up.evidence["said_at"]) == (kind, said_at)
    assert made_up.evidence["at"] == said_at + DAY
