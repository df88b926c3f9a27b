"""The words of a template are those that Jinja's own lexer reads, and its values those of Jinja's parser."""

from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes as j

from dsl.templates.text import read_text
from dsl.templates.words import VALUE, tokens

ROOT = Path(__file__).parents[2]
JINJA = jinja2.Environment(autoescape=True)
TEXTS = [
    path.read_text("utf-8")
    for folder in ("examples", "virta/starter", "tests/golden")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".html", ".mjml", ".txt")
]
PIECES = (
    *r"""
    {{ }} {% %} {# #} {%- -%} -}} {%+ a é क _b1 1 007 1.5 1e3 1_000 .0 . | ( ) [ ] { } , : ~ == = <= !=
    ! ** // - + % "x" 'y' "a\nb" " ' raw endraw if endif <p>
    """.split(),
    " ",
    "\n",
    "\r\n",
    "block c",
    "é text",
)
VALUES = (
    *"""a contact.name .b . | |default |d("x") ('y') ("") ( ) (1) (007) (1,2) (x) ("a",) not true None is in
    if é 1 .1 [0] -1 "x" } {""".split(),
    " ",
    "\n",
    "\t",
)


def by_jinja(text: str) -> list[tuple[int, str, object]] | None:
    try:
        return [(each.lineno, each.type, each.value) for each in JINJA.lexer.tokenize(text)]
    except jinja2.TemplateSyntaxError:
        return None


def told(part: object) -> object:
    """A part of a tree as plain data, with the line of each node."""
    if isinstance(part, list):
        return [told(each) for each in part]
    if isinstance(part, j.Node):
        return type(part), part.lineno, [(name, told(getattr(part, name))) for name in part.fields]
    return part


def tree_by_jinja(text: str) -> object:
    """A tree, or the fault that there is and its line."""
    try:
        return told(JINJA.parse(text))
    except jinja2.TemplateSyntaxError as fault:
        return fault.message, fault.lineno


def same_tree(text: str) -> None:
    """What has braces is compared by what comes of it, faults included."""
    found = read_text(text)
    if "{" in text:
        ours = told(found.tree) if found.tree is not None else (found.fault, found.line)
        assert ours == tree_by_jinja(text), text


def same(text: str) -> bool:
    """Whether the text is read here; then it is read as by Jinja."""
    same_tree(text)
    found = tokens(text)
    if found is not None and not any(each.type == VALUE for each in found):
        assert [(each.lineno, each.type, each.value) for each in found] == by_jinja(text), text
    return found is not None


def test_the_templates_of_the_examples_and_tests_are_read_here() -> None:
    """Nearly all of them, to the same tokens on the same lines."""
    read = [same(text) for text in TEXTS]
    assert len(read) > 300
    assert read.count(True) > 0.9 * len(read)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_text_is_read_as_by_jinja_or_left_to_it(text: str) -> None:
    """Whatever stands within or outside of braces."""
    same(text)
    same("{{" + text + "}}\n")
    same("a\n{% " + text + " %}\n\n")


@given(st.lists(st.sampled_from(VALUES), max_size=8).map("".join))
def test_any_value_is_read_as_by_jinja(text: str) -> None:
    """Paths with filters, whole and with something amiss, with text around them and without."""
    same("{{" + text + "}}")
    same("a {{" + text + "}} b")
    same("a\n{{ a" + text + " }}}")


@pytest.mark.parametrize("text", ["{{ a }}", "{{a.b}}", "{{ a.b | c | d('x') }}", '{{ a|b( "" ) | c(10) }}'])
def test_a_plain_value_is_one_word(text: str) -> None:
    """It needs no parser."""
    found = tokens(text)
    assert found is not None
    assert [each.type for each in found] == ["variable_begin", VALUE, "variable_end"]
    same_tree(text)


@pytest.mark.parametrize(
    "text",
    [
        "{{- a }}",
        "{{ a -}}",
        "{%- if a %}",
        "{# a #}",
        "{% raw %}{{ a }}{% endraw %}",
        "{{ 1.5 }}",
        "{{ 'a\\'b' }}",
    ],
)
def test_what_is_written_otherwise_is_left_to_jinja(text: str) -> None:
    """Signs that take blanks away, comments, raw text, fractions, escapes."""
    assert tokens(text) is None
    assert by_jinja(text) is not None


@pytest.mark.parametrize("text", ["a {{ }} b", "{{}}", "a {{ b c }}", "{{ not }}", "{{ a.1b }}", "{{ a | }}"])
def test_what_is_no_value_is_told_by_jinja(text: str) -> None:
    """With its words, and on its line."""
    assert read_text(text).tree is None
    same_tree(text)


@pytest.mark.parametrize("text", ["{{ a", "{{ (a }}", "{{ a) }}", "{{ a ? b }}", '{{ "a }}', "{% if a }}"])
def test_what_is_wrong_is_left_to_jinja(text: str) -> None:
    """It knows the words to say so."""
    assert tokens(text) is None
