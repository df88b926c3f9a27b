"""What a condition proves of the values that it asks for."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from jinja2 import nodes as j

from dsl.templates.values import FALLBACKS, WAYS_OUT, Outside, Round, Value, dotted

Paths: TypeAlias = frozenset[tuple[str, ...]]
_NONE: Paths = frozenset()
_PROVES_NOTHING = ("callable", "undefined")


class Proof(NamedTuple):
    """The paths that are known where a condition holds (`yes`), and where it does not (`no`)."""

    yes: Paths = _NONE
    no: Paths = _NONE


def proof(test: j.Node, reach: Callable[[j.Node], Value]) -> Proof:
    """Every comparison with what is unknown is no, and so is the unknown itself; `reach` says what a path,
    with filters or without, comes down to."""
    match test:
        case j.Not():
            yes, no = proof(test.node, reach)
            return Proof(no, yes)
        case j.And():
            left, right = proof(test.left, reach), proof(test.right, reach)
            return Proof(left.yes | right.yes, left.no & right.no)
        case j.Or():
            left, right = proof(test.left, reach), proof(test.right, reach)
            return Proof(left.yes & right.yes, left.no | right.no)
        case j.Compare():
            several = [_asked(each, reach) for each in (test.expr, *(each.expr for each in test.ops))]
            paths = _NONE.union(*several)
            if any(each.op == "notin" for each in test.ops):
                return Proof(no=paths) if len(test.ops) == 1 else Proof()
            return Proof(paths)
        case j.Test():
            paths = _asked(test.node, reach)
            if test.name == "undefined":
                return Proof(no=paths)
            return Proof() if test.name in _PROVES_NOTHING else Proof(paths)
        case j.Getattr(attr="first" | "last") if isinstance(found := reach(test.node), Round):
            return Proof(no=frozenset({found.beside(test.attr).path}) if found.path else _NONE)
        case j.Filter(name=name) if name in FALLBACKS and _empty(test.args):
            return proof(test.node, reach) if test.node is not None else Proof()
    return Proof(_asked(test, reach))


def certain(test: j.Node, marketing: bool) -> bool | None:
    """What comes of a condition in every marketing mail, or else in none, where that is sure: whether there
    are links to unsubscribe. So one layout can serve marketing and service."""
    match test:
        case j.Not():
            found = certain(test.node, marketing)
            return None if found is None else not found
        case j.And() | j.Or():
            decides = isinstance(test, j.Or)
            both = {certain(test.left, marketing), certain(test.right, marketing)}
            if decides in both:
                return decides
            return None if None in both else not decides
    return marketing if dotted(test) in WAYS_OUT else None


def _asked(node: j.Node, reach: Callable[[j.Node], Value]) -> Paths:
    """The paths that must be known for a value to be one: all but `default` fail with what is unknown."""
    if not plain(node):
        return _NONE
    found = reach(node)
    paths = frozenset({found.path}) if isinstance(found, Outside) else _NONE
    if isinstance(node, j.Filter) and node.node is not None:
        return _NONE if node.name in FALLBACKS else paths | _asked(node.node, reach)
    return paths


def plain(node: j.Node | None) -> bool:
    """Whether this is a path, or what `recommend` gives, perhaps with filters behind."""
    while isinstance(node, j.Filter):
        node = node.node
    if isinstance(node, j.Call):
        return isinstance(node.node, j.Name) and node.node.name == "recommend"
    return isinstance(node, j.Name | j.Getattr | j.Getitem)


def _empty(args: list[j.Expr]) -> bool:
    """Whether the word for what is unknown is itself a no: then a yes means that the value is known."""
    if not args:
        return True
    match args[0]:
        case j.Const(value=value):
            return not value
        case j.List(items=items) | j.Tuple(items=items) | j.Dict(items=items):
            return not items
    return False
