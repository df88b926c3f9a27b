"""A signer of its own: it remembers what it signed, and signs nothing that does not continue it."""

import errno
import json
import shutil
import socket
import sqlite3
import threading
from contextlib import closing

import pytest
from attacker import rewrite
from dice import Dice
from kafija_log import MINUTE, ORIGIN
from tampered import Export

from consent.contract import Unavailable, Visit
from consent.errors import AlreadyOpen, DamagedLog, SignerAway, WrongKeys
from consent.keys import Keys
from consent.ledger.checkpoint_signer import LocalSigner, RefusedCheckpoint, SignerMemory
from consent.ledger.log import stored_frontier, stored_nodes
from consent.ledger.remote_signer import RemoteSigner, listen_at, serve_at_socket
from consent.proof.checkpoint import Checkpoint, read_checkpoint, read_note
from consent.proof.leaf import Leaf
from consent.proof.tree import Frontier, append, consistency, leaf_hash

pytestmark = pytest.mark.anyio
SEED = b"s" * 32


def grown(*leaves):
    """A tree: its frontier and its nodes."""
    frontier, nodes = Frontier(), {}
    for leaf in leaves:
        frontier, made = append(frontier, leaf_hash(leaf))
        nodes.update({(level, index): found for level, index, found in made})
    return frontier, lambda level, index: nodes[level, index]


def checkpoint(frontier, origin=ORIGIN):
    """What a tree commits itself to."""
    return Checkpoint(origin, frontier.size, frontier.root())


SEVEN = [bytes([n]) for n in range(7)]


def test_it_signs_what_continues_the_tree_that_it_signed_last():
    """With the proof that it does."""
    signer = LocalSigner(ORIGIN, [SEED])
    three, nodes = grown(*SEVEN[:3])
    signer.sign(checkpoint(three), 0, ())
    seven, nodes = grown(*SEVEN)
    note = read_note(signer.sign(checkpoint(seven), 3, consistency(nodes, 3, 7)))
    assert note.signed_by(signer.public_keys()[0])
    assert read_checkpoint(note.text) == checkpoint(seven)
    assert signer.sign(checkpoint(seven), 7, ())


def test_it_signs_no_smaller_and_no_other_tree():
    """Nor one without a proof, with a false one, or one that begins elsewhere."""
    signer = LocalSigner(ORIGIN, [SEED])
    five, _ = grown(*SEVEN[:5])
    signed = signer.sign(checkpoint(five), 0, ())
    seven, nodes = grown(*SEVEN)
    other, other_nodes = grown(b"x", *SEVEN[1:])
    four, _ = grown(*SEVEN[:4])
    another_five, _ = grown(b"x", *SEVEN[1:5])
    for asked, old, proof in (
        (checkpoint(four), 4, ()),
        (checkpoint(four), 5, ()),
        (checkpoint(another_five), 5, ()),
        (checkpoint(other), 5, consistency(other_nodes, 5, 7)),
        (checkpoint(other), 5, consistency(nodes, 5, 7)),
        (checkpoint(seven), 5, ()),
        (checkpoint(seven), 0, ()),
        (checkpoint(seven), 3, consistency(nodes, 3, 7)),
    ):
        with pytest.raises(RefusedCheckpoint) as fault:
            signer.sign(asked, old, proof)
        assert fault.value.last == signer.last == signed
    with pytest.raises(RefusedCheckpoint, match="not of other"):
        signer.sign(checkpoint(seven, "other.example"), 5, consistency(nodes, 5, 7))


def test_what_it_signed_is_on_the_disk_before_anybody_has_it(tmp_path):
    """If writing fails nothing is given out, and after a crash there is this note or the one before."""
    frontier, _ = grown(*SEVEN[:3])
    signer = LocalSigner(ORIGIN, [SEED])
    with closing(SignerMemory(tmp_path / "signed", signer.public_keys())) as memory:
        seen = []

        def keep(note):
            memory.keep(note)
            seen.append((tmp_path / "signed").read_text())

        note = LocalSigner(ORIGIN, [SEED], memory.note, keep).sign(checkpoint(frontier), 0, ())
        assert seen == [note]

    def full(_note):
        raise OSError(28, "No space left on device")

    four, nodes = grown(*SEVEN[:4])
    signer = LocalSigner(ORIGIN, [SEED], note, full)
    with pytest.raises(OSError, match="No space"):
        signer.sign(checkpoint(four), 3, consistency(nodes, 3, 4))
    assert signer.last == note
    (tmp_path / "signed.part").write_text("half a no")  # what a crash leaves
    with closing(SignerMemory(tmp_path / "signed", signer.public_keys())) as memory:
        assert memory.note == note
        memory.keep(note)
    assert (tmp_path / "signed").stat().st_mode & 0o777 == 0o600


