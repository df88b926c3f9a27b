"""The command line: `virta COMMAND …`. Each command is a file in `commands/`, loaded when it is called."""

import sys

from cyclopts import App

from virta.settings import BrokenProject

app = App(
    name="virta",
    help="E-mail marketing automation as code, with consent that can be proved.",
    version="0.1.0",
)
app.command("virta.commands.check:check", name="check")
app.command("virta.commands.graph:graph", name="graph")

consent = App(name="consent", help="What people agreed to, and the proof of it.")
app.command(consent)


def main() -> None:
    """Entry point. Exit codes: 0 fine, 1 findings or a failed expectation, 2 usage or a broken project."""
    try:
        code = app(sys.argv[1:], exit_on_error=False, print_error=True, result_action="return_value")
    except BrokenProject as fault:
        print(f"virta: {fault}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
