"""A fork server: it has imported everything once, so that a life costs only what it does.

It reads one JSON object a line and answers with one: `{"life": …}` is a life of the shop, `{"seed": …}` makes
the files that lives begin from. No thread and no loop exists here before a fork.
"""

import asyncio
import gc
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct, convert, to_builtins


class Life(Struct, frozen=True, kw_only=True):
    """What one life gets to do. `orders` are the people whose orders it is told of, all placed at `at`.
    It kills itself at `point` (a name in `points`) the `nth` time, is killed after `milliseconds`, or lives
    until everything is done. `deaf` is how many seconds consent does not answer from the start on. What it
    commits is named in the file `census`. `boot` is the machine's start in which it lives; with a `shadow`
    that folder has of each file what was synced."""

    folder: str
    port: int
    at: int
    orders: int = 0
    point: str = ""
    nth: int = 0
    milliseconds: int = 0
    deaf: float = 0
    census: str = ""
    boot: str = ""
    shadow: str = ""


class Seed(Struct, frozen=True, kw_only=True):
    """Files of a shop to which so many people have agreed."""

    folder: str
    people: int


class Nursery:
    """The fork server as the tests hold it: a process of its own, without the test runner's threads."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        self._log.close()

    def live(self, life: Life) -> bool:
        """Whether it was killed; a life that fails is an `AssertionError`."""
        return self._ask("life", life) == -signal.SIGKILL

    def seed(self, seed: Seed) -> None:
        """Make the files."""
        assert self._ask("seed", seed) == 0

    def _said(self) -> str:
        return Path(self._log.name).read_text(errors="replace")[-4000:]

    def _ask(self, what: str, which: Life | Seed) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({what: to_builtins(which)}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the nursery is gone; its log says why"
        code: int = json.loads(line)["code"]
        assert code in (0, -signal.SIGKILL), f"a life ended with {code}:\n{self._said()}"
        return code


def main() -> None:
    """Serve until standard input ends."""
    import lives

    gc.collect()
    gc.freeze()  # a child that collects would touch, and so copy, every page of what was imported
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _be_born(lives, asked)
        milliseconds = asked.get("life", {}).get("milliseconds", 0)
        if milliseconds:
            _kill_after(child, milliseconds / 1000)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


def _be_born(lives: object, asked: dict[str, dict[str, object]]) -> None:
    """In the child: no way leads back into the server's loop."""
    code = 1
    try:
        os.dup2(2, 1)
        if "seed" in asked:
            asyncio.run(lives.seed(convert(asked["seed"], Seed)))  # type: ignore[attr-defined]
        else:
            asyncio.run(lives.live(convert(asked["life"], Life)))  # type: ignore[attr-defined]
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


def _kill_after(child: int, seconds: float) -> None:
    """From outside, unless it has ended by itself."""
    handle = os.pidfd_open(child)
    try:
        ended, _, _ = select.select([handle], [], [], seconds)
        if not ended:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    finally:
        os.close(handle)


def now() -> int:
    """Milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()
