"""What docs/performance.json keeps: figures, what scripts printed, rivals; each with the commit that it was
measured at, and how long that took."""

from pathlib import Path

import msgspec
from msgspec import Struct
from rivals import Found

from virta.bench.result import Result

DATA = Path(__file__).parents[1] / "docs" / "performance.json"


class Told(Struct, frozen=True):
    """What a script printed, and the seconds by the wall that it took."""

    commit: str
    text: str
    seconds: float = 0.0


class Measured(Struct, frozen=True):
    """A figure."""

    commit: str
    result: Result


class Beside(Struct, frozen=True):
    """The rivals, and the seconds by the wall that they took."""

    commit: str
    found: Found
    seconds: float = 0.0


class Data(Struct):
    """All that the page shows."""

    machine: str = ""
    figures: dict[str, Measured] = {}
    scripts: dict[str, Told] = {}
    rivals: Beside | None = None


def read(path: Path = DATA) -> Data:
    """What was measured last."""
    return msgspec.json.decode(path.read_bytes(), type=Data) if path.exists() else Data()


def keep(data: Data) -> None:
    """Write it down."""
    DATA.write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")


def take(data: Data, found: bytes, at: str, seconds: float = 0.0) -> None:
    """Figures as `virta bench --format json` or `rivals.py --json` give them; quick ones are refused."""
    read = msgspec.json.decode(found, type=dict[str, msgspec.Raw])
    if "rivals" in read:
        data.rivals = Beside(at, msgspec.json.decode(found, type=Found), seconds)
        return
    for name, raw in read.items():
        result = msgspec.json.decode(raw, type=Result)
        if result.quick:
            raise SystemExit(f"{name} was measured in haste.")
        data.figures[name] = Measured(at, result)
