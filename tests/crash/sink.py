"""A foreign mail server in a process of its own: aiosmtpd, which writes down every mail before it says 250.

`python sink.py FILE [--pipelining]` prints its port and ends with its standard input. A line of the file is
a mail: when it came (ms UTC), Message-ID, recipient, subject.
"""

import asyncio
import os
import sys
import time
from email import message_from_bytes
from email.policy import SMTP as POLICY
from typing import Any

from aiosmtpd.smtp import SMTP


class Keep:
    """aiosmtpd's handler. One write a line, so that a reader sees whole lines or none."""

    def __init__(self, path: str, pipelining: bool) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._pipelining = pipelining

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if self._pipelining:  # it reads line by line, so it can; it only does not say so
            responses.insert(1, "250-PIPELINING")
        return responses

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=POLICY)
        words = (time.time_ns() // 1_000_000, mail["Message-ID"], envelope.rcpt_tos[0], mail["Subject"])
        os.write(self._file, ("\t".join(map(str, words)) + "\n").encode())
        return "250 kept"


async def serve(path: str, pipelining: bool) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    keep = Keep(path, pipelining)
    server = await loop.create_server(lambda: SMTP(keep, enable_SMTPUTF8=True), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], "--pipelining" in sys.argv))
