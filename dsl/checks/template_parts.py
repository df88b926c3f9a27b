"""Layouts and parts: in the language of the mails that stand in them."""

import re
from collections.abc import Collection, Iterator, Mapping

from jinja2 import nodes as j

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import warning
from dsl.templates.facts import parts_of, references
from dsl.templates.files import PROOF, TemplateFile, in_no_language, unused
from dsl.templates.text import read_text

_OPENED = re.compile(r"<(?:(!--)|(style|script|head)\b)", re.IGNORECASE)
_CLOSED = {
    "!--": re.compile("-->"),
    **{each: re.compile(rf"</{each}\s*>", re.IGNORECASE) for each in ("style", "script", "head")},
}
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST = 3
_VALUE = "<>"


def check_parts(draft: Draft, sent: Collection[str]) -> Iterator[Finding]:
    """Layouts and parts that a language lacks in which mails bring them in; `sent` are the templates that
    flows send. One that looks at `language` itself, or has no sentence and no other language, serves all."""
    if len(draft.languages) < 2:
        return
    yield from _strangers(draft)
    lacking: dict[str, dict[str, int]] = {}
    for name in draft.templates.names:
        for file in draft.templates.variants(name) if name in sent or name == PROOF else ():
            if file.language in draft.languages[1:]:
                for part in parts_of((file,), draft.templates):
                    if part.partial and not part.path.rpartition(".")[0].endswith(f".{file.language}"):
                        mails = lacking.setdefault(part.path, {})
                        mails[file.language] = mails.get(file.language, 0) + 1
    for path in sorted(lacking):
        found = draft.templates.file(path)
        if found is not None and _speaks(found, draft):
            yield _unspoken(found, lacking[path], draft)


def _unspoken(part: TemplateFile, mails: Mapping[str, int], draft: Draft) -> Finding:
    missing = [each for each in draft.languages if each in mails]
    listed = ", ".join(f"`{each}`" for each in missing)
    count = sum(mails.values())
    whose = "a mail in that language shows" if count == 1 else f"{count} mails in {listed} show"
    stem, _, ending = part.path.rpartition(".")
    return warning(
        "W216",
        draft.templates.sources[part.path].span(1, 1, 2),
        f"`{part.path}` has no text in {listed}; {whose} it in `{draft.languages[0]}`.",
        f"Add the file `templates/{stem}.{missing[0]}.{ending}`.",
    )


def _speaks(part: TemplateFile, draft: Draft) -> bool:
    """Whether a part has words of a language: it stands in others too, or holds a sentence and does not
    choose by `language` which."""
    stem, _, ending = part.path.rpartition(".")
    if any(draft.templates.file(f"{stem}.{each}.{ending}") for each in draft.languages):
        return True
    text = read_text(part.body)
    return text.tree is not None and _has_sentence(text.tree) and not _chooses(text.tree)


def _has_sentence(tree: j.Template) -> bool:
    """Three words or more, not all of them capitalised as those of a name are."""
    written = "".join(
        each.data if isinstance(each, j.TemplateData) else _VALUE
        for output in tree.find_all(j.Output)
        for each in output.nodes
    )
    for piece in seen_pieces(written):
        words = _WORD.findall(piece)
        if len(words) >= _FEWEST and any(not word[0].isupper() for word in words[1:]):
            return True
    return False


def seen_pieces(html: str) -> list[str]:
    """What a reader sees of a text, cut at its tags; a comment or style that is never closed hides nothing.
    One pass, however often something is opened and not closed."""
    shown, at, start = [], 0, 0
    endless = set()
    while opened := _OPENED.search(html, at):
        kind = (opened[1] or opened[2]).lower()
        closed = None if kind in endless else _CLOSED[kind].search(html, opened.end())
        at = opened.end()
        if closed is None:
            endless.add(kind)  # what is not closed from here on is not closed later either
        else:
            shown.append(html[start : opened.start()])
            at = start = closed.end()
    shown.append(html[start:])
    tagged, end, rest = _VALUE.join(shown).rpartition(">")  # behind the last one no tag can end
    *pieces, last = _TAG.split(tagged + end)
    return [*pieces, last + rest]


def _chooses(tree: j.Template) -> bool:
    """Whether the language is asked for, and not only put out as in `<html lang="{{ language }}">`."""
    shown = {id(each) for output in tree.find_all(j.Output) for each in output.nodes}
    named = [each for each in tree.find_all(j.Name) if each.name == "language"]
    of_contact = [each for each in tree.find_all(j.Getattr) if each.attr == "language"]
    return any(id(each) not in shown for each in (*named, *of_contact))


def _strangers(draft: Draft) -> Iterator[Finding]:
    """Files beside a part, in a language that the project does not have, that nothing names."""
    named = {path for file in draft.templates.files for path in references(file)}
    for file in draft.templates.files:
        if file.partial and file.path not in named:
            head, language, ending = in_no_language(file.path, draft.languages)
            if language and draft.templates.file(head + ending):
                place = draft.templates.sources[file.path].span(1, 1, 2)
                yield unused(place, head, language, ending, draft.languages)
