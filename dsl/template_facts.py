"""What the compiler knows of a template: its digest, and what it always shows."""

import hashlib
from collections.abc import Iterator, Mapping

import jinja2
from jinja2 import nodes as j
from msgspec import Struct

from dsl import shown
from dsl.template_files import TemplateFile, Templates

FILTERS = ("money", "date", "time")
"""The filters that templates have beside Jinja's own."""

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
    seen = [always_shown(file, templates) for file in variants]
    return Template(
        name,
        digest.hexdigest(),
        unsubscribe=all("links.unsubscribe" in each for each in seen),
        imprint=all("sender.imprint" in each for each in seen),
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
    """The values (`links.unsubscribe`, …) that a reader sees whatever the conditions say: nothing hides them,
    no filter changes them, and a link has words."""
    try:
        text = "".join(_laid_out(file, templates, {}, (), True))
    except jinja2.TemplateSyntaxError:
        return frozenset()
    return shown.values_in_html(text) if file.kind == "html" else shown.values_in_text(text)


def _laid_out(
    file: TemplateFile,
    templates: Templates,
    blocks: Mapping[str, j.Block],
    within: tuple[str, ...],
    sure: bool,
) -> Iterator[str]:
    """The text of a file as `shown` reads it. `within` are the files that brought it in."""
    if len(within) > _DEEPEST or file.path in within:
        return
    within = (*within, file.path)
    tree = parsed(file.body)
    own = {block.name: block for block in tree.find_all(j.Block)}
    blocks = {**own, **blocks}
    layout = tree.find(j.Extends)
    if layout is not None:
        part = templates.file(layout.template.value) if isinstance(layout.template, j.Const) else None
        if part:
            yield from _laid_out(part, templates, blocks, within, sure)
        return
    yield from _pieces(tree.body, templates, blocks, within, sure)


def _pieces(
    body: list[j.Node],
    templates: Templates,
    blocks: Mapping[str, j.Block],
    within: tuple[str, ...],
    sure: bool,
) -> Iterator[str]:
    for node in body:
        match node:
            case j.Output():
                for each in node.nodes:
                    yield _put_out(each, sure)
            case j.Block() if len(within) <= _DEEPEST:
                inner = blocks.get(node.name, node).body
                yield from _pieces(inner, templates, blocks, (*within, ""), sure)
            case j.With() | j.Scope() | j.ScopedEvalContextModifier():
                yield from _pieces(node.body, templates, blocks, within, sure)
            case j.Include(template=j.Const(value=str() as path)):
                part = templates.file(path)
                if part:
                    yield from _laid_out(part, templates, {}, within, sure)
            case j.If():
                yield from _choice(node, templates, blocks, within, sure)
            case j.For():
                inside = _pieces([*node.body, *node.else_], templates, blocks, within, False)
                yield "".join((shown.MAYBE, *inside, shown.SURE))
            case j.FilterBlock() | j.CallBlock():
                inside = _pieces(node.body, templates, blocks, within, False)
                yield "".join((shown.MAYBE, *inside, shown.SURE))


def _choice(
    node: j.If, templates: Templates, blocks: Mapping[str, j.Block], within: tuple[str, ...], sure: bool
) -> Iterator[str]:
    """All arms one after another, so that what one of them hides is hidden; words count if each arm has
    some."""
    bodies = [node.body, *(other.body for other in node.elif_), node.else_]
    arms = ["".join(_pieces(body, templates, blocks, within, False)) for body in bodies]
    yield "".join((shown.MAYBE, *arms, shown.SURE))
    if all(arm.strip() and "<" not in arm and shown.MAYBE not in arm for arm in arms):
        yield shown.WORD


def _put_out(node: j.Node, sure: bool) -> str:
    if isinstance(node, j.TemplateData):
        return node.data
    path = ".".join(dotted(node))
    if path:
        return shown.marked(path) if sure else shown.WORD
    is_given = isinstance(node, j.Filter) and node.name in ("default", "d")
    return shown.WORD if is_given else ""


def renamed(tree: j.Template) -> Iterator[tuple[str, int]]:
    """The names that a template gives a meaning itself (by `set`, `with`, `for`, `macro` or `import`), with
    the line."""
    for node in tree.find_all((j.Name, j.NSRef, j.Macro, j.Import, j.FromImport)):
        match node:
            case j.Name() if node.ctx != "load":
                yield node.name, node.lineno
            case j.NSRef() | j.Macro():
                yield node.name, node.lineno
            case j.Import():
                yield node.target, node.lineno
            case j.FromImport():
                for each in node.names:
                    yield each if isinstance(each, str) else each[1], node.lineno


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
