"""What `virta check` costs: a project of a hundred flows, in a process of its own, its start included."""

from pathlib import Path

from virta.bench.many_flows import NAMES, make
from virta.bench.process import cpu_of, said_by, virta
from virta.bench.result import Figure, Run, agreed
from virta.bench.ten_steps import Told

ROUNDS = 3


def measure(folder: Path, flows: int, told: Told) -> Run:
    """Seconds of CPU, the fewest of some rounds, beside those of a project with one flow."""
    whole, small = folder / "whole", folder / "small"
    for place, count in ((whole, flows), (small, 1)):
        place.mkdir()
        make(place, count)
    said = said_by(virta("check", whole))
    counts = agreed({"flows": flows, "flows checked": found(said, "Flows: ")})
    agreed({"mails": flows * len(NAMES), "mails checked": found(said, "templates: ")})
    told(0.3, flows)
    spent = cpu_of(virta("check", whole), ROUNDS)
    told(0.8, flows)
    start = cpu_of(virta("check", small), ROUNDS)
    told(1.0, flows)
    return Run(flows, {"check": Figure(spent, start)}, counts, {"after start, s": spent - start})


def found(said: str, word: str) -> int:
    """The number behind a word, 0 where it is not said."""
    digits = said.partition(word)[2].split(",")[0].strip(".\n ")
    return int(digits) if digits.isdigit() else 0
