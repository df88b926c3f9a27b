"""`python -m visitors FILE.jsonl`: write the acts of everyone."""

import sys
from collections.abc import Iterable
from pathlib import Path
from zoneinfo import ZoneInfo

from virta.visitors import write_acts

from . import acts
from .timetable import SHOP_ZONE


def main(arguments: Iterable[str]) -> int:
    """Write the file that is named, and say how many acts it holds."""
    match list(arguments):
        case [name]:
            print(f"{write_acts(Path(name), acts(), ZoneInfo(SHOP_ZONE)):,} acts written to {name}")
            return 0
        case _:
            print("usage: python -m visitors FILE.jsonl", file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
