"""What a finding means: one page a code in `explain/`, with a wrong and a right example."""

import re
from dataclasses import dataclass
from importlib import resources

_PAGE = re.compile(r"# ([EW]\d{3}) (.+)\n\n(.+?)\n\n## Wrong\n\n(.+?)\n\n## Right\n\n(.+?)\n", re.DOTALL)
_FENCE = re.compile(r"```(\w+)(?: (\S+))?(?: saved as (\S+))?\n(.*?)\n?```(?:\n\n|\Z)", re.DOTALL)
_MORE = re.compile(r"^(.*\n)… and ([\d,]+) more such lines\n", re.MULTILINE)
_PICTURES = {0x2400 + code: chr(code) for code in range(32)}
_UNNAMED = {"flow": "example.flow"}


class BadPage(ValueError):
    """A page that does not have the form of an explanation."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One file of an example: its path in a project, its text, and the encoding that it is saved in."""

    path: str
    kind: str
    text: str
    encoding: str = "utf-8"

    @property
    def data(self) -> bytes:
        """The file's bytes. A line `… and N more such lines` stands for so many copies of the one above, a
        picture of a control character (␇) for that character."""
        whole = _MORE.sub(lambda more: more[1] * (1 + int(more[2].replace(",", ""))), self.text)
        return whole.translate(_PICTURES).encode(self.encoding)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code, what it is called, paragraphs about it, and the files of a wrong and of a right project."""

    code: str
    title: str
    text: str
    wrong: tuple[Sample, ...]
    right: tuple[Sample, ...]


def explained_codes() -> tuple[str, ...]:
    """Every code that has a page, sorted."""
    return tuple(sorted(each.name[:-3] for each in _folder().iterdir() if each.name.endswith(".md")))


def explanation(code: str) -> Explanation:
    """The page of a code. Raises KeyError for a code that has none, BadPage for a page of another form."""
    page = _folder() / f"{code}.md"
    if not (code.isalnum() and page.is_file()):
        raise KeyError(code)
    return read_page(page.read_text("utf-8"))


def read_page(page: str) -> Explanation:
    """A page's parts: `# CODE Title`, paragraphs, `## Wrong` and `## Right`, each with fenced files. Raises
    BadPage for any other form."""
    found = _PAGE.fullmatch(page)
    if not found:
        raise BadPage("a page is a heading, paragraphs, `## Wrong` and `## Right`")
    code, title, text, wrong, right = found.groups()
    return Explanation(code, title, text, _samples(wrong), _samples(right))


def _samples(text: str) -> tuple[Sample, ...]:
    samples, at = [], 0
    while at < len(text):
        found = _FENCE.match(text, at)
        if not found:
            raise BadPage("an example is fenced files and nothing else")
        kind, path, encoding, body = found.groups()
        if path is None and kind not in _UNNAMED:
            raise BadPage(f"a file of kind {kind} needs a name")
        samples.append(Sample(path or _UNNAMED[kind], kind, body + "\n", encoding or "utf-8"))
        at = found.end()
    return tuple(samples)


def _folder() -> resources.abc.Traversable:
    return resources.files("dsl") / "explain"
