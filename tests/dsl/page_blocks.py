"""The examples of the pages about the language, and the project that they make together."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from textwrap import dedent

from dsl.compile import Compiled, Project, compile_project

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("language.md", "conditions.md")
TODAY = date(2026, 11, 21)
TEAM = ("care@kafija.example",)
PURPOSES = ("personalisation", "measurement")
CODES = ("codes.csv", b"TEA-4711\nTEA-4712\n")
_BLOCK = re.compile(
    r"^(?P<deep> *)```(?P<kind>\w+)(?: (?P<words>[^\n]+))?\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
OPENER = re.compile(r'^(\w+(?: (?:\w+|".*"))?)', re.MULTILINE)
"""How a declaration begins: its word and its name."""
_DECLARATION = re.compile(r"^\S.*\n(?:(?: .*)?\n)*", re.MULTILINE)
_SENT = re.compile(r"^ +send (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced example: `words` are those behind its kind, such as `refused E305`; `above` is the paragraph
    over it; `line` counts from 1."""

    page: str
    line: int
    kind: str
    words: str
    text: str
    above: str

    @property
    def path(self) -> str:
        return f"{Path(self.page).stem}_{self.line}.flow"

    @property
    def code(self) -> str:
        """The finding that the example shows; empty where there is nothing to mend."""
        return self.words.split()[-1] if self.words else ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str, kind: str = "flow") -> list[Block]:
    """The examples of one kind on a page of docs/, in order."""
    text = (DOCS / page).read_text("utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start()) + 1,
            found["kind"],
            found["words"] or "",
            dedent(found["text"]),
            text[: found.start()].rstrip().rpartition("\n\n")[2],
        )
        for found in _BLOCK.finditer(text)
        if found["kind"] == kind
    ]


EXAMPLES = [block for page in PAGES for block in blocks(page)]
SOUND = [block for block in EXAMPLES if not block.words]
FAULTY = [block for block in EXAMPLES if block.words]


def templates(shown: Iterable[Block]) -> dict[str, bytes]:
    """By its path, each mail that these examples send: all read as the one that the page shows."""
    (mail,) = blocks("language.md", "html")
    names = {name for block in shown for name in _SENT.findall(block.text)}
    return {f"templates/{name}.html": mail.text.encode() for name in sorted(names)}


def compiled(*shown: Block, without: Collection[str] = ()) -> Compiled:
    """These examples as one project. Of all but the last, the declarations that begin as `without` says are
    left out, and so are the scenarios if there are any such."""

    def text(block: Block) -> str:
        if block is shown[-1] or not without:
            return block.text
        kept = [
            each
            for each in _DECLARATION.findall(block.text)
            if OPENER.match(each)[1] not in without and not each.startswith("scenario ")
        ]
        return "".join(kept)

    return compile_project(
        Project(
            tuple((block.path, text(block).encode()) for block in shown),
            tuple(templates(shown).items()),
            ("en",),
            "EUR",
            "Europe/Riga",
            TODAY,
            TEAM,
            PURPOSES,
            (CODES,),
        )
    )
