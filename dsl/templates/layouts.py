"""What a mail writes beside the blocks of its layout, and nobody sees."""

import re
from collections.abc import Iterator

from jinja2 import nodes as j
from msgspec import Struct

from dsl.meaning.names import nearest
from dsl.templates.files import TemplateFile, Templates
from dsl.templates.text import read_text

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DEEPEST = 20


class Lost(Struct, frozen=True):
    """Something that no mail shows, on `line` of the text."""

    code: str
    line: int
    words: tuple[str, ...]
    message: str
    help: str


def lost(
    tree: j.Template, layout: j.Extends, part: TemplateFile, templates: Templates, language: str
) -> Iterator[Lost]:
    """What stands behind `extends` outside of blocks, and blocks for which the layout `part` has no place."""
    known = _blocks(part, templates, language)
    behind = False
    for node in tree.body:
        behind = behind or node is layout
        if isinstance(node, j.Block) and node.name not in known:
            close = nearest(node.name, known)
            listed = ", ".join(f"`{each}`" for each in sorted(known))
            has = (
                f"It has {listed}." if known else "It has none: write `{% block body %}{% endblock %}` there."
            )
            yield Lost(
                "W521",
                node.lineno,
                (node.name,),
                f"The layout `templates/{part.path}` has no block `{node.name}`, so nobody sees this one.",
                f"Write `{close}`." if close else has,
            )
        elif isinstance(node, j.Output) and behind and (found := _first_words(node)):
            yield Lost(
                "W520",
                found[0],
                (found[1],),
                "This stands outside of the layout's blocks, so nobody sees it.",
                "Put it into a block: `{% block body %} … {% endblock %}`.",
            )


def _first_words(node: j.Output) -> tuple[int, str] | None:
    """The line and the words of the first thing that this would put out."""
    for each in node.nodes:
        if not isinstance(each, j.TemplateData):
            return each.lineno, ""
        text = _COMMENT.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), each.data)
        if text.strip():
            blank = text[: len(text) - len(text.lstrip())]
            return each.lineno + blank.count("\n"), text.strip().split("\n")[0].rstrip()
    return None


def _blocks(part: TemplateFile, templates: Templates, language: str) -> frozenset[str]:
    """The blocks of a layout, and of those that it stands in itself."""
    found: set[str] = set()
    for _ in range(_DEEPEST):
        statements = read_text(part.body).statements
        found |= {each.name for each in statements if isinstance(each, j.Block)}
        named = next((each.template for each in statements if isinstance(each, j.Extends)), None)
        above = templates.file(str(named.value), language) if isinstance(named, j.Const) else None
        if above is None:
            break
        part = above
    return frozenset(found)
