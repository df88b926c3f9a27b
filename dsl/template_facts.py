"""What the compiler knows of a template: its digest, and what it always shows."""

import hashlib
import re
from collections.abc import Iterator, Mapping

import jinja2
from jinja2 import nodes as j
from msgspec import Struct

from dsl.template_files import TemplateFile, Templates

FILTERS = ("money", "date", "time")
"""The filters that templates have beside Jinja's own."""

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ENVIRONMENT = jinja2.Environment(autoescape=True)
_ENVIRONMENT.filters |= dict.fromkeys(FILTERS, str)
_DEEPEST = 20
_DEEPEST_TREE = 120


class Template(Struct, frozen=True):
    """`digest` is SHA-256, hex, over all its files and the layouts and parts that they use. The facts hold
    for every variant: the link or imprint stands where no condition can hide it."""

    name: str
    digest: str
    unsubscribe: bool
    imprint: bool
    promotional: bool = False


def parsed(text: str) -> j.Template:
    """Jinja's tree of a template's text. Raises `jinja2.TemplateSyntaxError`, also for text nested so deeply
    that nobody could have meant it."""
    try:
        tree = _ENVIRONMENT.parse(text)
    except RecursionError:
        raise jinja2.TemplateSyntaxError("nested too deeply", 1) from None
    level: list[j.Node] = [tree]
    for _ in range(_DEEPEST_TREE):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return tree
    raise jinja2.TemplateSyntaxError("nested too deeply", level[0].lineno)


def template_facts(templates: Templates) -> tuple[Template, ...]:
    """All templates by name. One that cannot be read has no good facts."""
    return tuple(_template(name, templates) for name in sorted(templates.names))


def _template(name: str, templates: Templates) -> Template:
    variants = templates.variants(name)
    digest = hashlib.sha256()
    for file in (*variants, *parts_of(variants, templates)):
        for piece in (file.path, *(f"{key}: {text}" for key, text in sorted(file.header.items())), file.body):
            data = piece.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
    shown = [always_shown(file, templates) for file in variants]
    return Template(
        name,
        digest.hexdigest(),
        unsubscribe=all("links.unsubscribe" in each for each in shown),
        imprint=all("sender.imprint" in each for each in shown),
    )


def parts_of(variants: tuple[TemplateFile, ...], templates: Templates) -> tuple[TemplateFile, ...]:
    """The layouts and parts that files use, directly or through others, by path."""
    found: dict[str, TemplateFile] = {}
    waiting = list(variants)
    while waiting:
        file = waiting.pop()
        for path, _ in references(file):
            part = templates.file(path)
            if part and part.path not in found:
                found[part.path] = part
                waiting.append(part)
    return tuple(found[path] for path in sorted(found))


def references(file: TemplateFile) -> Iterator[tuple[str, int]]:
    """The paths that a file includes, extends or imports, with the line of its body."""
    try:
        tree = parsed(file.body)
    except jinja2.TemplateSyntaxError:
        return
    for node in tree.find_all(j.Stmt):
        if not isinstance(node, j.Extends | j.Include | j.Import | j.FromImport):
            continue
        written = node.template
        if isinstance(written, j.Const) and isinstance(written.value, str):
            yield written.value, node.lineno
        elif isinstance(written, j.List | j.Tuple):
            for each in written.items:
                if isinstance(each, j.Const) and isinstance(each.value, str):
                    yield each.value, node.lineno


def always_shown(file: TemplateFile, templates: Templates) -> frozenset[str]:
    """The values (`links.unsubscribe`, …) that a file puts out whatever its conditions say. What stands in an
    HTML comment does not count."""
    try:
        return frozenset(_shown_in(file, templates, {}, 0))
    except jinja2.TemplateSyntaxError:
        return frozenset()


def _shown_in(
    file: TemplateFile, templates: Templates, blocks: Mapping[str, j.Block], depth: int
) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    body = _COMMENT.sub("", file.body) if file.kind == "html" else file.body
    tree = parsed(body)
    own = {block.name: block for block in tree.find_all(j.Block)}
    blocks = {**own, **blocks}
    layout = tree.find(j.Extends)
    if layout is not None:
        part = templates.file(layout.template.value) if isinstance(layout.template, j.Const) else None
        if part:
            yield from _shown_in(part, templates, blocks, depth + 1)
        return
    yield from _shown(tree.body, templates, blocks, depth)


def _shown(
    body: list[j.Node], templates: Templates, blocks: Mapping[str, j.Block], depth: int
) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    for node in body:
        match node:
            case j.Output():
                for each in node.nodes:
                    yield from _put_out(each)
            case j.Block():
                yield from _shown(blocks.get(node.name, node).body, templates, blocks, depth + 1)
            case j.With() | j.Scope() | j.ScopedEvalContextModifier():
                yield from _shown(node.body, templates, blocks, depth + 1)
            case j.Include(template=j.Const(value=str() as path)):
                part = templates.file(path)
                if part:
                    yield from _shown_in(part, templates, {}, depth + 1)


def _put_out(node: j.Node) -> Iterator[str]:
    if isinstance(node, j.Filter) and node.node is not None:
        yield from _put_out(node.node)
    elif path := dotted(node):
        yield ".".join(path)


def dotted(node: j.Node) -> tuple[str, ...]:
    """`contact.first_name` as its words; empty for anything that is no such path."""
    match node:
        case j.Name():
            return (node.name,)
        case j.Getattr():
            before = dotted(node.node)
            return (*before, node.attr) if before else ()
        case j.Getitem(arg=j.Const(value=str() as key)):
            before = dotted(node.node)
            return (*before, key) if before else ()
    return ()
