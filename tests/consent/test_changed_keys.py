"""Keys of the log that change: the old one vouches for the new, a lost one leaves a gap, and a thief is
outrun by what people kept."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dice import Dice
from tampered import Export

from consent.contract import Visit
from consent.errors import WrongKeys
from consent.keys import Keys
from consent.proof.checkpoint import read_note, verifier_key
from consent.proof.failure import Failure
from virta.command import run

pytestmark = pytest.mark.anyio
OLD, NEW, THIRD = (bytes([n]) * 32 for n in (1, 2, 3))


def keys(*signing):
    """Keys of which only those that sign the log differ."""
    rest = Keys.random(Dice("keys"))
    return Keys(signing, rest.master, rest.peppers, rest.links)


def public(seed, name):
    """The verifier key of a seed."""
    return verifier_key(name, Ed25519PrivateKey.from_private_bytes(seed))


class Life:
    """A store that is opened with one set of keys after another."""

    def __init__(self, open_world, path):
        self._open, self._path = open_world, path
        self.kept = []

    async def live(self, *signing):
        """Open with these keys, let somebody join and leave, keep the receipt, close; the world."""
        world = self._open(self._path, keys=keys(*signing), seed=str(len(self.kept)))
        world.clock.pass_(86_400)  # the next life begins long after the last checkpoint
        person = await world.join(f"person{len(self.kept)}@kafija.example")
        receipt = await world.client.withdraw(world.unsubscribe_token(person), "page", False, Visit())
        self.kept.append(receipt.checkpoint)
        world.service.close()
        return world

    def export(self, *signing):
        """What the store exports now, and who may sign it."""
        world = self._open(self._path, keys=keys(*signing))
        return Export(world)


@pytest.fixture
def life(open_world, tmp_path):
    """An empty one."""
    return Life(open_world, tmp_path / "consent.db")


async def rotated(life):
    """A key, then both, then the new one alone."""
    await life.live(OLD)
    await life.live(OLD, NEW)
    await life.live(NEW)
    return life.export(NEW)


async def test_in_the_overlap_both_keys_sign(life):
    """Each checkpoint, so that whoever knows either can check it."""
    await life.live(OLD)
    await life.live(OLD, NEW)
    export = life.export(OLD, NEW)
    note = read_note(export.parts["checkpoint"].decode())
    assert note.signed_by(public(OLD, export.key.name))
    assert note.signed_by(public(NEW, export.key.name))
    assert export.failure() is None


async def test_any_key_of_the_chain_verifies(life, tmp_path):
    """The old one leads to the new by what both signed; both verifiers go the same way."""
    export = await rotated(life)
    kinds = [json.loads(line)["type"] for line in export.lines("leaves.jsonl")]
    assert [kind for kind in kinds if kind.startswith(("key.", "log."))] == [
        "log.opened",
        "key.rotated",
        "key.retired",
    ]
    for seed in (OLD, NEW):
        export.key = public(seed, export.key.name)
        assert export.failure() is None
        assert export.second(tmp_path) == ""
        for note in life.kept:
            assert export.failure(older=note.encode()) is None
            assert export.second(tmp_path, note) == ""
    export.key = public(THIRD, export.key.name)
    assert export.failure() is Failure.SIGNATURE
    assert export.second(tmp_path) == "signature"


async def test_verify_says_whether_the_key_given_signed_or_vouched_for_the_one_that_did(
    life, tmp_path, capsys
):
    """To an auditor who wrote the old line down, the new one is told."""
    export = await rotated(life)
    name = export.key.name
    path = tmp_path / "export.zip"
    path.write_bytes(export.file().getvalue())
    told = {}
    for seed in (OLD, NEW):
        assert run(["consent", "verify", str(path), "--key", public(seed, name).line()]) == 0
        told[seed] = capsys.readouterr().out
    assert "its checkpoint is signed by the key given" in told[NEW]
    assert "signed by the key given" not in told[OLD]
    assert f"vouched for the one that signs its checkpoint: {public(NEW, name).line()}" in told[OLD]


async def test_every_export_carries_all_keys_that_ever_signed(life):
    """In the order in which the log took them up."""
    export = await rotated(life)
    lines = export.parts["keys"].decode().splitlines()
    assert lines == [public(seed, export.key.name).line() for seed in (OLD, NEW)]


async def test_without_what_both_signed_the_old_key_leads_nowhere(life, tmp_path):
    """An export that leaves it out is no proof for whoever knows the old key alone."""
    export = await rotated(life)
    export.parts["checkpoints.jsonl"] = b""
    export.key = public(OLD, export.key.name)
    assert export.failure() is Failure.GAP
    assert export.second(tmp_path) == "gap"
    export.key = public(NEW, export.key.name)
    assert export.failure() is None


async def test_a_checkpoint_of_the_overlap_needs_both_signatures(life, tmp_path):
    """One taken away is noticed, even by whoever knows the other key."""
    export = await rotated(life)
    lines = []
    for line in export.lines("checkpoints.jsonl"):
        note = json.loads(line)["note"]
        head, _, signatures = note.rpartition("\n\n")
        kept = signatures.splitlines()[-1]
        lines.append(json.dumps({"note": f"{head}\n\n{kept}\n"}, ensure_ascii=False, separators=(",", ":")))
    export.put("checkpoints.jsonl", [line.encode() + b"\n" for line in lines])
    export.key = public(NEW, export.key.name)
    assert export.failure() is Failure.SIGNATURE
    assert export.second(tmp_path) == "signature"


async def test_a_key_that_no_leaf_names_is_none_of_the_log(life, tmp_path):
    """And one that a leaf names is not left out."""
    export = await rotated(life)
    whole = export.parts["keys"]
    export.parts["keys"] = whole + public(THIRD, export.key.name).line().encode() + b"\n"
    assert export.failure() is Failure.NOTICE
    assert export.second(tmp_path) == "keys"
    export.parts["keys"] = whole.splitlines(keepends=True)[1]
    export.key = public(NEW, export.key.name)
    assert export.failure() is Failure.NOTICE
    assert export.second(tmp_path) == "keys"


async def test_a_lost_key_leaves_a_gap_that_shows(life, open_world, tmp_path):
    """The new key verifies and says where the gap is; the lost one leads nowhere, by a code of its own."""
    await life.live(OLD)
    with pytest.raises(WrongKeys, match="--lost"):
        await life.live(NEW)
    open_world(tmp_path / "consent.db", keys=keys(NEW), lost=True).service.close()
    await life.live(NEW)
    export = life.export(NEW)
    export.key = public(NEW, export.key.name)
    assert export.failure() is None
    assert export.found.gaps == (export.find("key.lost"),)
    assert export.second(tmp_path) == ""
    export.key = public(OLD, export.key.name)
    assert export.failure() is Failure.GAP
    assert export.second(tmp_path) == "gap"
    assert export.failure(key=False, older=life.kept[0].encode()) is None


async def test_a_key_that_the_log_has_done_with_is_not_taken_up_again(life):
    """And a new one comes behind one that signs, or not at all."""
    await life.live(OLD)
    await life.live(OLD, NEW)
    await life.live(NEW)
    with pytest.raises(WrongKeys, match="not taken up again"):
        await life.live(OLD, NEW)
    with pytest.raises(WrongKeys, match="signed last"):
        await life.live(THIRD)


async def test_a_stolen_key_cannot_hide_what_was_signed_before(life, tmp_path):
    """Whoever has it can rewrite and sign all; a receipt from before says that it is another history."""
    export = await rotated(life)
    export.change_leaf(export.find("requested"), evidence="0" * 64)
    export._seed = NEW
    export.key = public(NEW, export.key.name)
    export.sign_anew()
    assert export.failure() is None
    assert export.failure(older=life.kept[0].encode()) is Failure.HISTORY
    assert export.second(tmp_path, life.kept[0]) == "history"