def test_its_memory_is_its_own(tmp_path):
    """One process at a time, and only a file that one of its keys has signed."""
    frontier, _ = grown(*SEVEN)
    signer = LocalSigner(ORIGIN, [SEED])
    keys = signer.public_keys()
    with closing(SignerMemory(tmp_path / "signed", keys)) as memory:
        memory.keep(signer.sign(checkpoint(frontier), 0, ()))
        with pytest.raises(AlreadyOpen):
            SignerMemory(tmp_path / "signed", keys)
    with pytest.raises(WrongKeys, match="none of the keys"):
        SignerMemory(tmp_path / "signed", LocalSigner(ORIGIN, [b"t" * 32]).public_keys())
    closing(
        SignerMemory(tmp_path / "signed", LocalSigner(ORIGIN, [SEED, b"t" * 32]).public_keys())
    ).thing.close()
    (tmp_path / "signed").write_text("nonsense")
    with pytest.raises(WrongKeys, match="damaged"):
        SignerMemory(tmp_path / "signed", keys)


class Signing:
    """A signer behind a socket, in a thread; it can be stopped and started anew."""

    def __init__(self, folder, seeds=(SEED,)):
        self.path = folder / "signer.sock"
        self._memory_path = folder / "elsewhere" / "signed"
        self._seeds = seeds
        self.keep = None  # what it does instead of remembering
        self.start()

    def _kept(self, note):
        (self.keep or self._memory.keep)(note)

    def sign_by(self, seed):
        """Start anew with another key and an empty memory."""
        self._seeds = (seed,)
        self._memory_path = self._memory_path.with_name("other")
        self.start()

    def start(self):
        keys = LocalSigner(ORIGIN, self._seeds).public_keys()
        self._memory = SignerMemory(self._memory_path, keys)
        signer = LocalSigner(ORIGIN, self._seeds, self._memory.note, self._kept)
        self._going = True
        self._listener = listen_at(self.path)
        work = (signer, self._listener, lambda: self._going)
        self._thread = threading.Thread(target=serve_at_socket, args=work)
        self._thread.start()

    def stop(self):
        if self._going:
            self._going = False
            self._thread.join()
            self._listener.close()
            self._memory.close()

    def keys(self):
        """The keys of the process that serves: none of the log's."""
        rest = Keys.random(Dice("keys"))
        return Keys((), rest.master, rest.peppers, rest.links, self.path)


