"""What the operating system says of files, in words."""

from pathlib import Path

from virta.settings import BrokenProject


def disk_fault(fault: OSError, place: Path, done: str) -> BrokenProject:
    """The fault as one of the project: which file could not be `done` ("read", "used") and why. The system
    names no file when a disk is full: then it is something in `place`."""
    return BrokenProject(f"{fault.filename or place} cannot be {done}: {fault.strerror or fault}.")
