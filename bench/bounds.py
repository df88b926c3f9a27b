"""What bounds the figures that have an aim: the script that tells where each one's time goes, and the designs
that were tried."""

import ast
from collections.abc import Iterator
from pathlib import Path

from kept import Data, Told

from virta.bench.measures import KEYS, Key
from virta.bench.result import Result
from virta.bench.table import number

HERE = Path(__file__).parent
STAGES = {
    "journey_cpu_us": "journeys",
    "mail_cpu_us": "mail",
    "permit_us": "claims",
    "ingest_events_s": "events",
}


def designs() -> dict[str, str]:
    """The scripts in bench/designs that try several designs, and the figure whose aim each is about: what its
    module says of itself as `AIM`."""
    found = {}
    for path in sorted(HERE.glob("designs/*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            match node:
                case ast.Assign(targets=[ast.Name("AIM")], value=ast.Constant(str(aim))):
                    found[f"designs/{path.stem}"] = aim
    return found


def met(key: Key, found: Result) -> bool:
    """Whether the figure is where it should be."""
    if key.aim is None:
        return True
    return found.value >= key.aim if key.unit.endswith("/s") else found.value <= key.aim


def text(data: Data) -> str:
    """A section for each figure with an aim."""
    return "\n\n".join(part for key in KEYS if key.aim is not None for part in _parts(data, key))


def _parts(data: Data, key: Key) -> Iterator[str]:
    measured = data.figures.get(key.name)
    yield f"### `{key.name}`"
    yield "Not measured yet." if measured is None else _reached(key, measured.result, measured.commit)
    stages = STAGES.get(key.name)
    if stages is not None:
        yield from _told(data.scripts.get(stages), stages)
    for name, aim in designs().items():
        if aim == key.name:
            yield explanation(HERE / f"{name}.py")
            yield from _told(data.scripts.get(name), name)


def _reached(key: Key, each: Result, at: str) -> str:
    assert key.aim is not None
    share = max(each.value, key.aim) / min(each.value, key.aim)
    reached = f"The aim is **{'met' if met(key, each) else 'not met'}**: {number(each.value)} {each.unit}"
    side = "over" if each.value > key.aim else "under"
    flat = ""
    if key.flat and each.ratio is not None:
        held = "flat" if each.ratio <= key.flat else "not flat"
        flat = f" From {each.beside} to {each.size:,} it is {held}: {each.ratio:.2f} times, aim {key.flat:g}."
    return f"{reached}, {share:.2f} times {side} {number(key.aim)} (at {at}).{flat}"


def explanation(path: Path) -> str:
    """What a script says of itself above the line that says how it is called."""
    paragraphs = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")
    words = [" ".join(each.split()) for each in paragraphs if f"python bench/{path.parent.name}/" not in each]
    return "\n\n".join(words)


def _told(told: Told | None, name: str) -> Iterator[str]:
    if told is None:
        yield f"`bench/{name}.py` was not run yet."
    else:
        yield f"```text\n{told.text}\n```\n\nBy `bench/{name}.py`, at {told.commit}."
