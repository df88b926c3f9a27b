"""What the expressions of a template ask for, and which value from outside they come down to."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from jinja2 import nodes as j

from dsl.names import nearest
from dsl.template_text import FILTERS
from dsl.template_values import (
    FALLBACKS,
    KEPT,
    MADE,
    MEMBER,
    ONE_OF_LIST,
    SAME_LIST,
    Macro,
    Module,
    Outside,
    Place,
    Use,
    Value,
    Words,
    dotted,
)

MOST_PRODUCTS = 12
"""The largest N of `recommend(N)`."""


class Writer(Protocol):
    """Who writes the text of macros and blocks, and hears of faults."""

    def write(self, body: Iterable[j.Node], place: Place) -> str: ...

    def call(self, macro: Macro, node: j.Call, place: Place) -> str: ...

    def above(self, place: Place) -> str: ...

    def fault(
        self, place: Place, line: int, code: str, words: tuple[str, ...], message: str, help: str = ""
    ) -> None: ...


class Expressions:
    """The expressions of one reading. What they ask for gathers in `uses`, and the largest `recommend(N)` in
    `recommends`."""

    def __init__(self, writer: Writer) -> None:
        self.uses: dict[Use, None] = {}
        self.recommends = 0
        self._writer = writer

    def value(self, node: j.Node, place: Place, guarded: bool = False) -> Value:
        """What a node means; `guarded`: a word stands in for what is unknown."""
        match node:
            case j.Name() | j.Getattr() | j.Getitem():
                found = self.reach(node, place)
                if isinstance(found, Outside):
                    self.note(found.path, node, place, guarded)
                return found
            case j.Const(value=str() as text):
                return Words(text)
            case j.Filter():
                return self._filter(node, place, guarded)
            case j.Call():
                return self._call(node, place, guarded)
            case j.Test():
                self.value(node.node, place, True)
                for argument in (*node.args, *node.kwargs):
                    self.value(argument, place, guarded)
            case j.And() | j.Or():
                asked = self.asked(node.left, place)
                self.value(node.right, replace(place, guards=place.guards | asked), guarded)
            case j.CondExpr():
                inside = replace(place, guards=place.guards | self.asked(node.test, place))
                self.value(node.expr1, inside, guarded)
                if node.expr2 is not None:
                    self.value(node.expr2, inside, guarded)
            case _:
                for child in node.iter_child_nodes():
                    self.value(child, place, guarded)
        return MADE

    def asked(self, test: j.Node, place: Place) -> frozenset[tuple[str, ...]]:
        """The paths that a condition asks for; it guards itself."""
        before, self.uses = self.uses, {}
        self.value(test, place, True)
        paths = frozenset(use.path for use in self.uses)
        self.uses = {**before, **self.uses}
        return paths

    def reach(self, node: j.Node, place: Place) -> Value:
        """What a path means, without asking for it yet."""
        match node:
            case j.Name():
                own = None if node.name in KEPT else place.names.get(node.name)
                return own or Outside((node.name,))
            case j.Getattr():
                return self._step(node, node.attr, self.reach(node.node, place), place)
            case j.Getitem(arg=j.Const(value=str() as key)):
                return self._step(node, key, self.reach(node.node, place), place)
            case j.Getitem(arg=j.Const(value=int())):
                found = self.reach(node.node, place)
                return found.member() if isinstance(found, Outside) else MADE
            case j.Getitem(arg=j.Slice()):
                return self.reach(node.node, place)
            case j.Getitem():
                self.value(node.arg, place)
                self.value(node.node, place)
                return MADE
        return self.value(node, place)

    def written(self, node: j.Call, place: Place) -> str | None:
        """The text that a call puts out: a macro's, `super()`, `caller()`; None for anything else."""
        if isinstance(node.node, j.Name) and node.node.name not in place.names:
            if node.node.name == "super":
                return self._writer.above(place)
            if node.node.name == "caller" and place.caller is not None:
                return self._writer.write(place.caller.node.body, place.caller.place.apart(sure=place.sure))
        found = self.reach(node.node, place)
        return self._writer.call(found, node, place) if isinstance(found, Macro) else None

    def _step(self, node: j.Node, name: str, before: Value, place: Place) -> Value:
        if isinstance(before, Outside):
            return Outside((*before.path, name))
        if isinstance(before, Module):
            if name not in before.names:
                close = nearest(name, before.names)
                help = f"Write `{close}`." if close else ""
                message = f"`templates/{before.path}` has no macro `{name}`."
                self._writer.fault(place, node.lineno, "E508", (name,), message, help)
            return before.names.get(name, MADE)
        return MADE

    def _filter(self, node: j.Filter, place: Place, guarded: bool) -> Value:
        if node.node is None:  # a filter block
            found: Value = MADE
        else:
            found = self.value(node.node, place, guarded or node.name in FALLBACKS)
        for argument in (*node.args, *(each.value for each in node.kwargs)):
            self.value(argument, place, guarded)
        if isinstance(found, Outside) and node.name in FILTERS:
            self.note(found.path, node, place, True, ".".join(dotted(node.node or node)), filter=node.name)
        if not isinstance(found, Outside):
            return found if isinstance(found, Words) and node.name in FALLBACKS else MADE
        for each in node.kwargs:
            if each.key == "attribute" and isinstance(each.value, j.Const):
                path = (*found.path, MEMBER, *str(each.value.value).split("."))
                self.note(path, node, place, True, str(each.value.value))
        if node.name in SAME_LIST:
            return found
        return found.member() if node.name in ONE_OF_LIST and not node.kwargs else MADE

    def _call(self, node: j.Call, place: Place, guarded: bool) -> Value:
        if self.written(node, place) is not None:
            return MADE
        found = self.reach(node.node, place)
        if found == Outside(("recommend",)):
            self._recommend(node, place)
            return found
        if isinstance(found, Outside):
            self.note(found.path, node.node, place, guarded, called=True)
        for argument in (*node.args, *(each.value for each in node.kwargs)):
            self.value(argument, place, guarded)
        return MADE

    def _recommend(self, node: j.Call, place: Place) -> None:
        match node.args, node.kwargs:
            case [j.Const(value=int() as count)], [] if 1 <= count <= MOST_PRODUCTS and count is not True:
                self.recommends = max(self.recommends, count)
            case _:
                self._writer.fault(
                    place,
                    node.lineno,
                    "E513",
                    ("recommend",),
                    f"`recommend` must say how many products at most: a number from 1 to {MOST_PRODUCTS}.",
                    "Write `{% for product in recommend(4) %}`.",
                )

    def note(
        self,
        path: tuple[str, ...],
        node: j.Node,
        place: Place,
        guarded: bool,
        written: str = "",
        called: bool = False,
        filter: str = "",
    ) -> None:
        """A value is asked for."""
        line = place.line + node.lineno - 1
        written = written or ".".join(dotted(node)) or path[-1]
        use = Use(path, written, place.file.path, line, guarded or path in place.guards, called, filter)
        self.uses[use] = None
