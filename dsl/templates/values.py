"""What the names of a template mean before anybody is known: paths to values from outside, words, macros."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from jinja2 import nodes as j
from msgspec import Struct
from msgspec.structs import replace

from dsl.templates.files import TemplateFile

MEMBER = "[]"
"""A step of a path: any one member of a list."""

UNSET = "?"
"""The root of a name that the template gives a meaning under a condition only."""

KEPT = ("links", "sender", "recommend")
"""Names that no template may give another meaning."""

WAYS_OUT = frozenset({("links", "unsubscribe"), ("links", "preferences")})
"""What every marketing mail is given, both of them, and no other mail."""

SAME_LIST = frozenset({"default", "d", "list", "sort", "reverse", "unique", "select", "reject"}) | {
    "selectattr",
    "rejectattr",
}
ONE_OF_LIST = frozenset({"first", "last", "random", "min", "max"})
FALLBACKS = ("default", "d")
ROUND = frozenset(
    "changed cycle depth depth0 first index index0 last length nextitem previtem revindex revindex0".split()
)
"""What there is in `loop`."""


class Outside(Struct, frozen=True):
    """A value that the mail is given: `("trigger", "items", "[]", "name")` is the name of an item."""

    path: tuple[str, ...]
    instead: str = ""  # what stands there when it is unknown: a "word" of the template, or another "value"

    def member(self) -> "Outside":
        return Outside((*self.path, MEMBER))

    def chosen(self, which: object) -> "Outside":
        """One certain member: it is not there when the list is too short."""
        return Outside((*self.path, f"[{which}]"))


class Words(Struct, frozen=True):
    """A text that the template itself holds."""

    text: str


class Made(Struct, frozen=True):
    """Anything that the template makes of other values."""


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro with the file that holds it and the names known there."""

    node: j.Macro
    file: TemplateFile
    names: "Mapping[str, Value]" = field(compare=False)


@dataclass(frozen=True, slots=True)
class Module:
    """What `{% import … as NAME %}` gives."""

    path: str
    names: "Mapping[str, Value]" = field(compare=False)


class Round(Struct, frozen=True):
    """`loop` within a loop over what stands at `path`; empty for a list that the template makes."""

    path: tuple[str, ...]

    def beside(self, end: str) -> Outside:
        """The member before (`first`: there is none in the first round) or after this one (`last`)."""
        return Outside(self.path).chosen("previtem" if end == "first" else "nextitem")


class Rows(Struct, frozen=True):
    """A list cut into several by `batch` or `slice`."""

    whole: Outside


class Groups(Struct, frozen=True):
    """A list cut into several by `groupby`."""

    whole: Outside


class Group(Struct, frozen=True):
    """One of `Groups`: `grouper`, and `list`, the members that have it."""

    whole: Outside


Value: TypeAlias = "Outside | Rows | Groups | Group | Words | Made | Macro | Module | Round"
MADE = Made()


class Use(Struct, frozen=True):
    """A value that is asked for on `line` of the file `file`, where it stands as `written`. `guarded`: a word
    stands in for it when it is unknown, or a condition asks for it first. `there`: so are the members of
    lists on the way to it. `called`: as a function. `sign` is that of an operation, with what stands at the
    path `beside`, or else with a value of the kind `other`."""

    path: tuple[str, ...]
    written: str
    file: str
    line: int
    guarded: bool
    called: bool = False
    filter: str = ""  # one of Virta's own that it is given to
    there: bool = True
    sign: str = ""
    other: str = ""
    beside: tuple[str, ...] = ()


class Fault(Struct, frozen=True):
    """Something wrong in a template, on `line` of `file`, at the first of `words` that stands there."""

    code: str
    file: str
    line: int
    words: tuple[str, ...]
    message: str
    help: str = ""


class Caller(Struct, frozen=True):
    """What stands between `{% call … %}` and its end."""

    node: j.CallBlock
    place: "Place"


class Place(Struct, frozen=True):
    """Where a reading is. `line` is that of the file on which the text begins; `names` are those that the
    template gives a meaning, `outer` those that it gives outside of loops and the like; `blocks` maps a block
    to its bodies, the one that counts first, `block` is the one around with its rank; `guards` are paths that
    a condition asked for; `sure`: no condition around."""

    file: TemplateFile
    line: int
    names: dict[str, Value]
    outer: Mapping[str, Value] = {}
    within: tuple[str, ...] = ()
    blocks: Mapping[str, tuple[tuple[j.Block, TemplateFile], ...]] = {}
    block: tuple[str, int] = ("", 0)
    guards: frozenset[tuple[str, ...]] = frozenset()
    sure: bool = True
    caller: Caller | None = None

    def behind(self, guards: frozenset[tuple[str, ...]]) -> "Place":
        """The same place behind more guards."""
        return replace(self, guards=self.guards | guards)

    def there(self, path: tuple[str, ...]) -> bool:
        """Whether each member of a list in a path was asked for; for a first or last one the list will do."""
        for number, step in enumerate(path):
            one = is_member(step) and step != MEMBER
            any_of = path[:number] if step == "[0]" else path[: number + 1]
            if one and not self.guards & {path[: number + 1], any_of}:
                return False
        return True

    def apart(self, guards: frozenset[tuple[str, ...]] = frozenset(), sure: bool = False) -> "Place":
        """The same place with names of its own, and behind more guards; `sure` says that it stays so."""
        return replace(self, names=dict(self.names), guards=self.guards | guards, sure=self.sure and sure)


def is_member(step: str) -> bool:
    """Whether a step of a path goes into a list."""
    return step.startswith("[")


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


def loop_names(target: j.Node) -> tuple[str, ...]:
    """The names that a loop or an assignment gives."""
    if isinstance(target, j.Name):
        return (target.name,)
    return tuple(node.name for node in target.find_all(j.Name))


def joined(ends: list[Place], before: Mapping[str, Value]) -> dict[str, Value]:
    """The names that arms gave a meaning, as they stand behind them. One that some arm gives another meaning
    has no certain one, and one that some arm gives none may have none."""
    found: dict[str, Value] = {}
    for name in {name for end in ends for name in end.names}:
        meanings = [_meaning(name, end) for end in ends]
        first = meanings[0]
        if first is not None and all(each == first for each in meanings):
            if before.get(name) != first:
                found[name] = first
        else:
            found[name] = Outside((UNSET, name)) if None in meanings else MADE
    return found


def _meaning(name: str, end: Place) -> "Value | None":
    """None for a name that an arm may leave without one: not even its condition asked for it."""
    given = end.names.get(name)
    if given is None:
        return MADE if (name,) in end.guards else None
    if isinstance(given, Outside) and given.path == (UNSET, name):
        return MADE if given.path in end.guards else None
    return given
