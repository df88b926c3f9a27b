"""Canonical form, as `virta fmt` makes it."""

from lsprotocol.types import TextEdit

from dsl.format import FormattingFault, format_source
from virta.language_server.snapshot import Snapshot


def formatting(snapshot: Snapshot, file: str) -> list[TextEdit]:
    """The edits that bring a `.flow` file into canonical form; none if it has faults, or is in it already."""
    if not file.endswith(".flow"):
        return []
    text = snapshot.text(file)
    try:
        done = format_source(file, text.whole.encode("utf-8", "replace"), snapshot.project.currency)
    except FormattingFault:
        return []
    if done.text == text.whole:
        return []
    return [TextEdit(text.everything, done.text)]
