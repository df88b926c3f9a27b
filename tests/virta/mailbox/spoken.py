"""What clients say to the mailbox and hear from it."""

import socket

Kept = list[tuple[str, list[str], bytes]]
GROUP = (
    b"EHLO shop.example\r\n"
    b"MAIL FROM:<hello@kafija.example> SIZE=40 BODY=8BITMIME\r\nRCPT TO:<anna@example.com>\r\nDATA\r\n"
    b"Subject: one\r\n\r\n..hidden\r\n...\r\n.\r\n"
    b"MAIL FROM:<>\r\nRCPT TO:<bert@example.com>\r\nRCPT TO:<cilla@example.com>\r\nDATA\r\n"
    b".\r\n"
    b"MAIL FROM:<a@example.com>\r\nRSET\r\nNOOP\r\nVRFY anna\r\nQUIT\r\n"
)
CODES = [250] * 6 + [250, 250, 354, 250, 250, 250, 250, 354, 250, 250, 250, 250, 252, 221]
KEPT: Kept = [
    ("hello@kafija.example", ["anna@example.com"], b"Subject: one\r\n\r\n.hidden\r\n..\r\n"),
    ("", ["bert@example.com", "cilla@example.com"], b""),
]


def codes(replies: bytes) -> list[int]:
    """The codes of replies, in order."""
    return [int(line[:3]) for line in replies.splitlines()]


def everything_said(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    with client:
        return b"".join(iter(lambda: client.recv(65_536), b""))
