"""A person whom a command is about, named where no other user of the machine reads it."""

import sys

from virta.settings import BrokenProject
from virta.terminal.asking import Unanswered, ask


def named(who: str) -> str:
    """`who`, or for `-` the next line of standard input: what stands on a command line is in the list of
    processes, and in the shell's history. Raises `BrokenProject` if there is none."""
    if who != "-":
        return who
    try:
        line = (
            ask("Whom? An e-mail address, or the id of a person: ")
            if sys.stdin.isatty()
            else sys.stdin.readline()
        )
    except Unanswered:
        line = ""
    if not line.strip():
        raise BrokenProject(
            "`-` stands for a line of standard input, and none came: write the address there."
        )
    return line.strip()
