"""`virta serve consent` in a process of its own, and a stall whose engine asks it."""

import os
import re
import secrets
import signal
import subprocess
import sys
from pathlib import Path

from serving import Served
from stall import make_stall, own_port

from consent.app.access import make_key
from consent.calls import Scope
from virta.consent_door import ACCESS

PROGRAM = "from virta.command import main\nmain()"


class ServedConsent(Served):
    """The consent service of a project, on a port that it keeps from one life to the next."""

    def __init__(self, folder: Path, port: int, *words: str) -> None:
        self.folder = folder
        self.words = words
        self.port = port
        self.log_file = folder.parent / f"{folder.name}.log"
        self.again()

    def again(self) -> None:
        """Another life."""
        words = ["serve", "consent", str(self.folder), "--port", str(self.port), *self.words]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=os.environ | {"STALL_API_KEY": ""},
                start_new_session=True,
            )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        found = re.search(r"http://[\d.:]+\d", self.first_line)
        self.url = found[0] if found else ""

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        self.stop(signal.SIGKILL)


def make_two(folder: Path, mail_server: str) -> tuple[Path, Path, int, str]:
    """The folders of an engine and of its consent service, each with keys of its own; the port of the latter,
    and the key to it."""
    port = own_port()
    engine = make_stall(folder / "engine", mail_server)
    consent = make_stall(folder / "consent", mail_server)
    there = f'\n[consent]\nurl = "http://127.0.0.1:{port}"\nkey = "env:STALL_CONSENT_KEY"\n'
    with (engine / "virta.toml").open("a", encoding="utf-8") as file:
        file.write(there)
    (consent / "flows" / "thanks.flow").write_text("this is no flow, and none of its business\n", "utf-8")
    path = consent / "data" / ACCESS
    return engine, consent, port, make_key(path, "engine", [Scope.ENGINE], secrets.token_bytes, 0)
