"""Runs of measures, each in a process of its own, so that its memory and CPU are its own."""

import tempfile
import time
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from virta.bench.process import module, started
from virta.bench.result import Run


class Unmeasured(Struct, frozen=True):
    """A run that gave nothing, and why."""

    measure: str
    size: int
    why: str


class _Way(Struct, frozen=True):
    done: float
    count: int


def run_apart(measure: str, size: int, told: Callable[[float, int], None]) -> Run | Unmeasured:
    """One run. `told` hears how far it is, from 0 to 1, and how many things it has done."""
    found: Run | None = None
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as faults:
        with started(module("virta.bench", measure, size), faults) as process:
            assert process.stdout is not None
            for line in process.stdout:
                read = msgspec.json.decode(line, type=dict[str, object])
                if "done" in read:
                    way = msgspec.convert(read, _Way)
                    told(way.done, way.count)
                else:
                    found = msgspec.convert(read, Run)
        if process.returncode == 0 and found is not None:
            return replace(found, seconds=time.monotonic() - began)
        faults.seek(0)
        said: Sequence[str] = faults.read().strip().splitlines() or ["it ended without a word"]
    return Unmeasured(measure, size, said[-1])
