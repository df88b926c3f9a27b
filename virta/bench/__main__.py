"""`python -m virta.bench MODULE SIZE`: one run, in a process of its own; how far it is and what it gives are
lines of JSON on standard output. Exit code 1: the counts do not agree, which standard error tells."""

import logging
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

import msgspec

from virta.bench.result import CountsDiffer
from virta.logs import set_up_logs

_PAUSE = 0.2  # seconds between two lines that tell how far it is


def main(measure: str, size: int) -> int:
    """Run it, and tell."""
    set_up_logs(logging.CRITICAL)
    last = 0.0

    def told(done: float, count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _PAUSE:
            last = now
            _say({"done": done, "count": count})

    with tempfile.TemporaryDirectory(prefix="virta-bench-") as folder:
        try:
            run = import_module(measure).measure(Path(folder), size, told)
        except CountsDiffer as fault:
            print(fault, file=sys.stderr)
            return 1
    _say(run)
    return 0


def _say(what: object) -> None:
    print(msgspec.json.encode(what).decode(), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
