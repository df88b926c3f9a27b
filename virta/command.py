"""The command line: `virta COMMAND …`. Each command is a file in `commands/`, loaded when it is called."""

import codecs
import gc
import os
import sys
from io import TextIOWrapper

from virta.command_table import GROUPS, VERSION, overview

_NO_READER = 141  # what a shell says of a program that SIGPIPE ended
_WHOLE = "virta"
_HELP = ("--help", "-h")
_BRIEF = ("check", "explain", "fmt", "graph")
"""Commands that are over before any garbage would be in their way."""
_SILENT = (*_BRIEF, "lsp")
"""Commands that reach nothing which keeps a log, or that set up one of their own."""
_MADE_BETWEEN_LOOKS = 10_000
"""Objects after which Python looks for garbage in the others. After 700, as it does by itself, bringing in
the modules of a command costs a quarter more, and none of them is garbage."""


def main() -> None:
    """Entry point. Exit codes: 0 fine, 1 findings or a failed expectation, 2 usage or a broken project,
    130 Ctrl-C, 141 nobody reads the output any more (as in `virta mailbox | head`)."""
    gc.set_threshold(0 if sys.argv[1:2] and sys.argv[1] in _BRIEF else _MADE_BETWEEN_LOOKS)
    codecs.register_error(_WHOLE, _whole)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors=_WHOLE)
    if sys.argv[1:2] and sys.argv[1] not in _SILENT and not sys.argv[1].startswith("-"):
        _keep_output_clean()
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered must go somewhere, or the interpreter complains of it as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _NO_READER
    gc.freeze()  # all of it goes with the process: looking through it for garbage once more costs a tenth
    sys.exit(code)


def _keep_output_clean() -> None:
    """What the engine logs while a command does its work is no part of the answer on standard output. A
    command that is all log, as `serve` is, sets it up anew."""
    import logging

    from virta.logs import set_up_logs

    set_up_logs(logging.WARNING)


def run(words: list[str]) -> int:
    """Carry out one command line and give its exit code."""
    if words == ["--version"]:
        print(VERSION)
        return 0
    asked = [word for word in words if word not in _HELP]
    if not asked or (len(asked) == 1 and asked[0] in _above()):
        print(overview(*asked), end="")
        return 0
    from virta.command_line import carry_out  # reading options takes a library that takes its time

    return carry_out(words)


def _above() -> set[str]:
    """The first words of commands that have two, unless they are one themselves."""
    names = [command.name for group in GROUPS for command in group.commands]
    return {name.partition(" ")[0] for name in names if " " in name}.difference(names)


def _whole(fault: UnicodeError) -> tuple[str | bytes, int]:
    """For text that standard output has no bytes for: names of files stay the bytes that they are, so that
    they can be copied, and all else is spelled out."""
    try:
        return codecs.lookup_error("surrogateescape")(fault)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(fault)
