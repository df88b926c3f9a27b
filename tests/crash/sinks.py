"""The sink as the tests hold it."""

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self


class Sink:
    """aiosmtpd in its own process. What it acknowledged since the last `turn_to` stands in `file`."""

    def __init__(self, pipelining: bool) -> None:
        self.file = Path()
        command = [sys.executable, str(Path(__file__).with_name("sink.py"))]
        self._process = subprocess.Popen(
            command + ["--pipelining"] * pipelining, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def turn_to(self, file: Path) -> None:
        """Mails of connections that come from now on stand there. What a killed life had sent may still
        come, and comes to the file of its own time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.file = file
        file.touch()
        self._process.stdin.write(f"{file}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "turned\n"

    def lines(self) -> list[tuple[int, str, str, str]]:
        """When each mail came (ms UTC), its Message-ID, recipient and subject, in order."""
        found = []
        for line in self.file.read_text().splitlines():
            at, identity, recipient, subject = line.split("\t")
            found.append((int(at), identity, recipient, subject))
        return found
