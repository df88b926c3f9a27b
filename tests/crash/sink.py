"""A foreign mail server in a process of its own: aiosmtpd, which writes down every mail before it says 250.

`python sink.py [--pipelining]` prints its port and ends with its standard input, each line of which names the
file for the mails of connections that come after it. A line of the file is a mail: when it came (ms UTC),
Message-ID, recipient, subject.
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


async def serve(pipelining: bool) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    keeps: list[Keep] = []
    server = await loop.create_server(lambda: SMTP(keeps[-1], enable_SMTPUTF8=True), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while path := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        keeps.append(Keep(path, pipelining))
        print("turned", flush=True)


if __name__ == "__main__":
    asyncio.run(serve("--pipelining" in sys.argv))
