"""The log itself, on a disk that is full."""

import subprocess
import sys

PROGRAM = """
import structlog
from virta.logs import set_up_logs

set_up_logs(form="json")
for number in range(3):
    structlog.get_logger("virta").error("a line", number=number)
print("went on")
"""


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    """Its lines are lost, and nothing else."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=full, text=True, check=False
        )
    assert done.stdout == "went on\n"
