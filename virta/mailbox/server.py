"""The loop that carries bytes between sockets and sessions: one thread, no event loop library."""

import contextlib
import errno
import heapq
import selectors
import signal
import socket
from collections.abc import Callable
from typing import TypeAlias

from virta.mailbox.faults import Faults
from virta.mailbox.session import Session
from virta.mailbox.store import Store

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
PIECE = 65_536
BACKLOG = 1_024
CANNOT_LISTEN = 3  # the exit code that says so to the program that started it

_Ready: TypeAlias = Callable[[int], None]
_OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose. Raises `OSError`."""
    listener = socket.create_server((host, port), backlog=BACKLOG)
    listener.setblocking(False)
    return listener


class Server:
    """A mailbox at work. `now` gives seconds on a clock that never goes back; it times `faults.delay`."""

    def __init__(
        self, listener: socket.socket, store: Store, faults: Faults, now: Callable[[], float]
    ) -> None:
        self._listener = listener
        self._store = store
        self._faults = faults
        self._now = now
        self._selector = selectors.DefaultSelector()
        self._connections: set[_Connection] = set()
        self._held: list[tuple[float, int, _Connection]] = []
        self._stopping = False
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._selector.register(listener, READ, self._accept)
        self._selector.register(self._woken, READ, lambda _: self._woken.recv(64))

    def stop_on(self, *signals: signal.Signals) -> None:
        """Make `run` return soon after one of these arrives. Main thread only."""
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, lambda *_: self.stop())

    def stop_at_end_of(self, file: int) -> None:
        """Make `run` return when this descriptor, the reading end of a pipe, has no writer left."""
        self._selector.register(file, READ, lambda _: self.stop())

    def stop(self) -> None:
        """Make `run` return; safe in a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Serve until told to stop; a mail that was not answered by then is not stored."""
        while not self._stopping:
            for key, events in self._selector.select(self._pause()):
                ready: _Ready = key.data
                ready(events)
            while self._held and self._held[0][0] <= self._now():
                heapq.heappop(self._held)[2].say_now()
        for connection in list(self._connections):
            connection.close()
        self._listener.close()
        self._selector.close()
        self._wake.close()
        self._woken.close()
        self._store.close()

    def hold(self, connection: "_Connection") -> None:
        """Let the connection speak after the delay."""
        heapq.heappush(self._held, (self._now() + self._faults.delay, id(connection), connection))

    def closed(self, connection: "_Connection") -> None:
        """The connection is gone, so there is room for a new one."""
        self._connections.discard(connection)
        if self._listener.fileno() not in self._selector.get_map() and not self._stopping:
            self._selector.register(self._listener, READ, self._accept)

    def _pause(self) -> float | None:
        return max(0.0, self._held[0][0] - self._now()) if self._held else None

    def _accept(self, _: int) -> None:
        try:
            peer, _address = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as fault:
            if fault.errno not in _OUT_OF_FILES:
                raise
            # Those that wait in the backlog are taken as soon as another connection ends.
            self._selector.unregister(self._listener)
            return
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(self._store.append, self._faults)
        self._connections.add(_Connection(self, self._selector, peer, session, self._faults.delay > 0))


class _Connection:
    """A client's socket. What cannot be sent at once is kept, and nothing is read meanwhile."""

    __slots__ = ("_delayed", "_peer", "_selector", "_server", "_session", "_unsent")

    def __init__(
        self,
        server: Server,
        selector: selectors.BaseSelector,
        peer: socket.socket,
        session: Session,
        delayed: bool,
    ) -> None:
        self._server = server
        self._selector = selector
        self._peer = peer
        self._session = session
        self._delayed = delayed
        self._unsent = b""
        selector.register(peer, READ, self.ready)
        self._say(session.greeting)

    def ready(self, events: int) -> None:
        if events & WRITE:
            self._selector.modify(self._peer, READ, self.ready)
            self._say(b"")
            return
        try:
            chunk = self._peer.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return
        replies = self._session.feed(chunk)
        if replies or self._session.over:
            self._say(replies)

    def _say(self, replies: bytes) -> None:
        self._unsent += replies
        if self._delayed and replies:
            self._selector.unregister(self._peer)
            self._server.hold(self)
        else:
            self.send()

    def say_now(self) -> None:
        """The delay is over."""
        if self._peer.fileno() >= 0:
            self._selector.register(self._peer, READ, self.ready)
            self.send()

    def send(self) -> None:
        """Send what there is to send; then close, if the conversation is over."""
        if self._unsent:
            try:
                self._unsent = self._unsent[self._peer.send(self._unsent) :]
            except BlockingIOError:
                pass
            except OSError:
                self.close()
                return
        if self._unsent:
            self._selector.modify(self._peer, WRITE, self.ready)
        elif self._session.over:
            self.close()

    def close(self) -> None:
        """Close the socket and forget it."""
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._peer)
        self._peer.close()
        self._server.closed(self)
