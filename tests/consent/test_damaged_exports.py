"""Whatever happens to an export's bytes, the answer is one of the verifier's own."""

import io
import json
import zipfile

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from tampered import Export

from consent.contract import Visit
from consent.errors import BrokenExport
from consent.export.archive import write_archive
from consent.proof.kept_checkpoint import read_kept_checkpoint
from consent.proof.verify import Failed, Failure, verify

pytestmark = pytest.mark.anyio


@pytest.fixture
async def small(world):
    """A short log that has consents, mails and a withdrawal."""
    anna = await world.join("anna@kafija.example")
    await world.send(world.ask(anna))
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    await world.send(world.ask(anna))
    return world


def written(world):
    """The export as the command writes it, and the key."""
    file = io.BytesIO()
    world.service.read(lambda reading: write_archive(reading, file))
    return file.getvalue(), world.service.parts.signing.key()


def parts(data):
    """What stands in a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def answer(data, key, whole):
    """How it fails; None if it holds, which it may with unchanged content only."""
    try:
        verify(io.BytesIO(data), key)
    except Failed as fault:
        return fault.failure
    assert parts(data) == whole
    return None


async def test_random_changes_never_raise_and_never_pass(small):
    """Several bytes anywhere, or an end cut off."""
    data, key = written(small)
    whole = parts(data)
    assert answer(data, key, whole) is None
    changes = st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(1, 255)), max_size=4)

    @settings(max_examples=150, deadline=None)
    @given(changes, st.integers(0, len(data)))
    def check(found, end):
        changed = bytearray(data)
        for place, flips in found:
            changed[place] ^= flips
        assert answer(bytes(changed), key, whole) in (None, Failure.UNREADABLE)
        assert answer(data[:end], key, whole) == (None if end == len(data) else Failure.UNREADABLE)

    check()


async def test_each_byte_around_the_parts_may_change(small):
    """Names, flags, methods, sizes and offsets: each bit that a zip is found by."""
    data, key = written(small)
    whole = parts(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        heads = [
            place
            for info in archive.infolist()
            for place in range(info.header_offset, info.header_offset + 30)
        ]
        directory = range(archive.start_dir, len(data))
    seen = set()
    for place in (*heads, *directory):
        for flips in (0x01, 0xFF):
            changed = bytearray(data)
            changed[place] ^= flips
            seen.add(answer(bytes(changed), key, whole))
    assert seen == {None, Failure.UNREADABLE}


NESTED = b"[" * 100_000


async def test_a_crafted_manifest_is_unreadable(small):
    """Neither a list nor a depth that nobody reads ends in anything else."""
    data, key = written(small)
    for manifest in (b"[]", b"null", NESTED, b'{"log":1,"files":[],"format":{}}'):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, body in (parts(data) | {"manifest.json": manifest}).items():
                archive.writestr(name, body)
        assert answer(file.getvalue(), key, {}) is Failure.UNREADABLE


@pytest.mark.parametrize("count", ["many", "1", None, [], 1.5, {}])
async def test_a_crafted_count_is_no_leaf(small, count):
    """Whoever holds the key can sign nonsense; it is told from a sound leaf all the same."""
    export = Export(small)
    seq = export.find("decisions")
    export.change_leaf(seq, batch={"count": count, "root": "0" * 64})
    export.sign_anew()
    assert export.failure() is Failure.LEAF


@pytest.mark.parametrize("missing", ["policy", "reason", "key", "epoch"])
async def test_a_record_without_a_member_is_a_false_decision(small, missing):
    """Whichever it lacks."""
    export = Export(small)
    lines = export.lines("decisions.jsonl")
    entry = json.loads(lines[-1])
    del entry["record"][missing]
    export.put("decisions.jsonl", [*lines[:-1], rfc8785.dumps(entry) + b"\n"])
    assert export.failure() is Failure.DECISIONS


@pytest.mark.parametrize("templates", [[{}], "all", [1], None, [{"digest": "x", "unsubscribe": "yes"}]])
async def test_a_policy_whose_templates_are_nonsense_allows_none(small, templates):
    """The digest of the policy is that of its bytes, whatever they say."""
    export = Export(small)
    export.swap_policy(templates)
    assert export.failure() is Failure.NOTICE


@pytest.mark.parametrize("size", ["9" * 30, "9" * 5000])
async def test_a_size_beyond_all_measure_is_no_checkpoint(small, size):
    """Neither in an export nor in what somebody kept."""
    export = Export(small)
    note = export.parts["checkpoint"].decode().split("\n")
    note[1] = size
    text = "\n".join(note)
    with pytest.raises(BrokenExport, match="size"):
        read_kept_checkpoint(text.encode())
    export.parts["checkpoint"] = text.encode()
    assert export.failure() is Failure.UNREADABLE


def test_a_receipt_of_too_great_depth_is_none():
    """It is refused as any other text that is no receipt."""
    with pytest.raises(BrokenExport, match="JSON"):
        read_kept_checkpoint(b'{"checkpoint":' + NESTED)
