"""Explanations as text for a terminal, as Markdown for the documentation and as data for programs."""

import re
import textwrap
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from dsl.found.explanation import Explanation, Sample
from dsl.found.finding import Severity

GROUPS = {
    "E1": "The text",
    "E2": "Names",
    "E3": "Values",
    "E4": "Flows and topics",
    "E5": "Templates",
    "E6": "Scenarios",
    "W2": "Warnings",
    "W5": "Warnings about templates",
    "W6": "Warnings about scenarios",
}
"""What the codes are about, by how they begin."""

_BOLD, _CYAN, _RED, _YELLOW, _GREEN, _PLAIN = (
    f"\x1b[{style}m" for style in ("1", "36", "1;31", "1;33", "1;32", "0")
)
_LOOK_ALIKE = str.maketrans("OIL", "011")
_ALIKE = 0.6
_CODE_SPAN = re.compile(r"`[^`]*`")
_WORLD = """\
Every finding has a code that stays the same from version to version, a place, one sentence that says what is
wrong, and, where it can, what to write instead. Errors (`E…`) keep a project from running; warnings (`W…`) do
not. `virta check` tells the findings of a project, `virta explain E101` explains one of them.

The examples stand in a small project: a shop (`use shop`) that writes in English and Latvian, whose contacts
have `first_name`, `birthday`, `city`, `plan` (one of "free", "pro"), `visits`, `budget` and `vip`, with the
topics `news` (for marketing) and `orders` (for service), the segment `quiet_people`, the coupon `ten`, and
the mails `first`, `second`, `third` and `thanks`. An `example.flow` is shown without its name.
"""


def severity_of(code: str) -> Severity:
    """What a code's letter says."""
    return Severity.ERROR if code.startswith("E") else Severity.WARNING


def nearest_codes(asked: str, known: Sequence[str]) -> list[str]:
    """Up to three codes that may be meant by one that there is not, nearest first."""
    asked = asked[:1] + asked[1:].translate(_LOOK_ALIKE)
    same = [code for code in known if asked and code[1:] == asked.lstrip("EW")]
    likeness = {code: SequenceMatcher(None, asked, code).ratio() for code in known}
    close = [code for code in known if likeness[code] >= _ALIKE]
    close.sort(key=lambda code: (-likeness[code], code[:3] != asked[:3], code))
    return (same or close)[:3]


def as_terminal_text(page: Explanation, width: int, colour: bool = False) -> str:
    """A page for reading in a terminal: paragraphs of a width in columns, examples indented."""
    tint = _RED if severity_of(page.code) is Severity.ERROR else _YELLOW
    lines = [_painted(page.code, tint, colour) + " " + _painted(page.title, _BOLD, colour), ""]
    for paragraph in page.text.split("\n\n"):
        lines += [_CODE_SPAN.sub(lambda span: _painted(span[0], _CYAN, colour), filled(paragraph, width)), ""]
    for name, samples, paint in (("Wrong", page.wrong, _RED), ("Right", page.right, _GREEN)):
        lines += [_painted(name, paint, colour), ""]
        for sample in samples:
            if told := _told(sample):
                lines += [f"    {told}:", ""]
            lines += [textwrap.indent(sample.text, "    ", lambda line: bool(line.strip())).rstrip("\n"), ""]
    return "\n".join(lines[:-1]) + "\n"


def as_table(pages: Sequence[Explanation], colour: bool = False) -> str:
    """All codes with their titles, group by group."""
    blocks = []
    for begin, title in GROUPS.items():
        chosen = [page for page in pages if page.code.startswith(begin)]
        if chosen:
            rows = [f"  {_painted(page.code, _CYAN, colour)}  {page.title}" for page in chosen]
            blocks.append("\n".join([_painted(title, _BOLD, colour), *rows]))
    return "\n\n".join([*blocks, "`virta explain CODE` tells one of them with examples."]) + "\n"


def as_markdown(pages: Sequence[Explanation]) -> str:
    """The page of all findings: a table of each group, then every explanation."""
    out = ["# Findings\n", _WORLD]
    for begin, title in GROUPS.items():
        chosen = [page for page in pages if page.code.startswith(begin)]
        if not chosen:
            continue
        out.append(f"## {title}\n")
        rows = [f"| {page.code} | {page.title} |" for page in chosen]
        out.append("\n".join(["| code | what it says |", "|---|---|", *rows]) + "\n")
        for page in chosen:
            wrong, right = ("\n\n".join(_fenced(each) for each in side) for side in (page.wrong, page.right))
            out.append(
                f"### {page.code} {page.title}\n\n{page.text}\n\nWrong:\n\n{wrong}\n\nRight:\n\n{right}\n"
            )
    return "\n".join(out)


def as_data(page: Explanation) -> dict[str, Any]:
    """A page for programs: `{"code", "severity", "title", "text", "wrong", "right"}`, the last two lists of
    `{"path", "text"}`."""
    wrong, right = (
        [{"path": each.path, "text": each.text} for each in side] for side in (page.wrong, page.right)
    )
    return {
        "code": page.code,
        "severity": severity_of(page.code).value,
        "title": page.title,
        "text": " ".join(page.text.split("\n")),
        "wrong": wrong,
        "right": right,
    }


def filled(paragraph: str, width: int) -> str:
    """A paragraph in lines of a width, words between backquotes kept together."""
    kept = _CODE_SPAN.sub(lambda span: span[0].replace(" ", "\x00"), " ".join(paragraph.split()))
    lines = textwrap.wrap(kept, max(width, 20), break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).replace("\x00", " ")


def _told(sample: Sample) -> str:
    saved = f"saved as {sample.encoding}" if sample.encoding != "utf-8" else ""
    name = sample.path if sample.path != "example.flow" else ""
    return ", ".join(part for part in (name, saved) if part)


def _fenced(sample: Sample) -> str:
    told = _told(sample)
    return (f"`{told}`\n\n" if told else "") + f"```{sample.kind}\n{sample.text}```"


def _painted(text: str, style: str, colour: bool) -> str:
    return f"{style}{text}{_PLAIN}" if colour else text