@pytest.fixture
def signing(tmp_path):
    """A signer that runs."""
    found = Signing(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def served(signing, open_world, tmp_path):
    """A service whose log is signed elsewhere."""
    return open_world(tmp_path / "consent.db", keys=signing.keys())


def no_room(_note):
    """A full disk."""
    raise OSError(errno.ENOSPC, "No space left on device")


async def leave(world, email):
    """Somebody joins and leaves; the receipt."""
    person = await world.join(email)
    return await world.client.withdraw(world.unsubscribe_token(person), "page", False, Visit())


async def test_a_log_is_signed_by_another_process(served, signing):
    """Receipts are covered, exports hold, and the key is nowhere in the process that serves."""
    receipt = await leave(served, "anna@kafija.example")
    note = read_note(receipt.checkpoint)
    assert read_checkpoint(note.text).size > receipt.leaf
    assert note.signed_by(RemoteSigner(signing.path).public_keys()[0])
    world_keys, served.keys = served.keys, Keys.random(Dice("keys"))  # what an export is tampered with by
    assert Export(served).failure() is None
    assert world_keys.log_signing == ()


async def test_an_export_beside_it_that_was_signed_is_no_obstacle(served):
    """Another process has had a longer tree signed meanwhile: the service finds the way from there."""
    schedule = served.service.parts.signing
    before = schedule.last
    served.service.write(lambda tx: tx.log.append(Leaf(type="resumed")))
    conn = served.service.store.reader
    with conn.begin():
        schedule.cover(stored_frontier(conn), stored_nodes(conn), served.clock())
    schedule.last = before
    receipt = await leave(served, "bob@kafija.example")
    assert read_checkpoint(read_note(receipt.checkpoint).text).size > receipt.leaf


async def test_whoever_reads_while_more_is_signed_reads_anew(served):
    """Else an export beside a service that runs would be taken for a log that was cut off."""
    turns = []

    def work(reading):
        frontier = stored_frontier(reading.conn)
        if not turns:
            served.service.write(lambda tx: tx.log.append(Leaf(type="resumed")))
            served.service.sign()
        turns.append(frontier.size)
        return reading.parts.signing.cover(frontier, stored_nodes(reading.conn), reading.now)

    assert served.service.read_signed(work).size == turns[1] == turns[0] + 1


async def test_whoever_has_the_store_but_not_the_signer_gets_no_signature(
    served, signing, open_world, tmp_path
):
    """Neither by asking the socket nor by having the service start on it."""
    receipt = await leave(served, "anna@kafija.example")
    await leave(served, "bob@kafija.example")
    served.service.close()
    path = tmp_path / "consent.db"
    shutil.copy(path, tmp_path / "true.db")
    rewrite(path, receipt.subject, ORIGIN)
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("DELETE FROM checkpoints WHERE size > 3")  # those that the tree does not fit
        size = store.execute("SELECT max(seq) + 1 FROM leaves").fetchone()[0]
        found = {tuple(row[:2]): row[2] for row in store.execute("SELECT * FROM nodes")}
    frontier = Frontier()
    bodies = sqlite3.connect(path).execute("SELECT body FROM leaves ORDER BY seq").fetchall()
    for (body,) in bodies:
        frontier, _ = append(frontier, leaf_hash(body))
    signer = RemoteSigner(signing.path)
    with pytest.raises(RefusedCheckpoint) as fault:
        signer.sign(checkpoint(frontier), 0, ())
    old = read_checkpoint(read_note(fault.value.last).text).size
    assert size < old
    for _ in range(old - size + 1):  # made as long as it was, and longer
        frontier, made = append(frontier, leaf_hash(b"made up"))
        found.update({(level, index): one for level, index, one in made})
    with pytest.raises(RefusedCheckpoint, match="does not begin"):
        signer.sign(checkpoint(frontier), old, consistency(lambda *at: found[at], old, frontier.size))
    with pytest.raises(DamagedLog):
        open_world(path, keys=signing.keys())
    shutil.copy(tmp_path / "true.db", path)
    assert open_world(path, keys=signing.keys()).service.sign().size == old


async def test_while_nobody_signs_people_still_leave_and_mails_go_on_for_a_while(served, signing):
    """Then mails wait; they go on as soon as it signs again."""
    anna = await served.join("anna@kafija.example")
    await served.join("bob@kafija.example")
    signing.stop()
    receipt = await served.client.withdraw(served.unsubscribe_token(anna), "page", False, Visit())
    assert read_checkpoint(read_note(receipt.checkpoint).text).size <= receipt.leaf
    bob = await served.subject("bob@kafija.example")
    assert (await served.send(served.ask(bob))).permits
    served.clock.pass_(10 * MINUTE)
    with pytest.raises(Unavailable, match="Nobody signs"):
        await served.send(served.ask(bob))
    receipt = await served.client.withdraw(served.unsubscribe_token(anna), "page", False, Visit())
    signing.start()
    served.clock.pass_(MINUTE)
    await served.sign_up("cecilia@kafija.example")
    assert (await served.send(served.ask(bob))).permits


async def test_whoever_leaves_does_not_wait_for_a_signer_that_did_not_answer_just_now(served, signing):
    """One press finds out, the next ones within five seconds do not try; then one tries again."""
    people = [await served.join(f"person{number}@kafija.example") for number in range(3)]
    signing.stop()
    tried = []
    sign = served.service.parts.signing.signer.sign
    served.service.parts.signing.signer.sign = lambda *asked: (tried.append(1), sign(*asked))[1]
    for person, waits, tries in zip(people, (0, 1_000, 5_000), (1, 1, 2), strict=True):
        served.clock.pass_(waits)
        await served.client.withdraw(served.unsubscribe_token(person), "page", False, Visit())
        assert len(tried) == tries


async def test_a_service_starts_though_nobody_signs(served, signing, open_world, tmp_path):
    """People must be able to leave; it finds the signer when it is there."""
    await leave(served, "anna@kafija.example")
    served.service.close()
    signing.stop()
    world = open_world(tmp_path / "consent.db", keys=signing.keys())
    receipt = await leave(world, "bob@kafija.example")
    assert read_checkpoint(read_note(receipt.checkpoint).text).size <= receipt.leaf
    signing.start()
    assert world.service.sign().size == world.count("leaves")


async def test_a_log_whose_signer_could_not_remember_at_first_goes_on(signing, open_world, tmp_path):
    """It named its keys and signed nothing: the log began, and is signed when the signer has room."""
    signing.keep = no_room
    world = open_world(tmp_path / "consent.db", keys=signing.keys())
    world.service.close()
    world = open_world(tmp_path / "consent.db", keys=signing.keys())
    await world.sign_up("anna@kafija.example")
    world.service.close()
    signing.keep = None
    world = open_world(tmp_path / "consent.db", keys=signing.keys())
    assert world.service.sign().size == world.count("leaves")


async def test_whoever_leaves_is_heard_though_the_signer_signs_with_other_keys(served, signing):
    """What was done is done, and answered so; no mail goes until it is cleared up."""
    anna = await served.join("anna@kafija.example")
    await served.join("bob@kafija.example")
    signing.stop()
    signing.sign_by(b"t" * 32)
    served.clock.pass_(MINUTE)
    receipt = await served.client.withdraw(served.unsubscribe_token(anna), "page", False, Visit())
    assert receipt.leaf == served.count("leaves") - 1
    with pytest.raises(Unavailable, match="does not sign with the keys of this log"):
        await served.send(served.ask(await served.subject("bob@kafija.example")))


async def test_a_clock_that_is_set_back_does_not_end_signing(served):
    """A day back: what comes then is signed as ever."""
    served.clock.pass_(86_400)
    await leave(served, "anna@kafija.example")
    served.clock.pass_(-86_400)
    for number in range(3):
        served.clock.pass_(MINUTE)
        await served.sign_up(f"person{number}@kafija.example")
        assert served.service.parts.signing.last.size == served.count("leaves")


async def test_a_crash_between_commit_and_signature_costs_nothing(served, signing, open_world, tmp_path):
    """What is committed is signed at the next start; what was signed was committed before."""
    await leave(served, "anna@kafija.example")
    size = served.service.parts.signing.last.size
    signing.stop()
    await served.sign_up("bob@kafija.example")
    served.service.store.close()  # as a process that dies: nothing is kept in good order
    signing.start()
    world = open_world(tmp_path / "consent.db", keys=signing.keys())
    assert world.service.parts.signing.last.size == world.count("leaves") > size


def test_a_log_that_is_not_there_yet_waits_for_its_signer(signing, open_world, tmp_path):
    """Its first leaf names the key."""
    signing.stop()
    with pytest.raises(SignerAway, match="does not answer"):
        open_world(tmp_path / "new.db", keys=signing.keys())


SIGN = b'{"do":"sign","origin":"a","size":%%s,"root":"%s","old":0,"proof":[]}\n' % (b"A" * 43 + b"=")


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"[1]\n",
        b'"keys"\n',
        b'{"do":"steal"}\n',
        b'{"do":"sign","origin":"a","size":"x","root":"","old":0,"proof":[]}\n',
        json.dumps(
            {"do": "sign", "origin": ORIGIN, "size": 9, "root": "AAAA", "old": 0, "proof": []}
        ).encode()
        + b"\n",
        b"\xff\n",
        b"[" * 60_000 + b"\n",
        *(SIGN % size for size in (b"1e999", b"-1", b"1.5", b"true", b'"12"', b"9" * 40)),
    ],
)
def test_nonsense_is_answered_as_such(signing, line):
    """And the next caller is served."""
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(signing.path))
        caller.sendall(line)
        answer = json.loads(caller.makefile().readline())
    assert "refused" in answer
    assert RemoteSigner(signing.path).public_keys()
