"""The words of a template are those that Jinja's own lexer reads."""

from pathlib import Path

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.templates.words import tokens

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


def by_jinja(text: str) -> list[tuple[int, str, object]] | None:
    try:
        return [(each.lineno, each.type, each.value) for each in JINJA.lexer.tokenize(text)]
    except jinja2.TemplateSyntaxError:
        return None


def same(text: str) -> bool:
    """Whether the text is read here; then it is read as by Jinja."""
    found = tokens(text)
    if found is not None:
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


@pytest.mark.parametrize("text", ["{{ a", "{{ (a }}", "{{ a) }}", "{{ a ? b }}", '{{ "a }}', "{% if a }}"])
def test_what_is_wrong_is_left_to_jinja(text: str) -> None:
    """It knows the words to say so."""
    assert tokens(text) is None
