"""What can be folded away: everything that hangs on a line."""

from lsprotocol.types import FoldingRange

from virta.language_server.outline import blocks_of
from virta.language_server.snapshot import Snapshot


def folds(snapshot: Snapshot, file: str) -> list[FoldingRange]:
    """The blocks of a `.flow` file that have more than one line."""
    source = snapshot.texts.sources.get(file)
    if source is None:
        return []
    text = snapshot.text(file)
    return [
        FoldingRange(text.position(block.first, 1).line, text.position(block.last, 1).line)
        for block in blocks_of(source)
        if block.last > block.first
    ]
