"""A text with Jinja's braces, read once: its tree, or where it cannot be read."""

from functools import lru_cache

import jinja2
from jinja2 import nodes as j
from msgspec import Struct

FILTERS = ("money", "date", "time")
"""The filters that templates have beside Jinja's own."""

_ENVIRONMENT = jinja2.Environment(autoescape=True)
_ENVIRONMENT.filters |= dict.fromkeys(FILTERS, str)
_KNOWN = {"filter": frozenset(_ENVIRONMENT.filters), "test": frozenset(_ENVIRONMENT.tests)}
_DEEPEST_TREE = 120
_KEPT = 4096


class Strange(Struct, frozen=True):
    """A filter or test (`what`) that there is not; `line` counts from 1 within the text."""

    what: str
    name: str
    line: int

    @property
    def known(self) -> frozenset[str]:
        """The names that there are."""
        return _KNOWN[self.what]


class Text(Struct, frozen=True):
    """`tree` is None for a text that Jinja cannot read; then `fault` says why, on line `line` of the text.
    Nobody may change the tree: every reader of the same text shares it."""

    tree: j.Template | None
    fault: str = ""
    line: int = 1
    strange: tuple[Strange, ...] = ()


@lru_cache(_KEPT)
def read_text(text: str) -> Text:
    """Jinja's reading of a text. One nested so deeply that nobody could have meant it cannot be read."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except RecursionError:
        return Text(None, "nested too deeply")
    except jinja2.TemplateSyntaxError as fault:
        return Text(None, fault.message or "", fault.lineno)
    level: list[j.Node] = [tree]
    strange: list[Strange] = []
    for _ in range(_DEEPEST_TREE):
        for node in level:
            what = "filter" if isinstance(node, j.Filter) else "test" if isinstance(node, j.Test) else ""
            if what and isinstance(node, j.Filter | j.Test) and node.name not in _KNOWN[what]:
                strange.append(Strange(what, node.name, node.lineno))
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return Text(tree, strange=tuple(strange))
    return Text(None, "nested too deeply", level[0].lineno)
