"""What receiving a mail costs: our mailbox beside aiosmtpd, both storing, in one run.

`python bench/mailbox.py [MAILS] [--json]`. One client pipelines MAIL, RCPT and DATA of mails with 16 kB over
one connection, to each server in turn and three times over; the CPU is that of the server's process alone.
All run on one core (Linux), because on a virtual machine waking another one can cost more than a whole
mail.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from virta.bench.process import cpu_of_all
from virta.bench.result import agreed

AIOSMTPD = """
import asyncio, sys
from aiosmtpd.smtp import SMTP

class Keep:
    def __init__(self, path):
        self.file = open(path, "ab", buffering=0)

    async def handle_DATA(self, server, session, envelope):
        self.file.write(envelope.content)
        return "250 OK"

async def main():
    keep = Keep(sys.argv[1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(keep, enable_SMTPUTF8=True), "127.0.0.1", 0)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
MAIL = b"Subject: a mail of 16 kB\r\n\r\n" + (b"<td>" + b"kafija " * 10 + b"</td>\r\n") * 200 + b".\r\n"
_FIRST = 50
"""Mails before the clock begins."""
GROUP = b"MAIL FROM:<hello@kafija.example>\r\nRCPT TO:<anna@example.com>\r\nDATA\r\n"


def deliver(port: int, count: int) -> None:
    """Send the mail `count` times and read each reply; an unwelcome one raises `AssertionError`."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        replies = client.makefile("rb")
        assert replies.readline()[:3] == b"220"
        client.sendall(b"EHLO shop.example\r\n")
        while replies.readline()[3:4] == b"-":
            pass
        for _ in range(count):
            client.sendall(GROUP)
            assert [replies.readline()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
            client.sendall(MAIL)
            assert replies.readline()[:3] == b"250"


def measure(command: list[str], count: int, folder: Path) -> float:
    """Microseconds of CPU that the server spends on a mail. Raises `CountsDiffer` if what it has stored below
    `folder` are not as many as it took."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline().replace(":", " ").split()[-1])
        deliver(port, _FIRST)
        before = cpu_of_all(server.pid)
        deliver(port, count)
        spent = cpu_of_all(server.pid) - before
        server.terminate()
    stored = sum(each.read_bytes().count(MAIL[:24]) for each in folder.iterdir() if each.is_file())
    agreed({"mails taken": _FIRST + count, "mails stored": stored})
    return spent / count * 1e6


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    count = numbers[0] if numbers else 1_000
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    ours, theirs = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            mailbox = [sys.executable, "-m", "virta.mailbox", "--port=0", f"--folder={place / 'ours'}"]
            ours.append(measure(mailbox, count, place / "ours"))
            (place / "theirs").mkdir()
            aiosmtpd = [sys.executable, "-c", AIOSMTPD, str(place / "theirs" / "mails")]
            theirs.append(measure(aiosmtpd, count, place / "theirs"))
    result = {
        "mail_bytes": len(MAIL),
        "mailbox_us": round(statistics.median(ours), 1),
        "aiosmtpd_us": round(statistics.median(theirs), 1),
        "ratio": round(statistics.median(t / o for o, t in zip(ours, theirs, strict=True)), 1),
    }
    if "--json" in sys.argv:
        print(json.dumps(result))
    else:
        print(
            f"a mail of {result['mail_bytes']} bytes costs the mailbox {result['mailbox_us']} µs of CPU, "
            f"aiosmtpd {result['aiosmtpd_us']} µs: {result['ratio']} times as much\n"
            f"counted alike: mails taken, mails stored, by each in each of three rounds ({_FIRST + count:,})"
        )


if __name__ == "__main__":
    main()
