"""`python -m virta.mailbox --port 2525 --folder mailbox`: keep every mail that comes."""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from virta.mailbox.faults import Faults
from virta.mailbox.reader import NoMailbox
from virta.mailbox.server import CANNOT_LISTEN, Server, listen
from virta.mailbox.store import MailboxInUse, Store


def main() -> int:
    """Exit codes: 0 stopped by SIGTERM or SIGINT; 2 could not start, 3 could not listen, with the reason on
    standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m virta.mailbox", description="An SMTP server that keeps every mail and sends none on."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2525, help="0: any free one; the first line says which")
    parser.add_argument("--folder", type=Path, required=True, help="where mails.bin stands; made if missing")
    parser.add_argument(
        "--until-stdin-ends", action="store_true", help="stop with the program that started it"
    )
    faults = parser.add_argument_group("faults, by shell patterns of recipients")
    faults.add_argument("--refuse", metavar="PATTERN", default="", help="550 to RCPT")
    faults.add_argument("--defer", metavar="PATTERN", default="", help="451 to RCPT")
    faults.add_argument("--defer-once", metavar="PATTERN", default="", help="451 to the first RCPT of each")
    faults.add_argument(
        "--hang", metavar="PATTERN", default="", help="store, then never answer the final dot"
    )
    faults.add_argument("--drop", metavar="PATTERN", default="", help="store, then close the connection")
    faults.add_argument("--lose", metavar="PATTERN", default="", help="close the connection, storing nothing")
    faults.add_argument("--delay", metavar="SECONDS", type=float, default=0, help="hold back every reply")
    given = vars(parser.parse_args())
    host, port, folder = given.pop("host"), given.pop("port"), given.pop("folder")
    until_stdin_ends = given.pop("until_stdin_ends")
    try:
        listener = listen(host, port)
    except (OSError, OverflowError) as fault:
        why = os.strerror(fault.errno) if isinstance(fault, OSError) and fault.errno else fault
        print(f"The mailbox cannot listen on {host}, port {port}: {why}.", file=sys.stderr)
        return CANNOT_LISTEN
    try:
        store = Store(folder, clock=lambda: time.time_ns() // 1_000_000)
    except (MailboxInUse, NoMailbox, OSError) as fault:
        print(f"The mailbox cannot use {folder}: {fault}", file=sys.stderr)
        return 2
    server = Server(listener, store, Faults(**given), now=time.monotonic)
    server.stop_on(signal.SIGTERM, signal.SIGINT)
    if until_stdin_ends:
        server.stop_at_end_of(sys.stdin.fileno())
    print(f"listening on {host}:{listener.getsockname()[1]}", flush=True)
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
