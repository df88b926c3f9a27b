"""The command line: `virta COMMAND …`. Each command is a file in `commands/`, loaded when it is called."""

import codecs
import os
import sys
from io import TextIOWrapper

from cyclopts import App, CycloptsError, UnusedCliTokensError

from virta.settings import BrokenProject

_NO_READER = 141  # what a shell says of a program that SIGPIPE ended
_WHOLE = "virta"

app = App(
    name="virta",
    help="E-mail marketing automation as code, with consent that can be proved.",
    version="0.1.0",
)
app.command("virta.commands.new:new", name="new", help="Make a project, ready to be served.")
app.command("virta.commands.check:check", name="check", help="Say what is wrong with flows and templates.")
app.command("virta.commands.graph:graph", name="graph", help="Draw flows, or print them as JSON.")
app.command(
    "virta.commands.simulate:simulate",
    name="simulate",
    help="Replay visitors through the flows on a virtual clock.",
)
app.command("virta.commands.serve:serve", name="serve", help="Serve pages and API, run flows, send mails.")
app.command("virta.commands.why:why", name="why", help="Tell a person's story, and why a mail did not go.")
app.command("virta.commands.mailbox:mailbox", name="mailbox", help="Show what the local mailbox holds.")

consent = App(name="consent", help="What people agreed to, and the proof of it.")
app.command(consent)
consent.command("virta.commands.consent_show:show", name="show", help="Show where a person stands, and why.")
consent.command(
    "virta.commands.consent_export:export",
    name="export",
    help="Write the log and the decisions to a file that proves itself.",
)
consent.command(
    "virta.commands.consent_verify:verify", name="verify", help="Check an export, without the project."
)
consent.command("virta.commands.consent_keys:keys", name="keys", help="Print the log's public keys.")


def main() -> None:
    """Entry point. Exit codes: 0 fine, 1 findings or a failed expectation, 2 usage or a broken project,
    130 Ctrl-C, 141 nobody reads the output any more (as in `virta mailbox | head`)."""
    codecs.register_error(_WHOLE, _whole)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors=_WHOLE)
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered must go somewhere, or the interpreter complains of it as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _NO_READER
    sys.exit(code)


def _whole(fault: UnicodeError) -> tuple[str | bytes, int]:
    """For text that standard output has no bytes for: names of files stay the bytes that they are, so that
    they can be copied, and all else is spelled out."""
    try:
        return codecs.lookup_error("surrogateescape")(fault)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(fault)


def run(words: list[str]) -> int:
    """Carry out one command line and give its exit code. Faults of usage and of the project are told in one
    line on standard error."""
    try:
        code = app(words, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as fault:
        print(f"virta: {_plain(fault)}", file=sys.stderr)
        return 2
    except BrokenProject as fault:
        print(f"virta: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code if isinstance(code, int) else 0


def _plain(fault: CycloptsError) -> str:
    """The fault as one line of plain text, with the way to help."""
    if isinstance(fault, UnusedCliTokensError):
        words = " ".join(fault.unused_tokens or ())
        return f"There is nothing that `{words}` could mean here. See `virta --help`."
    return f"{' '.join(str(fault).split())} See `virta --help`."
