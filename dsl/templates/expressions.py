"""What the expressions of a template ask for, and which value from outside they come down to."""

from collections.abc import Iterable
from typing import Protocol

from jinja2 import nodes as j

from dsl.meaning.names import nearest
from dsl.templates.filters import BY, IN, ITERATING, NUMERIC, TEXTUAL, field_of, fits, written
from dsl.templates.proofs import Proof, plain, proof
from dsl.templates.text import FILTERS
from dsl.templates.values import (
    FALLBACKS,
    KEPT,
    MADE,
    MEMBER,
    ONE_OF_LIST,
    ROUND,
    SAME_LIST,
    WAYS_OUT,
    Group,
    Groups,
    Macro,
    Module,
    Outside,
    Place,
    Round,
    Rows,
    Use,
    Value,
    Words,
    dotted,
)

MOST_PRODUCTS = 12
"""The largest N of `recommend(N)`."""

WANTED = {"money": "an amount", "date": "a date or a moment", "time": "a moment"}
"""What Virta's own filters take."""

_ORDERS = {"gt": ">", "gteq": ">=", "lt": "<", "lteq": "<="}


class Writer(Protocol):
    """Who writes the text of macros and blocks, and hears of faults."""

    def write(self, body: Iterable[j.Node], place: Place) -> str: ...

    def call(self, macro: Macro, node: j.Call, place: Place) -> str: ...

    def above(self, place: Place, line: int) -> str: ...

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
                    self.note(found.path, node, place, guarded or bool(found.instead))
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
            case j.And():
                self.value(node.left, place, guarded)
                self.value(node.right, place.behind(self._proof(node.left, place).yes), guarded)
            case j.Or():
                known = self.asked(node.left, place).no
                self.value(node.right, place.behind(known), guarded)
            case j.Not():
                self.value(node.node, place, True)
            case j.CondExpr():
                asked = self.asked(node.test, place)
                self.value(node.expr1, place.behind(asked.yes), guarded)
                if node.expr2 is not None:
                    self.value(node.expr2, place.behind(asked.no), guarded)
            case j.Compare():
                operands = [node.expr, *(each.expr for each in node.ops)]
                for each in operands:
                    self.value(each, place, True)
                for left, sign, right in zip(operands, node.ops, operands[1:], strict=False):
                    if sign.op in _ORDERS:
                        self._meet(_ORDERS[sign.op], left, right, place)
                    elif sign.op in ("in", "notin") and isinstance(of := self._plain(right, place), Outside):
                        self.note(of.path, right, place, True, _written(right), sign=IN)
            case j.BinExpr():
                self.value(node.left, place)
                self.value(node.right, place)
                self._meet(node.operator, node.left, node.right, place)
            case j.Neg() | j.Pos():
                self.value(node.node, place)
                self._meet(node.operator, node.node, None, place)
            case j.Concat():
                for each in node.nodes:
                    self.value(each, place)
            case _:
                for child in node.iter_child_nodes():
                    self.value(child, place, guarded)
        return MADE

    def handed(self, node: j.Node, place: Place) -> Value:
        """What a node means that is given another name: an unknown value fails where that name stands."""
        return self.value(node, place, isinstance(node, j.Name | j.Getattr | j.Getitem))

    def asked(self, test: j.Node, place: Place) -> Proof:
        """What a condition proves; it guards itself."""
        self.value(test, place, True)
        return self._proof(test, place)

    def _proof(self, test: j.Node, place: Place) -> Proof:
        return proof(test, lambda node: self._plain(node, place))

    def _plain(self, node: j.Node, place: Place) -> Value:
        """What a path comes down to, with filters or without; nothing is asked for again."""
        match node:
            case j.Filter() if node.node is not None:
                return _filtered(node, self._plain(node.node, place))
            case j.Call():
                return self.reach(node.node, place) if plain(node) else MADE
            case j.Name() | j.Getattr() | j.Getitem():
                return self.reach(node, place)
        return MADE

    def _meet(self, sign: str, left: j.Node, right: j.Node | None, place: Place) -> None:
        """Two values around a sign, or one behind it."""
        one = self._plain(left, place)
        other = self._plain(right, place) if right is not None else MADE
        if isinstance(one, Outside):
            beside = other.path if isinstance(other, Outside) else ()
            self.note(
                one.path, left, place, True, _written(left), sign=sign, other=_kind(right), beside=beside
            )
        elif isinstance(other, Outside) and right is not None and not (sign == "%" and _kind(left) == "text"):
            self.note(other.path, right, place, True, _written(right), sign=sign, other=_kind(left))

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
            case j.Getitem(arg=j.Const(value=int() as index)):
                return _chosen(self.reach(node.node, place), index)
            case j.Getitem(arg=j.Neg(node=j.Const(value=int() as index))):
                return _chosen(self.reach(node.node, place), index - 1)
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
                return self._writer.above(place, node.lineno)
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
                message = f"`templates/{before.path}` has no macro `{name}`."
                written = f"Write it there: `{{% macro {name}() %}} … {{% endmacro %}}`."
                help = f"Write `{close}`." if close else written
                self._writer.fault(place, node.lineno, "E520", (name,), message, help)
            return before.names.get(name, MADE)
        if isinstance(before, Group) and name == "list":
            return before.whole
        if isinstance(before, Round) and before.path and name in ("previtem", "nextitem"):
            return before.beside("first" if name == "previtem" else "last")
        if isinstance(before, Round) and name not in ROUND:
            close = nearest(name, ROUND)
            help = f"Write `loop.{close}`." if close else "Leave it out."
            self._writer.fault(place, node.lineno, "E504", (name,), f"There is no `loop.{name}`.", help)
        return MADE

    def _filter(self, node: j.Filter, place: Place, guarded: bool) -> Value:
        """All filters but `default` fail with what is unknown."""
        fallback = node.name in FALLBACKS
        if node.node is None:  # a filter block
            found: Value = MADE
        else:
            found = self.value(node.node, place, fallback)
        given = (*node.args, *(each.value for each in node.kwargs))
        for argument in given:
            self.value(argument, place, fallback and guarded)
        if not fits(node):
            message = f"The filter `{node.name}` is given what it does not take, or too little."
            help = f"Write it as `{written(node.name)}`."
            self._writer.fault(place, node.lineno, "E512", (node.name,), message, help)
        if node.name in FILTERS:
            self._fitting(node, found, place)
        if node.name == "date" and not all(isinstance(each, j.Const) for each in given):
            help = 'Dates are `date("long")`, `date("short")` or `date("weekday")`.'
            message = "The style of this date is not written out."
            self._writer.fault(place, node.lineno, "E507", ("date",), message, help)
        if isinstance(found, Outside):
            self._through(node, found, place)
        return _filtered(node, found)

    def _through(self, node: j.Filter, found: Outside, place: Place) -> None:
        """A value goes through a filter that takes certain kinds only, or asks for a field of its members."""
        shown = _written(node)
        if node.name in FILTERS:
            self.note(found.path, node, place, True, shown, filter=node.name)
        if shown and (node.name in NUMERIC or node.name in TEXTUAL or node.name in ITERATING):
            self.note(found.path, node, place, True, shown, sign=node.name)
        if name := field_of(node):
            path = (*found.path, MEMBER, *name.split("."))
            self.note(path, node, place, True, name, sign=f"{node.name}{BY}")

    def _fitting(self, node: j.Filter, found: Value, place: Place) -> None:
        """A word that stands in for what is unknown must be of the kind that the filter behind it takes."""
        given = node.node
        while isinstance(given, j.Filter) and given.name in FALLBACKS:
            given = given.args[0] if given.args else j.Const("")
        instead = isinstance(found, Outside) and found.instead == "word" and found.path not in place.guards
        if given is None or isinstance(given, j.Literal) or instead:
            shown = str(given.value) if isinstance(given, j.Const) else ""
            self._writer.fault(
                place,
                node.lineno,
                "E515",
                (*([shown] if shown else []), node.name),
                f"`{node.name}` needs {WANTED[node.name]}, and the word in front of it is none.",
                f"Ask for the value first: `{{% if … %}}{{{{ … | {node.name} }}}}{{% endif %}}`.",
            )

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
        sign: str = "",
        other: str = "",
        beside: tuple[str, ...] = (),
    ) -> None:
        """A value is asked for."""
        line = place.line + node.lineno - 1
        written = written or ".".join(dotted(node)) or path[-1]
        guarded = guarded or path in place.guards or (path in WAYS_OUT and bool(WAYS_OUT & place.guards))
        there = place.there(path[:-1] if guarded else path)
        use = Use(path, written, place.file.path, line, guarded, called, filter, there, sign, other, beside)
        self.uses[use] = None


