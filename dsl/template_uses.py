"""The values that a template asks for, and where."""

from collections.abc import Iterator
from dataclasses import dataclass

from jinja2 import meta
from jinja2 import nodes as j

from dsl.template_facts import dotted

_FALLBACKS = ("default", "d")


@dataclass(frozen=True, slots=True)
class Use:
    """A value, as in `("contact", "first_name")`, in a line of the text. `guarded`: a word stands in for it
    when it is unknown, or a condition asks for it first. `called`: it is used as a function."""

    path: tuple[str, ...]
    line: int
    guarded: bool
    called: bool


def uses(tree: j.Template) -> Iterator[Use]:
    """Every value that comes from outside of the template, in no certain order."""
    yield from _uses(tree, frozenset(meta.find_undeclared_variables(tree)), frozenset(), False)


def _uses(
    node: j.Node, free: frozenset[str], guards: frozenset[tuple[str, ...]], guarded: bool
) -> Iterator[Use]:
    path = dotted(node)
    if path and path[0] in free:
        yield Use(path, node.lineno, guarded or path in guards, False)
        return
    match node:
        case j.Filter(name=name, node=inner) if name in _FALLBACKS and inner is not None:
            yield from _uses(inner, free, guards, True)
            for argument in (*node.args, *node.kwargs):
                yield from _uses(argument, free, guards, guarded)
        case j.If() | j.CondExpr():
            yield from _uses(node.test, free, guards, True)
            asked = guards | {use.path for use in _uses(node.test, free, guards, True)}
            for child in node.iter_child_nodes(exclude=("test",)):
                yield from _uses(child, free, asked, guarded)
        case j.Test():
            yield from _uses(node.node, free, guards, True)
        case j.And() | j.Or():
            asked = guards | {use.path for use in _uses(node.left, free, guards, True)}
            yield from _uses(node.left, free, guards, True)
            yield from _uses(node.right, free, asked, guarded)
        case j.For():
            yield from _uses(node.iter, free, guards, guarded)
            inside = free - {name.name for name in _names(node.target)}
            for child in node.iter_child_nodes(exclude=("target", "iter")):
                yield from _uses(child, inside, guards, guarded)
        case j.Call():
            called = dotted(node.node)
            if called and called[0] in free:
                yield Use(called, node.lineno, guarded, True)
            else:
                yield from _uses(node.node, free, guards, guarded)
            for argument in (*node.args, *node.kwargs):
                yield from _uses(argument, free, guards, guarded)
        case _:
            for child in node.iter_child_nodes():
                yield from _uses(child, free, guards, guarded)


def _names(target: j.Node) -> Iterator[j.Name]:
    """The names that a loop gives."""
    if isinstance(target, j.Name):
        yield target
    yield from target.find_all(j.Name)
