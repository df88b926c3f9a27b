"""The attempt file tells a later life what an earlier one had begun, wherever that one was killed."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from consent.contract import Outcome
from engine.delivery.attempts import SLOTS, Attempt, AttemptFile, AttemptsFault

SENDER = bytes(range(16))
KEYS = [f"{number:032x}" for number in range(1, SLOTS + 2)]
Opener = Callable[..., AttemptFile]


@pytest.fixture
def open_file(tmp_path: Path) -> Iterator[Opener]:
    """Opens the same file again and again, as later lives do."""
    opened: list[AttemptFile] = []

    def open_(boot: bytes = b"first boot") -> AttemptFile:
        file = AttemptFile(tmp_path / "attempts", SENDER, lambda: boot.ljust(36, b"\0"))
        opened.append(file)
        return file

    yield open_
    for file in opened:
        file.close()


def test_later_life_finds_what_was_begun_and_what_was_answered(open_file: Opener) -> None:
    """Begun, answered and settled attempts are told apart; the identity stays."""
    first = open_file()
    assert not first.remembers, "a new file may stand where another was lost"
    first.recovered()
    for key in KEYS[:5]:
        first.begin(key, 3)
    first.reply(KEYS[1], 3, Outcome.ACCEPTED, 250)
    first.reply(KEYS[2], 3, Outcome.REFUSED, 554)
    first.reply(KEYS[3], 3, Outcome.DEFERRED, 451)
    first.settled(KEYS[4], 3)
    later = open_file()
    assert later.sender == first.sender
    assert later.remembers
    assert later.found() == {
        (KEYS[0], 3): Attempt(KEYS[0], 3, None, 0),
        (KEYS[1], 3): Attempt(KEYS[1], 3, Outcome.ACCEPTED, 250),
        (KEYS[2], 3): Attempt(KEYS[2], 3, Outcome.REFUSED, 554),
        (KEYS[3], 3): Attempt(KEYS[3], 3, Outcome.DEFERRED, 451),
    }


def test_the_file_of_another_sender_is_refused(open_file: Opener, tmp_path: Path) -> None:
    """Permits of one project's mailer are never settled by what another's remembers."""
    open_file()
    with pytest.raises(AttemptsFault, match="another project"):
        AttemptFile(tmp_path / "attempts", bytes(16))


def test_slots_are_freed_and_used_again(open_file: Opener) -> None:
    """The file is full when every slot is taken, and has room again after a settlement."""
    file = open_file()
    for key in KEYS[:SLOTS]:
        assert not file.full
        file.begin(key, 1)
    assert file.full
    assert len(file.found()) == SLOTS
    file.settled(KEYS[7], 1)
    assert not file.full
    file.begin(KEYS[SLOTS], 1)
    assert (KEYS[SLOTS], 1) in file
    assert (KEYS[7], 1) not in file


def test_settling_what_never_began_changes_nothing(open_file: Opener) -> None:
    """Most released attempts have no slot."""
    file = open_file()
    file.settled(KEYS[0], 1)
    assert file.found() == {}


def test_restart_of_the_machine_is_noticed_until_it_was_recovered_from(open_file: Opener) -> None:
    """A life that dies before it has recovered leaves the doubt to the next one."""
    open_file(b"first boot").begin(KEYS[0], 1)
    assert not open_file(b"second boot").remembers
    second = open_file(b"second boot")
    assert not second.remembers, "the life before opened the file, but settled nothing"
    second.recovered()
    assert second.remembers
    again = open_file(b"second boot")
    assert again.remembers
    assert again.found() == {}


def test_kernel_without_a_boot_id_is_never_sure(open_file: Opener) -> None:
    """Without one, nobody can tell whether the machine was restarted."""
    open_file(b"").begin(KEYS[0], 1)
    assert not open_file(b"").remembers


@pytest.mark.parametrize("size", [0, 5, 63])
def test_file_cut_within_its_head_is_begun_anew(open_file: Opener, tmp_path: Path, size: int) -> None:
    """Nothing was ever claimed under an identity that was not wholly written."""
    (tmp_path / "attempts").write_bytes(b"\0" * size)
    file = open_file()
    assert file.found() == {}
    assert len(file.sender) == 32


def test_file_cut_behind_its_head_keeps_its_identity_but_is_not_trusted(
    open_file: Opener, tmp_path: Path
) -> None:
    """What was in the lost slots may have gone out."""
    first = open_file()
    first.begin(KEYS[0], 1)
    first.begin(KEYS[1], 1)
    whole = (tmp_path / "attempts").read_bytes()
    (tmp_path / "attempts").write_bytes(whole[: 64 + 64])
    later = open_file()
    assert later.sender == first.sender
    assert not later.remembers
    assert set(later.found()) == {(KEYS[0], 1)}


@pytest.mark.parametrize("content", [b"#!/bin/sh\necho no\n", b"\x7fELF" * 100_000], ids=["short", "long"])
def test_foreign_file_is_refused_and_left_as_it_is(open_file: Opener, tmp_path: Path, content: bytes) -> None:
    """The message says what to do about it."""
    (tmp_path / "attempts").write_bytes(content)
    with pytest.raises(AttemptsFault, match="was not written by Virta"):
        open_file()
    assert (tmp_path / "attempts").read_bytes() == content


def test_folder_in_its_place_is_refused(open_file: Opener, tmp_path: Path) -> None:
    """No traceback for what an operator may have done."""
    (tmp_path / "attempts").mkdir()
    with pytest.raises(AttemptsFault, match="cannot be used: Is a directory"):
        open_file()


def test_kill_at_any_moment_leaves_whole_slots(open_file: Opener, tmp_path: Path) -> None:
    """A writer is killed again and again: at most one attempt is left half way, and never a torn one."""
    path = tmp_path / "attempts"
    open_file()
    inherited = 0
    for _ in range(25):
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _begin_and_settle_for_ever(path, tell)
            finally:
                os._exit(1)
        os.close(tell)
        assert os.read(told, 1) == b".", "the child failed"
        os.close(told)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = open_file().found()
        assert len(found) <= 1
        for attempt in found.values():
            assert attempt.key == f"{attempt.attempt:032x}"
            assert (attempt.outcome, attempt.code) in ((None, 0), (None, 250), (Outcome.ACCEPTED, 250))
        inherited += len(found)
        open_file().recovered()
    assert inherited, "no kill met a mail that was begun"


def _begin_and_settle_for_ever(path: Path, tell: int) -> None:
    file = AttemptFile(path, SENDER, lambda: b"first boot".ljust(36, b"\0"))
    file.recovered()
    attempt = 0
    while True:
        attempt += 1
        key = f"{attempt:032x}"
        file.begin(key, attempt)
        if attempt == 100:
            os.write(tell, b".")
        file.reply(key, attempt, Outcome.ACCEPTED, 250)
        file.settled(key, attempt)
