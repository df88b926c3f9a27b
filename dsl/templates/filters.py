"""What Jinja's filters take: how many values beside the one in front, and of what kind that one is."""

import inspect
from functools import cache

from jinja2 import nodes as j

from dsl.templates.text import ENVIRONMENT, FILTERS

ITERATING = frozenset(
    "batch count first groupby join last length list map max min random reject rejectattr reverse select "
    "selectattr slice sort sum unique".split()
)
"""They take a list; of a text, they take its letters."""

TEXTUAL = frozenset({"indent", "truncate", "wordwrap"})
"""They take nothing but text."""

NUMERIC = ("abs", "round")
"""They take nothing but numbers."""

IN = "in"
"""The sign between a member and what may hold it."""

BY = "(attribute=…)"
"""Stands behind the name of a filter that goes by a field of each member of a list."""

ORDERING = frozenset(f"{name}{BY}" for name in ("groupby", "max", "min", "sort"))
"""By a field that has an order."""

SUMMING = f"sum{BY}"

_FIELD_FIRST = frozenset({"groupby", "rejectattr", "selectattr", "sum"})
_OF_JINJA = frozenset({"context", "env", "environment", "eval_ctx"})
_GIVEN = {"money": "", "time": "", "date": "style=…"}


def field_of(node: j.Filter) -> str:
    """The field of each member by which a filter goes; empty for none, or one that is not written out."""
    given = [each.value for each in node.kwargs if each.key == "attribute"]
    if node.name in _FIELD_FIRST:
        given += node.args[:1]
    named = (each.value for each in given if isinstance(each, j.Const))
    return next((each for each in named if isinstance(each, str)), "")


def fits(node: j.Filter) -> bool:
    """Whether a filter is given as many values as it takes, under names that it has."""
    if node.dyn_args is not None or node.dyn_kwargs is not None or node.name not in ENVIRONMENT.filters:
        return True
    keys = [str(each.key) for each in node.kwargs]
    if node.name in FILTERS:
        return len(node.args) + len(keys) <= (node.name == "date") and set(keys) <= {"style"}
    return _takes(node.name, len(node.args), tuple(keys))


@cache
def _takes(name: str, count: int, keys: tuple[str, ...]) -> bool:
    try:
        _signature(name).bind(None, *range(count), **dict.fromkeys(keys))
    except TypeError:
        return False
    return True


def written(name: str) -> str:
    """How a filter is written, with all that it takes."""
    if name in FILTERS:
        return f"{name}({_GIVEN[name]})" if _GIVEN[name] else name
    taken = list(_signature(name).parameters.values())[1:]
    shown = [
        each.name if each.default is each.empty else f"{each.name}=…"
        for each in taken
        if each.kind is each.POSITIONAL_OR_KEYWORD
    ]
    return f"{name}({', '.join(shown)})" if shown else name


@cache
def _signature(name: str) -> inspect.Signature:
    """That of a filter, from the value in front on."""
    function = ENVIRONMENT.filters[name]
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())
    if parameters[0].name in _OF_JINJA:
        parameters = parameters[1:]
    return signature.replace(parameters=parameters)
