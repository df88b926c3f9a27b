"""What a backup or a restore that was cut short has left beside the stores."""

from pathlib import Path

from virta.keeping.places import is_marked

_PATTERN = "*.part"


def leftovers(data: Path) -> list[Path]:
    """Files and folders that nothing will ever take up. None while a restore is not ended: doing it again
    clears them away."""
    return [] if is_marked(data) else sorted(data.glob(_PATTERN))
