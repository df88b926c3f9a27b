"""Look for input that the compiler cannot bear, led by the coverage of `dsl`: `make fuzz`.

A find is kept in `found/` and played again by tests/dsl/test_fuzz_found.py; the run goes on, and tells at its
end how many there were."""

import argparse
import hashlib
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dsl"]):
    from fuzzed import FOUND, KINDS, beginnings, play, words

_SLOW = 5.0
_LONGEST = 20_000


class Hunt:
    """A run: where finds go, which faults are known already, and how much was tried."""

    def __init__(self, found: Path) -> None:
        self.found = found
        self.faults: set[str] = set()
        self.tried = 0
        self.words = words()
        self.lines = [
            line
            for kind, data in beginnings()
            if kind == "flow"
            for line in data.split(b"\n")
            if line.strip()
        ]

    def once(self, data: bytes) -> None:
        """Play one input: its first byte says which kind of file it is."""
        if not data:
            return
        self.tried += 1
        kind = KINDS[data[0] % len(KINDS)]
        began = time.process_time()
        fault = ""
        try:
            play(kind, data[1:])
        except Exception as error:  # noqa: BLE001 - any fault at all is what is looked for
            frames = traceback.extract_tb(error.__traceback__)
            at = [frame for frame in frames if "/dsl/" in frame.filename] or list(frames)
            fault = f"{type(error).__name__} {Path(at[-1].filename).name}:{at[-1].lineno}"
            if isinstance(error, AssertionError):
                fault += " " + str(error)[:60]
        if not fault and time.process_time() - began > _SLOW:
            fault = "slow"
        if fault and fault not in self.faults:
            self.faults.add(fault)
            name = f"{hashlib.sha256(data).hexdigest()[:12]}.{kind}"
            (self.found / name).write_bytes(data[1:])
            print(f"FOUND {name}: {fault}", flush=True)

    def changed(self, data: bytes, longest: int, seed: int) -> bytes:
        """Another input near this one: lines moved, doubled or taken from elsewhere, words exchanged, or, one
        time in three, bytes changed as the library changes them."""
        chance = random.Random(seed)
        if len(data) < 2 or chance.random() < 0.3:
            return atheris.Mutate(data, longest)
        lines = data[1:].split(b"\n")
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(lines))
            match chance.randrange(8):
                case 0:
                    lines.insert(at, chance.choice(self.lines))
                case 1:
                    if len(lines) > 1:
                        del lines[at]
                case 2:
                    lines.insert(chance.randrange(len(lines) + 1), lines[at])
                case 3:
                    lines[at] = b" " * 4 * chance.randrange(5) + lines[at].lstrip()
                case 4:
                    lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
                case 5:
                    words = lines[at].split(b" ")
                    words.insert(chance.randrange(len(words) + 1), chance.choice(self.words))
                    lines[at] = b" ".join(words)
                case 6 | 7:
                    words = lines[at].split(b" ")
                    words[chance.randrange(len(words))] = chance.choice(self.words)
                    lines[at] = b" ".join(words)
        return (data[:1] + b"\n".join(lines))[:longest]


def main() -> None:
    """Hunt for the seconds given, beginning with everything that was ever written down."""
    given = argparse.ArgumentParser()
    given.add_argument("--seconds", type=int, default=3600)
    given.add_argument("--found", type=Path, default=FOUND)
    given.add_argument("--corpus", type=Path, help="a folder that keeps what the run learnt")
    settings = given.parse_args()
    settings.found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        corpus = settings.corpus or Path(scratch) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for kind, data in beginnings():
            inputs = bytes([KINDS.index(kind)]) + data
            (corpus / hashlib.sha256(inputs).hexdigest()[:16]).write_bytes(inputs)
        hunt = Hunt(settings.found)
        flags = [
            f"-max_total_time={settings.seconds}",
            f"-max_len={_LONGEST}",
            f"-artifact_prefix={scratch}/",
            "-timeout=300",
            "-report_slow_units=300",
            "-rss_limit_mb=0",
        ]
        atheris.Setup([sys.argv[0], *flags, str(corpus)], hunt.once, custom_mutator=hunt.changed)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
