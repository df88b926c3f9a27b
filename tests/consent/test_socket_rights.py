"""A socket for commands has its rights from the first moment on, and leaves the umask as it is."""

import os
import socket
import stat
import threading
from contextlib import closing

import pytest

from consent.ledger.remote_signer import listen_at


@pytest.mark.parametrize("mode", [0o600, 0o660])
@pytest.mark.parametrize("umask", [0o000, 0o077, 0o177])
def test_a_socket_has_the_rights_that_it_was_given(tmp_path, mode, umask):
    """Neither more nor fewer; and somebody can come by it, also where a crash has left one, however long the
    name of the folder is."""
    folder = tmp_path / ("a" * 120)
    path = folder / "operator.sock"
    before = os.umask(umask)
    try:
        folder.mkdir(mode=0o700)
        listen_at(path, mode).close()
        listener = listen_at(path, mode)
    finally:
        os.umask(before)
    with closing(listener):
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert [each.name for each in folder.iterdir()] == ["operator.sock"]
        descriptor = os.open(folder, os.O_RDONLY)
        with closing(socket.socket(socket.AF_UNIX)) as caller:
            caller.connect(f"/proc/self/fd/{descriptor}/operator.sock")
        os.close(descriptor)


def test_files_of_other_threads_keep_their_rights_meanwhile(tmp_path):
    """A umask would be that of the whole process."""
    modes, end = set(), threading.Event()

    def write() -> None:
        count = 0
        while not end.is_set():
            count += 1
            path = tmp_path / f"file-{count}"
            path.touch()
            modes.add(stat.S_IMODE(path.stat().st_mode))
            path.unlink()

    before = os.umask(0o022)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(300):
            listen_at(tmp_path / f"{number}.sock").close()
    finally:
        end.set()
        writer.join()
        os.umask(before)
    assert modes == {0o644}
