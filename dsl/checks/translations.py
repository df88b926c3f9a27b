"""What people read about topics and purposes: there in every language of the project."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import Source, error, read_source, warning
from dsl.meaning.names import nearest
from dsl.read.spoken import SETTINGS, spoken, table_place, words_file

_Known: TypeAlias = Mapping[str, Mapping[str, frozenset[str]]]
"""By language and name, which words there are."""

_NONE: frozenset[str] = frozenset()


def check_translations(draft: Draft) -> Iterator[Finding]:
    """Consent sentences and titles that a language lacks; topics for service are not on the form. Nothing is
    said of a language whose file cannot be read."""
    if draft.words is None:
        return
    known = _known(draft.words, draft.languages[1:])
    for topic in draft.topics:
        if topic.consents and not topic.damaged:
            yield from _told(topic.name.text, topic.name.span, topic.consents[0].span, known, draft)
    if SETTINGS in draft.words:
        source, _ = read_source(SETTINGS, draft.words[SETTINGS])
        for name in draft.purposes or ():
            span = _purpose(name, source)
            yield from _told(name, span, span, known, draft)


def _purpose(name: str, source: Source) -> Span:
    line, _ = table_place(f"purposes.{name}", source.lines) or (1, 1)
    return source.span(line, 1, max(len(source.lines[line - 1].rstrip()), 1) + 1)


def _told(name: str, titled: Span, asked: Span, known: _Known, draft: Draft) -> Iterator[Finding]:
    """What a topic or purpose lacks. A language that lacks both words is told of once."""
    default = draft.languages[0]
    unasked = [each for each, said in known.items() if "consent" not in said.get(name, _NONE)]
    if unasked:
        lines = "`title = …` and `consent = …`" if _untitled(name, unasked, known) else "`consent = …`"
        yield error(
            "E468",
            asked,
            f"What people agree to with `{name}` is not said in {_listed(unasked)}; "
            f"they would be asked in `{default}`.",
            _renamed(name, unasked, known, draft) or f"Write {lines} below `[{name}]` in {_files(unasked)}.",
        )
    untitled = _untitled(name, [each for each in known if each not in unasked], known)
    if untitled:
        yield warning(
            "W217",
            titled,
            f"`{name}` has no title in {_listed(untitled)}; people read the one in `{default}`.",
            f"Write `title = …` below `[{name}]` in {_files(untitled)}.",
        )


def _renamed(name: str, languages: list[str], known: _Known, draft: Draft) -> str:
    """What helps where the words stand below a name much like this one, which nothing has."""
    taken = {*(topic.name.text for topic in draft.topics), *(draft.purposes or ())}
    for language in languages:
        if close := nearest(name, known[language].keys() - taken):
            return f"Write `[{name}]` for `[{close}]` in {_files([language])}."
    return ""


def _untitled(name: str, languages: list[str], known: _Known) -> list[str]:
    return [each for each in languages if "title" not in known[each].get(name, _NONE)]


def _known(words: Mapping[str, bytes], languages: tuple[str, ...]) -> _Known:
    read = {each: spoken(words.get(words_file(each), b"")) for each in languages}
    return {language: said for language, said in read.items() if said is not None}


def _listed(languages: list[str]) -> str:
    return ", ".join(f"`{each}`" for each in languages)


def _files(languages: list[str]) -> str:
    return " and ".join(f"`{words_file(each)}`" for each in languages)
