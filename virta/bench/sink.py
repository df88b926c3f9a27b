"""A mail server that counts and forgets, as light as Python allows: `python -m virta.bench.sink FIRST`.

One thread a connection, blocking sockets, and no more SMTP than a sender needs that does nothing wrong. A
connection's first mail is written to the file `FIRST`. When standard input ends it tells what came, as JSON:
mails, different Message-IDs, bytes, and its own CPU in seconds.
"""

import contextlib
import socket
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct

from virta.bench.process import module, started

_PIECE = 1 << 18
_END = b"\r\n.\r\n"
_ID = b"\nMessage-ID: "
_HEAD = 8192
_GREETING = b"220 sink\r\n"
_HELLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
_OK = b"250 OK\r\n"
_GO_AHEAD = b"354 Go on\r\n"


class Came(Struct, frozen=True):
    """What a sink got; `cpu` in seconds, its start aside."""

    mails: int
    ids: int
    bytes: int
    cpu: float


class _Tally:
    """Of one connection, whose thread alone counts in it."""

    def __init__(self) -> None:
        self.ids: list[bytes] = []
        self.bytes = 0

    def count(self, mail: bytes) -> None:
        start = mail.find(_ID, 0, _HEAD) + len(_ID)
        self.ids.append(mail[start : mail.find(b"\r\n", start)])
        self.bytes += len(mail)


class Sink:
    """A sink in a process of its own. Use it in a `with`."""

    def __init__(self, first: Path) -> None:
        self.process = started(module("virta.bench.sink", first))
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    @property
    def url(self) -> str:
        """As the settings want it."""
        return f"smtp://127.0.0.1:{self.port}"

    def came(self) -> Came:
        """End it, and hear what came."""
        return msgspec.json.decode(self.process.communicate()[0], type=Came)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()


def _converse(peer: socket.socket, tally: _Tally, first: Path) -> None:
    with peer, contextlib.suppress(ConnectionError):  # the sender may go without a word
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sendall(_GREETING)
        _talk(peer, tally, first)


def _talk(peer: socket.socket, tally: _Tally, first: Path) -> None:
    came, searched, within = b"", 0, False
    while chunk := peer.recv(_PIECE):
        came += chunk
        replies: list[bytes] = []
        while True:
            if within:
                end = came.find(_END, searched)
                if end < 0:
                    searched = max(len(came) - len(_END), 0)
                    break
                mail, came, within = came[: end + 2], came[end + len(_END) :], False
                if not tally.ids:
                    first.write_bytes(mail)
                tally.count(mail)
                replies.append(_OK)
            else:
                end = came.find(b"\n") + 1
                if not end:
                    break
                verb, came = came[:4].upper(), came[end:]
                within, searched = verb == b"DATA", 0
                replies.append({b"EHLO": _HELLO, b"DATA": _GO_AHEAD}.get(verb, _OK))
        if replies:
            peer.sendall(b"".join(replies))


def _serve(listener: socket.socket, tallies: list[_Tally], first: Path) -> None:
    while True:
        peer, _ = listener.accept()
        tallies.append(_Tally())
        threading.Thread(target=_converse, args=(peer, tallies[-1], first), daemon=True).start()


def main() -> None:
    """Run until standard input ends."""
    tallies: list[_Tally] = []
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(listener.getsockname()[1], flush=True)
    began = time.process_time()
    threading.Thread(target=_serve, args=(listener, tallies, Path(sys.argv[1])), daemon=True).start()
    sys.stdin.read()
    ids = [each for tally in tallies for each in tally.ids]
    came = Came(len(ids), len(set(ids)), sum(tally.bytes for tally in tallies), time.process_time() - began)
    print(msgspec.json.encode(came).decode(), flush=True)


if __name__ == "__main__":
    main()
