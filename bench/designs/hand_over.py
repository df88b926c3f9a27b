"""Six ways to hand mails of 30 kB to a mail server over one connection: what each costs the sender a mail, in
the loop and the calls of the kernel, with nothing written down and no permit looked at. The envelope of a
mail always goes with the end of the one before it, and the end of a mail only behind the reply to that of the
one before: so at most one mail of a connection is of unknown fate.

Content and dot in one call is what Virta does over connections that are not encrypted. By BDAT (RFC 3030) the
content goes ahead with the envelope, and an empty last piece is what the dot is otherwise: no answer is
waited for between envelope and content, and no dots are looked for, but each mail has one reply more. A
blocking socket is the least that can be had, and needs a thread for each connection.

    python bench/designs/hand_over.py [MAILS]
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import cast

import uvloop

from virta.bench.result import agreed
from virta.bench.wire import connected

AIM = "mail_cpu_us"

MAILS = 4_000
_BODY = b"\r\n" + b"Weigh the coffee, rinse the paper, pour slowly and let the bed bloom.\r\n" * 430
_HEAD = b"Subject: Tips for order %08d\r\n"
_SIZE = len(_HEAD % 0) + len(_BODY)
_ENVELOPE = b"MAIL FROM:<a@shop.example>\r\nRCPT TO:<b@kafija.example>\r\n"
_DATA, _PIECE = _ENVELOPE + b"DATA\r\n", _ENVELOPE + b"BDAT %d\r\n" % _SIZE
_DOT, _LAST = b".\r\n", b"BDAT 0 LAST\r\n"

Design = Callable[[int, int], None]
"""Sends so many mails to that port."""


def _mail(number: int) -> bytes:
    return b"".join((_HEAD % number, _BODY))


class _Sender(asyncio.Protocol):
    """Greets, and takes a turn whenever all replies have come that are due."""

    def __init__(self, mails: int) -> None:
        self.done = asyncio.get_running_loop().create_future()
        self.left = mails
        self._due = 0
        self._turn: Callable[[], int] = self._greeted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance
        self._due = 1

    def data_received(self, data: bytes) -> None:
        self._due -= data.count(b"\n")
        if self._due == 0:
            self._due = self._turn()
            if self._due == 0:
                self.done.set_result(None)

    def _greeted(self) -> int:
        self._turn = self.turn
        return self.begin()

    def begin(self) -> int:
        """Say that the first mail comes; how many replies are due."""
        self.write(_DATA)
        return 3

    def turn(self) -> int:
        """Send a mail; how many replies are due, 0: none was left."""
        if self.left == 0:
            return 0
        self.left -= 1
        self.send(_mail(self.left), _DOT + (_DATA if self.left else b""))
        return 4 if self.left else 1

    def send(self, content: bytes, end: bytes) -> None:
        self.write(content)
        self.write(end)

    def write(self, data: bytes) -> None:
        self.transport.write(data)


class _Whole(_Sender):
    def send(self, content: bytes, end: bytes) -> None:
        taken = os.writev(self.transport.get_extra_info("socket").fileno(), (content, end))
        if taken < len(content) + len(end):
            self.write((content + end)[taken:])


class _Pieces(_Sender):
    def begin(self) -> int:
        self.left -= 1
        self.write(_PIECE + _mail(self.left))
        return 3

    def turn(self) -> int:
        if self.left < 0:
            return 0
        self.left -= 1
        if self.left < 0:
            self.write(_LAST)
            return 1
        self.write(b"".join((_LAST, _PIECE, _HEAD % self.left, _BODY)))
        return 4


def _by(
    sender: type[_Sender], new_loop: Callable[[], asyncio.AbstractEventLoop], port: int, mails: int
) -> None:
    async def work() -> None:
        transport, protocol = await asyncio.get_running_loop().create_connection(
            lambda: sender(mails), "127.0.0.1", port
        )
        await protocol.done
        transport.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(work())


def by_parts(port: int, mails: int) -> None:
    """Content, then the dot (asyncio)"""
    _by(_Sender, asyncio.new_event_loop, port, mails)


def by_parts_uvloop(port: int, mails: int) -> None:
    """Content, then the dot (uvloop)"""
    _by(_Sender, uvloop.new_event_loop, port, mails)


def whole(port: int, mails: int) -> None:
    """Content and dot in one call, as Virta does it (asyncio)"""
    _by(_Whole, asyncio.new_event_loop, port, mails)


def whole_uvloop(port: int, mails: int) -> None:
    """Content and dot in one call, as Virta does it (uvloop)"""
    _by(_Whole, uvloop.new_event_loop, port, mails)


def pieces(port: int, mails: int) -> None:
    """BDAT, the content ahead with the envelope (uvloop)"""
    _by(_Pieces, uvloop.new_event_loop, port, mails)


def blocking(port: int, mails: int) -> None:
    """A blocking socket"""
    with connected(port) as peer:
        replies = peer.makefile("rb")
        replies.readline()
        peer.sendall(_DATA)
        for number in range(mails):
            for _ in range(3):
                replies.readline()
            peer.sendall(b"".join((_mail(number), _DOT, _DATA if number + 1 < mails else b"")))
            replies.readline()


def measured(design: Design, mails: int) -> float:
    """µs of CPU a mail."""
    with subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        began = time.process_time()
        design(port, mails)
        spent = time.process_time() - began
        came, size = server.communicate()[0].split()
    agreed({"mails": mails, "at the mail server": int(came)})
    agreed({"bytes": mails * _SIZE, "at the mail server": int(size)})
    return spent / mails * 1e6


# ------------------------------------------------------------ the mail server


def _converse(peer: socket.socket, counts: list[int]) -> None:
    with peer, contextlib.suppress(ConnectionError):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.sendall(b"220 ready\r\n")
        came, piece, within = b"", 0, False
        while chunk := peer.recv(1 << 18):
            came += chunk
            answers: list[bytes] = []
            while True:
                if within:
                    end = came.find(b"\r\n.\r\n")
                    if end < 0:
                        break
                    counts[0], counts[1] = counts[0] + 1, counts[1] + end + 2
                    came, within = came[end + 5 :], False
                    answers.append(b"250 OK\r\n")
                elif piece:
                    if len(came) < piece:
                        break
                    counts[1] += piece
                    came, piece = came[piece:], 0
                    answers.append(b"250 OK\r\n")
                else:
                    line, found, rest = came.partition(b"\n")
                    if not found:
                        break
                    came, within = rest, line.startswith(b"DATA")
                    if line.startswith(b"BDAT"):
                        piece = int(line.split()[1])
                        counts[0] += b"LAST" in line
                        if piece:
                            continue
                    answers.append(b"354 Go on\r\n" if within else b"250 OK\r\n")
            if answers:
                peer.sendall(b"".join(answers))


def _serve() -> None:
    counts = [0, 0]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        peer, _ = listener.accept()
        talk = threading.Thread(target=_converse, args=(peer, counts), daemon=True)
        talk.start()
        sys.stdin.read()
        talk.join(5)
    print(*counts, flush=True)


def main(mails: int) -> None:
    """The table: the least of three rounds in turns."""
    designs = (by_parts, by_parts_uvloop, whole, whole_uvloop, pieces, blocking)
    rounds = [[measured(design, mails) for design in designs] for _ in range(3)]
    print(f"{mails:,} mails of {_SIZE:,} bytes, µs of CPU each; as many mails and bytes by each design")
    for design, costs in zip(designs, zip(*rounds, strict=True), strict=True):
        print(f"  {min(costs):6.1f}  {design.__doc__}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        _serve()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else MAILS)
