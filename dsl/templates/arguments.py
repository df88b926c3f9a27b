"""What a macro is given where it is called."""

from typing import Protocol

from jinja2 import nodes as j
from msgspec.structs import replace

from dsl.meaning.names import nearest
from dsl.templates.expressions import Expressions
from dsl.templates.values import MADE, Macro, Outside, Place, Value


class Told(Protocol):
    """Hears that something is wrong on a line of the text at hand."""

    def __call__(
        self, place: Place, line: int, code: str, words: tuple[str, ...], message: str, help: str = ""
    ) -> None: ...


def arguments(
    macro: Macro, node: j.Call, place: Place, expressions: Expressions, fault: Told
) -> dict[str, Value]:
    """What the names of a macro mean in this call; what it does not take is told."""
    names = [each.name for each in macro.node.args]
    given: dict[str, Value] = {}
    for name, argument in zip(names, node.args, strict=False):
        given[name] = expressions.handed(argument, place)
    for keyword in node.kwargs:
        known = keyword.key in names
        value = expressions.handed(keyword.value, place)
        if known:
            given[keyword.key] = value
        elif not takes(macro, "kwargs"):
            close = nearest(keyword.key, names)
            fault(
                place,
                node.lineno,
                "E512",
                (keyword.key,),
                f"The macro `{macro.node.name}` takes no `{keyword.key}`.",
                f"Write `{close}`." if close else _takes_these(names),
            )
    if len(node.args) > len(names) and not takes(macro, "varargs"):
        fault(
            place,
            node.lineno,
            "E512",
            (macro.node.name,),
            f"The macro `{macro.node.name}` takes {len(names)} values, and is given {len(node.args)}.",
            _takes_these(names),
        )
    defaults = dict(zip(names[len(names) - len(macro.node.defaults) :], macro.node.defaults, strict=True))
    inside = replace(place, file=macro.file, line=macro.file.line, names=dict(macro.names))
    for name in names:
        if name not in given:
            default = defaults.get(name)
            given[name] = (
                Outside(("", macro.node.name, name))
                if default is None
                else expressions.value(default, inside)
            )
    return given | {"varargs": MADE, "kwargs": MADE}


def takes(macro: Macro, name: str) -> bool:
    """Whether a macro speaks of a name that is not among its own."""
    return any(each.name == name for each in macro.node.find_all(j.Name))


def _takes_these(names: list[str]) -> str:
    return f"It takes {', '.join(f'`{each}`' for each in names)}." if names else ""
