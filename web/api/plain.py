"""What msgspec says of a wrong value, in words for someone who never heard of it."""

import re

KINDS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "datetime": "a moment such as `2026-03-02T10:00:00+02:00`",
}
LONGEST_NAME = 60

_EXPECTED = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*?)`(?: - at `|$)", re.DOTALL)
_PLACE = re.compile(r" - at `\$\.?([^`]*)`$")


def in_plain_words(message: str, whole: str) -> str:
    """`message` of a `msgspec.ValidationError` as a phrase that names the field; `whole` is what the
    decoded value is called when the fault lies in no field of it."""
    place = _PLACE.search(message)
    path = place[1].replace("[...]", "") if place else ""
    name = f"`{path}`" if path else whole
    if found := _UNKNOWN.match(message):
        unknown = found[1][:LONGEST_NAME]
        return f"{name} has a field `{unknown}` that is not known here"
    if found := _MISSING.match(message):
        return f"`{path}.{found[1]}` is missing." if path else f"`{found[1]}` is missing"
    if found := _EXPECTED.match(message):
        return f"{name} must be {_kind(found[1])}, not {_kind(found[2])}"
    if "RFC3339" in message:
        return f"{name} is no moment that exists; write it as in `2026-03-02T10:00:00+02:00`"
    if "timezone" in message:
        return f"{name} has no offset from UTC; write it as in `2026-03-02T10:00:00+02:00`"
    if "out of range" in message:
        return f"{name} holds a number that is too large"
    return f"{name} has the wrong form"


def _kind(names: str) -> str:
    first = names.split(" | ")[0]
    return KINDS.get(first, first)
