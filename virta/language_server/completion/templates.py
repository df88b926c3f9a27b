"""What may stand between the braces of a template: what its mails are given, links, filters."""

import re
from collections.abc import Iterator

from lsprotocol.types import CompletionItem, Position, Range

from dsl.checks.template_uses import LINKS, PRODUCT_FIELDS, Sending
from dsl.meaning.scope import ValueType
from dsl.nodes.flows import Send
from dsl.read.signs import NAME, PATH
from dsl.templates.facts import parts_of
from dsl.templates.files import HEADER_KEYS, TemplateFile, is_partial
from dsl.templates.text import DATE_STYLES, FILTERS
from virta.language_server.completion.items import item
from virta.language_server.completion.offer import Offer, Sort
from virta.language_server.snapshot import Snapshot

FOLDER = "templates/"
_TEXT = ValueType("text")
_LINKS = ValueType("record", fields=tuple((name, _TEXT) for name in LINKS))
_SENDER = ValueType("record", fields=(("name", _TEXT), ("imprint", _TEXT)))
_PRODUCT = ValueType("record", fields=tuple((name, _TEXT) for name in PRODUCT_FIELDS))
_PRODUCTS = ValueType("list", item=_PRODUCT)
_TAG = re.compile(r"\{\{(?!.*\}\})|\{%(?!.*%\})", re.DOTALL)
_TYPED = re.compile(rf"((?:{NAME}\.)*)((?:{NAME})?)\Z")
_LOOP = re.compile(rf"\{{%-?\s*for\s+({NAME})\s+in\s+({PATH})(\([^)]*\))?")
_STATEMENTS = ("if", "else", "endif", "for", "endfor", "extends", "block", "endblock", "include")


def complete_template(snapshot: Snapshot, file: str, position: Position) -> list[CompletionItem]:
    """What may stand at a position of a template."""
    line, column = snapshot.text(file).place(position)
    lines = snapshot.lines(file)
    typed = (lines[line - 1] if line <= len(lines) else "")[: column - 1]
    before = "\n".join([*lines[: line - 1], typed])
    found = list(_offers(snapshot, file, before, typed))
    text = snapshot.text(file)
    return [
        item(offer, Range(text.position(line, column - taken), position), snippets=False)
        for taken, offer in found
    ]


def _offers(snapshot: Snapshot, file: str, before: str, typed: str) -> Iterator[tuple[int, Offer]]:
    """Each offer with how many signs before the cursor it takes the place of."""
    tag = _TAG.search(before, max(before.rfind("{{"), before.rfind("{%"), 0))
    if tag is None:
        if _in_header(before) and re.fullmatch(r"\w*", typed) and not is_partial(file.removeprefix(FOLDER)):
            yield from ((len(typed), Offer(f"{key}: ", Sort.WORD)) for key in HEADER_KEYS)
        return
    inside = before[tag.end() :]
    match = _TYPED.search(inside)
    assert match
    path, word = match[1].split(".")[:-1], match[2]
    ahead = inside[: match.start()].rstrip()
    taken = len(word)
    if ahead.endswith("|"):
        yield from ((taken, Offer(each, Sort.WORD, "filter")) for each in (*FILTERS, "default"))
    elif re.search(r"\|\s*date\(\s*[\"']\Z", ahead):
        yield from ((taken, Offer(each, Sort.VALUE, "style of a date")) for each in DATE_STYLES)
    elif tag.group() == "{%" and not ahead.strip("- "):
        yield from ((taken, Offer(each, Sort.WORD)) for each in _STATEMENTS)
    elif not re.search(r"[\"']\Z", ahead):
        fields = _known(snapshot, file, before)
        for part in path:
            fields = dict(_inner(fields.get(part)))
        yield from ((taken, Offer(name, Sort.FIELD, kind.kind)) for name, kind in fields.items())


def _in_header(before: str) -> bool:
    lines = before.split("\n")
    return lines[0].rstrip() == "---" and not any(line.rstrip() == "---" for line in lines[1:])


def _inner(found: ValueType | None) -> tuple[tuple[str, ValueType], ...]:
    return found.fields if found and found.kind == "record" else ()


def _known(snapshot: Snapshot, file: str, before: str) -> dict[str, ValueType]:
    """The names that a template may speak of, with their types: what every `send` of it gives, and the
    members of the lists over which it goes."""
    draft = snapshot.draft
    known: dict[str, ValueType] = {"contact": draft.contact_type}
    for flow in draft.flows:
        for standing in draft.standings(flow):
            step = standing.step
            if isinstance(step, Send) and _shows(snapshot, step.template.text, file):
                roots = Sending(flow, step, standing.scope, draft.contact_type, False).roots
                known |= {name: kind for name, kind in roots.items() if kind.kind != "record" or kind.fields}
    known |= {"links": _LINKS, "sender": _SENDER, "recommend": _PRODUCTS}
    for name, path, _ in _LOOP.findall(before):
        first, *rest = path.split(".")
        found = known.get(first)
        for part in rest:
            found = dict(_inner(found)).get(part)
        if found and found.kind == "list" and found.item:
            known[name] = found.item
    return known


def _shows(snapshot: Snapshot, template: str, file: str) -> bool:
    """Whether a file is one of a template's, or a layout or part that they use."""
    short = file.removeprefix(FOLDER)
    variants: tuple[TemplateFile, ...] = snapshot.draft.templates.variants(template)
    return any(each.path == short for each in (*variants, *parts_of(variants, snapshot.draft.templates)))
