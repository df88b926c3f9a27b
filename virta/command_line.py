"""Command lines read: the words behind `virta` become a call of a command's function."""

import sys
from functools import cache

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from virta.command_table import GROUPS, SAYS, VERSION
from virta.settings import BrokenProject


@cache
def app() -> App:
    """The commands as cyclopts knows them, each loaded when it is called."""
    only_as_told = Parameter(negative="")  # no `--no-keep` beside each `--keep`
    whole = App(
        name="virta", help=SAYS, version=VERSION, help_format="plaintext", default_parameter=only_as_told
    )
    parents = {"": whole}
    for group in GROUPS:
        for command in group.commands:
            above, _, name = command.name.rpartition(" ")
            if above in _alone():  # a command itself: what stands below it is one of two words
                above, name = "", command.name
            if above not in parents:
                parents[above] = App(name=above, help=group.title)
                whole.command(parents[above])
            parents[above].command(command.target, name=name, help=command.says)
    return whole


def _alone() -> set[str]:
    return {command.name for group in GROUPS for command in group.commands if " " not in command.name}


def _joined(words: list[str]) -> list[str]:
    """The words, with those of a command that stands below another as one."""
    two = " ".join(words[:2])
    known = any(command.name == two for group in GROUPS for command in group.commands)
    return [two, *words[2:]] if known and words[0] in _alone() else words


def carry_out(words: list[str]) -> int:
    """Carry out one command line and give its exit code. Faults of usage and of the project are told in one
    line on standard error."""
    try:
        code = app()(_joined(words), exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as fault:
        print(f"virta: {_plain(fault)} See `{_help(words)}`.", file=sys.stderr)
        return 2
    except BrokenProject as fault:
        print(f"virta: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else 0


def _plain(fault: CycloptsError) -> str:
    """The fault as one line of plain text."""
    if isinstance(fault, UnusedCliTokensError):
        words = " ".join(fault.unused_tokens or ())
        return f"There is nothing that `{words}` could mean here."
    return " ".join(str(fault).split())


def _help(words: list[str]) -> str:
    """The words that show how the command is used which somebody meant."""
    known = {command.name for group in GROUPS for command in group.commands}
    meant = next((name for name in (" ".join(words[:2]), *words[:1]) if name in known), "")
    return " ".join(filter(None, ("virta", meant, "--help")))
