"""What does not fit in a TOML file, said for the person who wrote it."""

import re
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Struct

_EXPECTED = re.compile(r"Expected `(.+?)`(?:, got `(.+?)`)?(?: - at `\$(.*)`)?\Z")
_MISSING = re.compile(r"Object missing required field `(.+?)`(?: - at `\$(.*)`)?\Z")
_UNKNOWN = re.compile(r"Object contains unknown field `(.+?)`(?: - at `\$(.*)`)?\Z")
_CHOICE = re.compile(r"Invalid enum value (.+?)(?: - at `\$(.*)`)?\Z", re.DOTALL)
_ANY = "..."  # some key of a table whose keys are free
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")

_KINDS = {
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list in square brackets",
    "object": "a table",
    "date": "a date",
    "time": "a time of day",
    "datetime": "a moment",
}
_FOUND = _KINDS | {"float": "a decimal number"}


def in_plain_words(fault: msgspec.ValidationError, kind: Any) -> str:
    """One sentence or two: which key, what is expected, what is there. `kind` is the type wanted."""
    said = str(fault)
    if found := _MISSING.match(said):
        return f"`{found[1]}` is missing{_under(found[2])}."
    if found := _UNKNOWN.match(said):
        known = _fields(kind, found[2] or "")
        near = get_close_matches(found[1], known, 1)
        hint = f"Did you mean `{near[0]}`?" if near else f"There are {_list(known)}."
        return f"there is no setting `{found[1]}`{_under(found[2])}. {hint}"
    if found := _CHOICE.match(said):
        choices = get_args(_kind_at(kind, found[2] or ""))
        return f"{_name(found[2])} must be one of {_list(choices)}; it is `{found[1][1:-1]}`."
    if found := _EXPECTED.match(said):
        is_ = f"; it is {_FOUND.get(found[2], found[2])}" if found[2] else ""
        return (
            f"{_name(found[3])} must be {_wanted(found[1], _kind_at(kind, found[3] or ''), found[3])}{is_}."
        )
    return said


def _wanted(expected: str, kind: Any, path: str | None) -> str:
    if expected == "object":
        return f"a table, [{'.'.join(_steps(path))}]"
    if expected == "array" and isinstance(get_args(kind)[0], type) and issubclass(get_args(kind)[0], Struct):
        return f"a list of tables, [[{'.'.join(_steps(path))}]] in two pairs of brackets"
    return _KINDS.get(expected, expected)


def _steps(path: str | None) -> list[str]:
    return [name or place for name, place in _STEP.findall(path or "")]


def _name(path: str | None) -> str:
    """`smtp.connections`; a place in a list is counted from 1."""
    names: list[str] = []
    place = ""
    for step in _steps(path):
        if step.isdigit():
            place = f" (number {int(step) + 1})"
        elif step != _ANY:
            names.append(step)
    return f"`{'.'.join(names)}`{place}"


def _under(path: str | None) -> str:
    steps = _steps(path)
    if not steps:
        return ""
    *names, last = steps
    if last == _ANY:
        return " in one of the tables" + (f" under [{'.'.join(names)}]" if names else "")
    return (
        f" under [[{'.'.join(names)}]] (number {int(last) + 1})"
        if last.isdigit()
        else f" under [{'.'.join(steps)}]"
    )


def _kind_at(kind: Any, path: str) -> Any:
    """The type at a path, or `kind` of a list's members."""
    for step in _steps(path):
        if isinstance(kind, type) and issubclass(kind, Struct):
            kind = next(field.type for field in msgspec.structs.fields(kind) if field.name == step)
        elif get_origin(kind) is not Literal:
            kind = get_args(kind)[1 if get_origin(kind) is dict else 0]
    return kind


def _fields(kind: Any, path: str) -> list[str]:
    return [field.name for field in msgspec.structs.fields(_kind_at(kind, path))]


def _list(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)
