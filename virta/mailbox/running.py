"""A mailbox in a process of its own, started from a program."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from virta.mailbox.server import CANNOT_LISTEN


class MailboxFailed(Exception):
    """The server did not start; the message is its own."""


class PortRefused(MailboxFailed):
    """It could not listen on its port, which another program has or only the system's administrator may."""


@dataclass(frozen=True, slots=True)
class Running:
    """A mailbox that runs. Use it in a `with`, or call `stop`; it ends with the program that started it."""

    folder: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        """As `smtp.url` in virta.toml wants it."""
        return f"smtp://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """End the server with SIGTERM and wait until it has gone. What it acknowledged is in the folder."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    folder: Path,
    port: int = 0,
    *,
    refuse: str = "",
    defer: str = "",
    defer_once: str = "",
    hang: str = "",
    drop: str = "",
    lose: str = "",
    delay: float = 0,
) -> Running:
    """Start a mailbox on 127.0.0.1 and return when it listens; port 0 takes any free one.

    The other arguments are those of `Faults`. Raises `MailboxFailed`.
    """
    patterns = {
        "refuse": refuse,
        "defer": defer,
        "defer-once": defer_once,
        "hang": hang,
        "drop": drop,
        "lose": lose,
    }
    faults = [f"--{name}={pattern}" for name, pattern in patterns.items() if pattern]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "virta.mailbox", "--until-stdin-ends", f"--port={port}"),
            *(f"--folder={folder}", f"--delay={delay}", *faults),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C goes to a terminal's whole group: the mailbox stops only after those that send to it.
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line:
        said = process.stderr.read().strip()
        Running(folder, port, process).stop()
        raise (PortRefused if process.returncode == CANNOT_LISTEN else MailboxFailed)(said)
    return Running(folder, int(line.rpartition(":")[2]), process)
