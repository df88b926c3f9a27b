"""Arms of a wait that stand beside it instead of below it."""

import re

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.read.layout import Chunk

_ARM = re.compile(r"on\b")
_WAIT = re.compile(r"wait +(for(?! +best\b)|until)\b")
_DEPTH = 4


def arms_beside(chunk: Chunk, index: int, findings: list[Finding]) -> bool:
    """Indent the arms that stand at the depth of the wait above them; False: this line is no such arm."""
    depth = chunk.lines[index].indent
    above = next((line for line in reversed(chunk.lines[1:index]) if line.indent <= depth), None)
    if above is None or above.indent < depth or not _ARM.match(chunk.lines[index].words):
        return False
    wait = _WAIT.match(above.words)
    if wait is None:
        return False
    if not above.holed and not chunk.lines[index].holed:
        message = f"This arm is not indented below its `{' '.join(wait[0].split())}`."
        help = f"Indent each `on` of it, with the lines below, by {_DEPTH} blanks more."
        findings.append(error("E103", chunk.whole(index), message, help))
    for line in chunk.lines[index:]:
        if line.indent < depth or (line.indent == depth and not _ARM.match(line.words)):
            break
        line.reindent(line.indent + _DEPTH)
        line.moved = True
    return True