def _chosen(found: Value, index: int) -> Value:
    """A member by its number: of a list with any member there is a first and a last."""
    return found.chosen(0 if index == -1 else index) if isinstance(found, Outside) else MADE


def _filtered(node: j.Filter, found: Value) -> Value:
    """What a filter makes of a value."""
    if isinstance(found, Words) and node.name in FALLBACKS:
        return found
    if isinstance(found, Outside) and node.name in FALLBACKS:
        word = not node.args or isinstance(node.args[0], j.Literal)
        return Outside(found.path, "word" if word else "value")
    if isinstance(found, Outside) and node.name in SAME_LIST:
        return found
    if isinstance(found, Outside) and node.name in ("batch", "slice"):
        return Rows(found)
    if isinstance(found, Outside) and node.name == "groupby":
        return Groups(found)
    if isinstance(found, Outside) and node.name in ONE_OF_LIST and not node.kwargs:
        return found.chosen(0)
    return MADE


def _written(node: j.Node) -> str:
    """A path as it stands there, without its filters."""
    while isinstance(node, j.Filter) and node.node is not None:
        node = node.node
    return ".".join(dotted(node))


def _kind(node: j.Node | None) -> str:
    """The kind of a value that the template writes itself; nothing for any other."""
    match node:
        case j.Neg() | j.Pos():
            return _kind(node.node)
        case j.Const(value=bool()):
            return "flag"
        case j.Const(value=int()):
            return "number"
        case j.Const(value=float()):
            return "fraction"
        case j.Const(value=str()) | j.Concat():
            return "text"
    return ""
