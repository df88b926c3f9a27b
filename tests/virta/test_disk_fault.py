"""What the operating system says names a file and a reason, whatever it left out."""

import errno
import os
from pathlib import Path

import pytest

from virta.disk_fault import disk_fault


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            OSError(errno.EACCES, os.strerror(errno.EACCES), "/shop/a"),
            "/shop/a cannot be read: Permission denied.",
        ),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "/shop cannot be read: No space left on device."),
        (OSError("odd"), "/shop cannot be read: odd."),
    ],
)
def test_the_place_stands_for_a_file_that_is_not_named(fault: OSError, told: str) -> None:
    """Nobody reads that None cannot be read."""
    assert str(disk_fault(fault, Path("/shop"), "read")) == told
