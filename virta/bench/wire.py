"""Connections to servers that a measure has started itself: on this machine, and nowhere else."""

import socket


def connected(port: int) -> socket.socket:
    """A connection that waits with nothing that is written to it."""
    peer = socket.create_connection(("127.0.0.1", port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer
