"""Pictures in templates: most people read the words that stand for one before they see it."""

import re
from html.parser import HTMLParser

from dsl.templates.files import TemplateFile
from dsl.templates.values import Fault

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_PICTURES = frozenset({"img", "mj-image"})


def picture_faults(file: TemplateFile) -> list[Fault]:
    """Pictures of a file without words, or fetched without encryption."""
    if file.kind == "txt" or not any(f"<{tag}" in file.body.lower() for tag in _PICTURES):
        return []
    reader = _Reader(file)
    reader.feed(_JINJA.sub(_blank, file.body))
    reader.close()
    return reader.faults


class _Reader(HTMLParser):
    def __init__(self, file: TemplateFile) -> None:
        super().__init__()
        self.faults: list[Fault] = []
        self._file = file

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _PICTURES:
            return
        given = {name: value or "" for name, value in attrs}
        if "alt" not in given:
            self._fault(
                "W220",
                "This picture has no words for people who do not see it.",
                'Write `alt="…"` with what is to be seen, or `alt=""` if it is mere decoration.',
            )
        if given.get("src", "").strip().lower().startswith("http://"):
            self._fault("W221", "This picture is fetched without encryption.", "Write `https://`.")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def _fault(self, code: str, message: str, help: str) -> None:
        line = self._file.line + self.getpos()[0] - 1
        words = ("http", "<img", "<mj-image") if code == "W221" else ("<img", "<mj-image")
        self.faults.append(Fault(code, self._file.path, line, words, message, help))


def _blank(found: re.Match[str]) -> str:
    """As long as it was, so that places stay: a word for a value, blanks for anything else."""
    filler = "x" if found.group().startswith("{{") else " "
    return re.sub(r"[^\n]", filler, found.group())
