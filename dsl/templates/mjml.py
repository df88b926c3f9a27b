"""MJML laid out as HTML, once for each template and language, with signs in the place of Jinja's tags.

Layouts and parts in MJML are put together as texts first, since only a whole mail can be laid out; parts and
macros in HTML are brought in later, when the mail is rendered.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat

from msgspec import Struct
from msgspec.structs import replace

from dsl.meaning.names import nearest
from dsl.templates.files import TemplateFile, Templates
from dsl.templates.styles import inlined
from dsl.templates.text import JINJA
from dsl.templates.values import Fault

_STATEMENT = re.compile(r"\{%[-+]?\s*(\w+)\s*(.*?)\s*[-+]?%\}\Z", re.DOTALL)
_NAMED = re.compile(r"""(["'])(.+\.mjml)\1\Z""")
_SUPER = re.compile(r"\{\{[-+]?\s*super\(\)\s*[-+]?\}\}\Z")
# the layout engine writes these in another way when they stand in an attribute
_DELICATE = re.compile("[\\\\\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060\ufeff]")
_SIGNED = re.compile(f"{JINJA.pattern}|{_DELICATE.pattern}", re.DOTALL)
_ENTITY = re.compile(r"&#?\w+;")
_LOOSE = re.compile(r"<(area|br|col|hr|img|input|wbr)\b([^<>]*?)/?>|&", re.IGNORECASE)
_TAG = re.compile(r"<(mj-[\w-]+|mjml)")
_INLINE = re.compile(
    r"""<!--.*?-->|<mj-style\b[^>]*\sinline\s*=\s*(?P<how>"[^"]*"|'[^']*')[^>]*>"""
    r"""(?P<rules>.*?)</mj-style\s*>""",
    re.DOTALL,
)
_END = "</mjml>"
_DEEPEST = 20
_TAGS = frozenset(
    "mjml mj-head mj-body mj-accordion mj-accordion-element mj-accordion-text mj-accordion-title mj-all "
    "mj-attributes mj-breakpoint mj-button mj-carousel mj-carousel-image mj-class mj-column mj-divider "
    "mj-font mj-group mj-hero mj-image mj-navbar mj-navbar-link mj-preview mj-raw mj-section mj-social "
    "mj-social-element mj-spacer mj-style mj-table mj-text mj-title mj-wrapper".split()
)


class LaidOut(Struct, frozen=True):
    """`file` is the mail as HTML; None where `fault` says why there is none."""

    file: TemplateFile | None
    fault: str = ""


def lay_out(file: TemplateFile, templates: Templates) -> LaidOut:
    """A variant in MJML as one in HTML, with Jinja's tags in their places."""
    before, text = _whole(file, templates, {}, ())
    tags: list[str] = []
    sign = "zq"
    while sign in text:
        sign += "q"

    def hide(found: re.Match[str]) -> str:
        tags.append(found.group())
        return f"{sign}{len(tags) - 1}z"

    def show(text: str, all_of_it: bool = True) -> str:
        """With the tags in their places again, or only with what is none of Jinja's."""

        def shown(found: re.Match[str]) -> str:
            tag = tags[int(found[1])]
            return tag if all_of_it or not JINJA.match(tag) else found.group()

        return re.sub(f"{sign}([0-9]+)z", shown, text)

    hidden, rules = _without_inline(_SIGNED.sub(hide, text))
    start, end = hidden.find("<mjml"), hidden.rfind(_END) + len(_END)
    try:
        html = hidden[:start].strip() + _layout_engine()(hidden[start:end])
    except ValueError as fault:
        return LaidOut(None, str(fault))
    if rules.strip():
        html = inlined(html, show(rules, all_of_it=False), sign)
    return LaidOut(replace(file, kind="html", body=before + show(html)))


def mjml_faults(file: TemplateFile) -> list[Fault]:
    """What is wrong with the tags of a file: MJML is strict, and passes over what it does not know."""
    faults: list[Fault] = []
    hidden = JINJA.sub(lambda found: re.sub(r"[^\n]", "x", found.group()), file.body)
    for found in _TAG.finditer(hidden):
        if found.group(1) not in _TAGS:
            line = file.line + hidden.count("\n", 0, found.start())
            close = nearest(found.group(1), _TAGS)
            help = f"Write `<{close}>`." if close else ""
            message = f"MJML has no `<{found.group(1)}>`, and would leave it out."
            faults.append(Fault("E516", file.path, line, (found.group(1),), message, help))
    faults += _inline_faults(file, hidden)
    hidden = _ENTITY.sub(lambda found: "x" * len(found.group()), hidden)
    hidden = _LOOSE.sub(lambda found: f"<{found[1]}{found[2]}/>" if found[1] else "x", hidden)
    parser = expat.ParserCreate()
    try:
        parser.Parse(f"<all>{hidden}</all>", True)
    except expat.ExpatError as fault:
        said = _SAID.get(fault.code, "This is no MJML.")
        line = min(file.line + fault.lineno - 1, file.line + max(file.body.count("\n") - 1, 0))
        help = "Each `<mj-…>` needs its `</mj-…>`, each value its quotes; write `&lt;` for the sign `<`."
        faults.append(Fault("E516", file.path, line, (), said, help))
    return faults


def _without_inline(text: str) -> tuple[str, str]:
    """A mail without the styles that are written into each tag, and these."""
    rules: list[str] = []

    def take(found: re.Match[str]) -> str:
        if found["rules"] is None:  # a comment
            return found.group()
        rules.append(found["rules"])
        return ""

    return _INLINE.sub(take, text), "\n".join(rules)


def _inline_faults(file: TemplateFile, hidden: str) -> Iterator[Fault]:
    """What is wrong with styles that are written into each tag: they are laid on tags before Jinja fills in
    any values, which may stand in a rule's braces only. `hidden` is the body without Jinja's tags."""
    for found in _INLINE.finditer(hidden):
        if found["rules"] is None:
            continue
        if found["how"][1:-1] != "inline":
            message = "MJML writes these styles into no tag."
            line = file.line + hidden.count("\n", 0, found.start())
            yield Fault("E516", file.path, line, ("inline",), message, 'Write `inline="inline"`.')
        start, end = found.span("rules")
        for tag in JINJA.finditer(file.body, start, end):
            opened = hidden.count("{", start, tag.start()) > hidden.count("}", start, tag.start())
            if tag.group().startswith("{{") and opened:
                continue
            message = "These styles are written into the tags before any mail is filled in."
            help = "Write values only, as in `color: {{ colour }}`, or leave `inline` out of this style."
            line = file.line + hidden.count("\n", 0, tag.start())
            yield Fault("E516", file.path, line, (tag.group(),), message, help)
            break


_SAID = {
    expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]: "A tag is closed here that is not the open one.",
    expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]: "The tag here is not written as MJML wants it.",
    expat.errors.codes[expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE]: "A tag says the same thing twice.",
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN]: "A tag is not closed.",
}


