"""What every rival runs: a journey of ten steps about one person, and how it tells that it begins and ends.

It is the flow of `virta bench`, whose waits are made instant: no product waits less than nothing. A journey
is a dictionary that can be stored as JSON; each step adds a line to it, as a journal would.
"""

import json
import random
import sys
from collections.abc import Mapping, Sequence
from typing import Any

COUNT = 10


def journeys(count: int) -> list[dict[str, Any]]:
    """People in random order."""
    dice = random.Random(count)
    return [
        {
            "id": f"{dice.getrandbits(128):032x}",
            "city": dice.choice(["Riga", "Tartu", None]),
            "visits": dice.randrange(8),
            "way": "",
            "lines": [],
        }
        for _ in range(count)
    ]


def walk(journey: dict[str, Any], step: int) -> dict[str, Any]:
    """The journey after one of its steps, 0 to 9."""
    match step:
        case 1:
            said = "an hour more" if journey["visits"] > 3 else "no hour more"
        case 3:
            said = journey["way"] = "short" if int(journey["id"][:8], 16) % 2 else "long"
        case 4:
            said = "two days" if journey["way"] == "short" else "three days"
        case 7:
            said = "in Riga" if journey["city"] == "Riga" else "elsewhere"
        case 9:
            said = "over"
        case _:
            said = "waited"
    journey["lines"].append(f"{step} {said}")
    return journey


def whole(journey: Mapping[str, Any]) -> bool:
    """Whether it has been through all steps, each once and in order."""
    return [line.split()[0] for line in journey["lines"]] == [str(step) for step in range(COUNT)]


def ready(*processes: int) -> None:
    """Everything runs that the journeys need. `processes` were started and are not children of this one, as a
    database is. Returns when the CPU that was used so far has been looked up."""
    _tell({"processes": list(processes)})


def done(ended: Sequence[Mapping[str, Any]] | int) -> None:
    """So many have ended, or these, of which only whole ones count. Returns when the CPU was looked up."""
    _tell({"ended": ended if isinstance(ended, int) else sum(map(whole, ended))})


def _tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)
    sys.stdin.readline()
