"""A text with Jinja's braces, read once: its tree, or where it cannot be read."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import lexer
from jinja2 import nodes as j
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from msgspec import Struct

from dsl.templates.words import VALUE, tokens

FILTERS = ("money", "date", "time")
"""The filters that templates have beside Jinja's own."""

DATE_STYLES = ("long", "short", "weekday")
"""The styles of `date`."""

JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
"""A tag of Jinja's in a text."""


class _Environment(jinja2.Environment):
    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        found = tokens(source)
        if found is None:
            return super()._tokenize(source, name, filename, state)
        return TokenStream(iter(found), name, filename)


class _Parser(Parser):
    def parse_tuple(self, *arguments: Any, **named: Any) -> j.Tuple | j.Expr:
        value = self.stream.current.value
        if self.stream.current.type != VALUE:
            return super().parse_tuple(*arguments, **named)
        next(self.stream)
        assert isinstance(value, j.Expr)
        return value


ENVIRONMENT = _Environment(autoescape=True)
"""Reads templates, and knows their filters and tests."""

ENVIRONMENT.filters |= dict.fromkeys(FILTERS, str)
_KNOWN = {
    "filter": frozenset(ENVIRONMENT.filters),
    "test": frozenset(ENVIRONMENT.tests),
    "style of a date": frozenset(DATE_STYLES),
}
_BEGIN = lexer.TOKEN_VARIABLE_BEGIN
_OF_VALUES = frozenset((_BEGIN, VALUE, lexer.TOKEN_VARIABLE_END, lexer.TOKEN_DATA))
_NAMING = (j.Filter, j.Test)
_GIVING = (j.NSRef, j.Macro, j.Import, j.FromImport)
_STATEMENTS = (j.Block, j.Extends, j.Include, j.Import, j.FromImport)
_LEAVES = (j.TemplateData, j.Const)
_DEEPEST_TREE = 120
_KEPT = 4096


class Strange(Struct, frozen=True):
    """A filter, test or style (`what`) that there is not; `line` counts from 1 within the text."""

    what: str
    name: str
    line: int

    @property
    def known(self) -> frozenset[str]:
        """The names that there are."""
        return _KNOWN[self.what]


class Text(Struct, frozen=True):
    """`tree` is None for a text that Jinja cannot read; then `fault` says why, on line `line` of the text.
    Nobody may change the tree: every reader of the same text shares it. `statements` are those that name
    files or blocks, `given` the names that the text gives a meaning itself, with the line."""

    tree: j.Template | None
    fault: str = ""
    line: int = 1
    strange: tuple[Strange, ...] = ()
    statements: tuple[j.Node, ...] = ()
    given: tuple[tuple[str, int], ...] = ()


@lru_cache(_KEPT)
def read_text(text: str) -> Text:
    """Jinja's reading of a text. One nested so deeply that nobody could have meant it cannot be read."""
    if "{" not in text:
        return Text(j.Template([j.Output([j.TemplateData(text)], lineno=1)], lineno=1))
    try:
        tree = j.Template(_values(text) or _Parser(ENVIRONMENT, text).subparse(), lineno=1)
    except RecursionError:
        return Text(None, "nested too deeply")
    except jinja2.TemplateSyntaxError as fault:
        return Text(None, fault.message or "", fault.lineno)
    level: list[j.Node] = [tree]
    strange: list[Strange] = []
    statements: list[j.Node] = []
    given: list[tuple[str, int]] = []
    for _ in range(_DEEPEST_TREE):
        below: list[j.Node] = []
        for node in level:
            if isinstance(node, j.Name):
                given += [(node.name, node.lineno)] if node.ctx != "load" else []
                continue
            if isinstance(node, _NAMING):
                strange += [each for each in _named(node) if each.name not in each.known]
            elif isinstance(node, _GIVING):
                given += _given(node)
            if isinstance(node, _STATEMENTS):
                statements.append(node)
            if not isinstance(node, _LEAVES):
                _add_below(node, below)
        level = below
        if not level:
            return Text(tree, "", 1, tuple(strange), tuple(statements), tuple(given))
    return Text(None, "nested too deeply", level[0].lineno)


def _values(text: str) -> list[j.Node] | None:
    """The tree of a text with nothing but plain values in it, such as a subject. None: there is more."""
    found = tokens(text) if "{%" not in text else None
    kinds = [word.type for word in found or ()]
    if not found or not _OF_VALUES.issuperset(kinds) or kinds.count(VALUE) < kinds.count(_BEGIN):
        return None
    nodes = [_node(word) for word in found if word.type in (VALUE, lexer.TOKEN_DATA)]
    return [j.Output(nodes, lineno=nodes[0].lineno)]


def _node(word: lexer.Token) -> j.Expr:
    return word.value if isinstance(word.value, j.Expr) else j.TemplateData(word.value, lineno=word.lineno)


def _add_below(node: j.Node, below: list[j.Node]) -> None:
    """Add what hangs from a node; Jinja's own way looks at each of its fields in turn, names and numbers
    too."""
    for name in node.fields:
        each = getattr(node, name)
        if each.__class__ is list:
            below += [one for one in each if isinstance(one, j.Node)]
        elif isinstance(each, j.Node):
            below.append(each)


def _given(node: j.Node) -> Iterator[tuple[str, int]]:
    """The names that a node gives a meaning, by `set`, `with`, `for`, `macro` or `import`."""
    match node:
        case j.NSRef() | j.Macro():
            yield node.name, node.lineno
        case j.Import():
            yield node.target, node.lineno
        case j.FromImport():
            for each in node.names:
                yield each if isinstance(each, str) else each[1], node.lineno


def _named(node: j.Node) -> Iterator[Strange]:
    """The filter, test or style that a node names."""
    if isinstance(node, j.Filter):
        yield Strange("filter", node.name, node.lineno)
        if node.name == "date":
            for style in (*node.args, *(each.value for each in node.kwargs)):
                if isinstance(style, j.Const):
                    yield Strange("style of a date", str(style.value), node.lineno)
    elif isinstance(node, j.Test):
        yield Strange("test", node.name, node.lineno)
