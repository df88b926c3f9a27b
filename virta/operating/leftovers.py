"""What is left beside the stores: by a backup or a restore that was cut short, by imports."""

from pathlib import Path

from virta.keeping.places import is_marked

_PATTERN = "*.part"
_FAULTY = "imports/*-faults.csv"


def faulty_rows(data: Path) -> list[Path]:
    """Files of rows that could not be imported, which show what stood in them: people may be among it."""
    return sorted(data.glob(_FAULTY))


def leftovers(data: Path) -> list[Path]:
    """Files and folders that nothing will ever take up. None while a restore is not ended: doing it again
    clears them away."""
    return [] if is_marked(data) else sorted(data.glob(_PATTERN))
