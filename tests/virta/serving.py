"""`virta serve` in a process of its own, and what it has done, looked at from outside."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")

PATIENCE = 90.0
"""Seconds after which what has not come is taken for missing; nothing depends on how long it takes."""


def eventually(look: Callable[[], T | None]) -> T:
    """What `look` finds, once it finds something."""
    end = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{look} has found nothing in {PATIENCE:.0f} s")
        time.sleep(0.02)


class Served:
    """A project that is served. Use it in a `with`; it is there once it says where its pages are."""

    def __init__(self, folder: Path, *words: str, before: str = "", **environment: str) -> None:
        self.folder = folder
        self.log_file = folder.parent / f"{folder.name}.log"
        program = f"{before}\nfrom virta.command import main\nmain()"
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program, "serve", str(folder), "--port", "0", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | {"STALL_API_KEY": "the stall's key"} | environment,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        found = re.search(r"http://[\d.:]+", self.first_line)
        self.url = found[0] if found else ""

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal to the process's whole group, as a terminal does; its exit code."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def log(self) -> list[dict[str, str]]:
        """The lines of the log so far, those of earlier lives of the same folder among them."""
        lines = self.log_file.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def told(self, event: str) -> list[dict[str, str]]:
        """The lines about one kind of thing."""
        return [line for line in self.log() if line["event"] == event]

    def plain(self) -> list[str]:
        """What was written to standard error beside the log."""
        return [line for line in self.log_file.read_text("utf-8").splitlines() if not line.startswith("{")]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.ended()