def _layout_engine() -> Callable[[str], str]:
    from mjml import mjml2html  # a compiled library that few projects need

    return lambda text: str(mjml2html(text))


def _whole(
    file: TemplateFile, templates: Templates, blocks: Mapping[str, str], within: tuple[str, ...]
) -> tuple[str, str]:
    """A file's text with MJML layouts and parts in their places; statements that stand before a layout come
    apart, to be put before the mail."""
    if file.path in within or len(within) > _DEEPEST:
        return "", ""
    within = (*within, file.path)
    language = file.language
    own, layout = _blocks(file.body)
    merged = {name: _below(blocks.get(name), text) for name, text in own.items()} | {
        name: text for name, text in blocks.items() if name not in own
    }
    if layout:
        part = templates.file(layout, language)
        if part is None:
            return "", ""
        before, text = _whole(replace(part, language=language), templates, merged, within)
        return _loose_statements(file.body) + before, text
    return "", _filled(file.body, merged, language, templates, within)


def _below(derived: str | None, own: str) -> str:
    """A block's text, as the mail or else the layout has it; `super()` is the layout's."""
    if derived is None:
        return own
    return JINJA.sub(lambda found: own if _SUPER.match(found.group()) else found.group(), derived)


def _blocks(body: str) -> tuple[dict[str, str], str]:
    """The blocks of a text, inner ones too, and the MJML layout that it names."""
    found: dict[str, str] = {}
    layout = ""
    open_: list[tuple[str, int]] = []
    for tag in JINJA.finditer(body):
        word, rest = _statement(tag.group())
        if word == "block" and rest:
            open_.append((rest.split()[0], tag.end()))
        elif word == "endblock" and open_:
            name, start = open_.pop()
            found[name] = body[start : tag.start()]
        elif word == "extends" and (named := _NAMED.match(rest)):
            layout = named[2]
    return found, layout


def _filled(
    body: str, blocks: Mapping[str, str], language: str, templates: Templates, within: tuple[str, ...]
) -> str:
    """A text with its blocks and MJML parts written out."""
    written: list[str] = []
    position = depth = 0
    for tag in JINJA.finditer(body):
        word, rest = _statement(tag.group())
        if word == "endblock" and depth:
            depth -= 1
            if not depth:
                position = tag.end()
        elif word == "block" and rest:
            depth += 1
            if depth == 1:
                name = rest.split()[0]
                written.append(body[position : tag.start()])
                if len(within) <= _DEEPEST:
                    text = blocks.get(name, "")
                    written.append(_filled(text, blocks, language, templates, (*within, "")))
        elif word == "include" and not depth and (named := _NAMED.match(rest)):
            part = templates.file(named[2], language)
            written.append(body[position : tag.start()])
            if part is not None:
                written.append(_whole(replace(part, language=language), templates, {}, within)[1])
            position = tag.end()
    return "".join(written) + body[position:]


def _loose_statements(body: str) -> str:
    """What a mail sets and imports outside of its blocks, for which a layout has no place."""
    kept: list[str] = []
    depth = 0
    for tag in JINJA.finditer(body):
        word, rest = _statement(tag.group())
        depth += (word == "block") - (word == "endblock")
        if not depth and (word in ("import", "from") or (word == "set" and "=" in rest)):
            kept.append(tag.group())
    return "".join(kept)


def _statement(tag: str) -> tuple[str, str]:
    found = _STATEMENT.match(tag)
    return (found[1], found[2]) if found else ("", "")
