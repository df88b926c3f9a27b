"""What a key costs in an editor, in a project of a hundred flows: the check that follows it, and the names
that are offered after it. Beside it, `virta --help` and an empty Python in the same run.

    python bench/check.py [FLOWS]

`virta bench --only check_100_flows_s` gives what a check in a fresh process costs."""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from lsprotocol.types import Position

from virta.bench.checking import ROUNDS
from virta.bench.many_flows import make
from virta.bench.process import cpu_of, virta
from virta.language_server.completion import complete
from virta.language_server.findings import diagnostics
from virta.language_server.workspace import Workspace


def keys(folder: Path) -> tuple[float, float]:
    """Seconds of CPU that a check after one more key in a flow costs, and what is offered there; the best of
    some rounds, behind a first check."""
    path = folder / "flows" / "flow_0.flow"
    text = path.read_text()
    editor = Workspace(lambda zone: date(2026, 1, 1))
    checks, offers = [], []
    for number in range(ROUNDS + 1):
        begin = time.process_time()
        editor.set_text(path, f"{text}    wait {number + 1} days\n    send wrong_{number}\n")
        found = diagnostics(editor.snapshot(folder))
        checks.append(time.process_time() - begin)
        if [each.code for each in found["flows/flow_0.flow"]] != ["E501"]:
            raise SystemExit(f"Something else was found than the template that is not there: {found}")
        begin = time.process_time()
        editor.set_text(path, f"{text}    wait {number + 1} days\n    send \n")
        offered = complete(
            editor.snapshot(folder), "flows/flow_0.flow", Position(len(text.splitlines()) + 1, 9)
        )
        offers.append(time.process_time() - begin)
        if "thanks_0" not in {each.label for each in offered}:
            raise SystemExit("The mails of the project were not offered.")
    return min(checks[1:]), min(offers[1:])


def main() -> None:
    """Measure and print."""
    flows = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), flows)
        bare = cpu_of([sys.executable, "-c", "pass"], ROUNDS)
        overview = cpu_of(virta("--help"), ROUNDS)
        check, offer = keys(Path(name))
    print(f"empty Python                                 {bare:.3f} s")
    print(f"virta --help                                 {overview:.3f} s")
    print(f"checked again after a key in one of {flows} flows {check:.3f} s")
    print(f"names offered after that key                 {offer:.3f} s")


if __name__ == "__main__":
    main()
