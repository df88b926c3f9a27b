"""Processes that are measured: how they are started, and the CPU and memory that they use, this one too."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TypeAlias

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_VIRTA = "from virta.command import main; main()"


Process: TypeAlias = subprocess.Popen[str]


def virta(*words: object) -> list[str]:
    """A command line of Virta, by this very Python."""
    return [sys.executable, "-c", _VIRTA, *map(str, words)]


def module(name: str, *words: object) -> list[str]:
    """A command line that runs a module."""
    return [sys.executable, "-m", name, *map(str, words)]


def environment() -> dict[str, str]:
    """Of processes that are measured: modules are compiled once and kept, as on any user's machine."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def started(command: Sequence[str], faults: IO[str] | None = None) -> Process:
    """A process that is listened and spoken to. What it writes to standard error goes into `faults`, or
    nowhere."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=faults or subprocess.DEVNULL,
        text=True,
        env=environment(),
    )


def said_by(command: Sequence[str]) -> str:
    """What a process says from its start to its end. Raises `subprocess.CalledProcessError`."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment()).stdout


def cpu_of(command: Sequence[str], rounds: int = 1) -> float:
    """Seconds of CPU that a command uses from its start to its end, the fewest of some rounds. Raises
    `subprocess.CalledProcessError`."""
    return min(cpu_and_words(command)[0] for _ in range(rounds))


def cpu_and_words(command: Sequence[str]) -> tuple[float, str]:
    """Seconds of CPU that a command uses from its start to its end, and what it says. Raises
    `subprocess.CalledProcessError`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = said_by(command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


def held() -> float:
    """MB of memory that this process holds now (where /proc is missing: the most that it ever held)."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / 2**20
    except OSError:
        return peak()


def peak(of: int = resource.RUSAGE_SELF) -> float:
    """MB of memory that this process ever held at most, or (`resource.RUSAGE_CHILDREN`) the largest of those
    that it started and that have ended."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(of).ru_maxrss / unit


def cpu_of_all(*roots: int) -> float:
    """Seconds of CPU that these processes have used up to now, with all that they started: to the
    microsecond, of those that have ended to the hundredth of a second. Where /proc is missing, by ps, and of
    the named ones alone."""
    if not Path("/proc/self/stat").exists():
        return sum(_by_ps(root) for root in roots)
    used: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdecimal():
            try:
                fields = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended meanwhile, and its parent knows what it used
                continue
            used[int(place.name)] = sum(map(int, fields[13:15])) / _TICKS  # what it heard of its children
            children.setdefault(int(fields[1]), []).append(int(place.name))
    total, left = 0.0, list(dict.fromkeys(roots))
    while left:
        process = left.pop()
        total += used.pop(process, 0.0) + _own(process)
        left += children.get(process, [])
    return total


def _own(process: int) -> float:
    """By the clock that Linux has for each process (clock_getcpuclockid(3)); nought when it has ended."""
    try:
        return time.clock_gettime((~process << 3) | 2)
    except OSError:
        return 0.0


def _by_ps(process: int) -> float:
    said = subprocess.run(["ps", "-o", "time=", "-p", str(process)], capture_output=True, text=True).stdout
    seconds = 0.0
    for part in said.strip().replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part or 0)
    return seconds
