"""What the fuzzer plays with: inputs by their kind, where they come from, and what must hold of them."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "dsl")]

from golden_cases import GOLDEN, compiled  # noqa: E402
from soundness import check_sound  # noqa: E402

from dsl.format import format_source  # noqa: E402
from dsl.found.finding import Severity  # noqa: E402

KINDS = ("flow", "html", "mjml", "txt")
FOUND = Path(__file__).parent / "found"
_FLOW = (
    b"flow case\n    topic news\n    start on order_placed\n    send first with code 3, items trigger.items\n"
)
_BLOCK = re.compile(rb"^```(flow|html|mjml|txt)\b.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_WORD = re.compile(rb'/(\w+(?:[ ]\+?\w+)*)\\b/|"([^"\n]+)"')


def play(kind: str, data: bytes) -> None:
    """Compile one input beside the shared schema; fails if anything about the outcome is not sound."""
    if kind == "flow":
        check_sound(compiled(("case.flow", data)))
        done = format_source("case.flow", data, "EUR")
        if any(finding.severity is Severity.ERROR for finding in done.findings):
            assert done.text == data.decode("utf-8", "replace"), "not left alone"
        else:
            assert format_source("case.flow", done.text.encode(), "EUR").text == done.text, "not settled"
    else:
        files = ((f"templates/first.{kind}", data), ("templates/_part.html", data))
        check_sound(compiled(("case.flow", _FLOW), templates=files))


def beginnings() -> Iterator[tuple[str, bytes]]:
    """What there is to begin with: golden cases, examples, starters, blocks of the pages, earlier finds."""
    for folder in (GOLDEN, ROOT / "examples", ROOT / "virta" / "starter", FOUND):
        for path in sorted(folder.rglob("*")):
            if path.suffix[1:] in KINDS and path.is_file():
                data = path.read_bytes()
                if not (path.suffix == ".txt" and data.startswith((b"error ", b"warning "))):
                    yield path.suffix[1:], data
    for folder in (ROOT / "docs", ROOT / "dsl" / "explain"):
        for page in sorted(folder.glob("*.md")):
            for kind, block in _BLOCK.findall(page.read_bytes()):
                yield kind.decode(), block


def words() -> list[bytes]:
    """The words of the grammar and those of the golden scripts, as a dictionary for the fuzzer."""
    grammar = (ROOT / "dsl" / "grammar.lark").read_bytes()
    known = {(one or two).replace(b" +", b" ") for one, two in _WORD.findall(grammar)}
    for kind, data in beginnings():
        if kind == "flow":
            known |= set(re.findall(rb"[A-Za-z_]\w*|[^\w\s]+|[\d.:%-]+", data))
    return sorted(word for word in known if 1 < len(word) < 30)
