"""What the columns of a table are to the project: said by somebody, known of the product, or guessed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum

from msgspec import Struct

from dsl.graph import FieldType
from virta.settings import BrokenProject


class Role(StrEnum):
    """What a column can be beside an attribute. These names are kept from attributes by the `@`."""

    EMAIL = "@email"
    STATUS = "@status"  # subscribed or not
    REASON = "@reason"  # why somebody gets nothing
    STOPPED_AT = "@stopped_at"
    SIGNED_UP_AT = "@signed_up_at"
    SIGNED_UP_IP = "@signed_up_ip"
    CONFIRMED_AT = "@confirmed_at"
    CONFIRMED_IP = "@confirmed_ip"
    SOURCE = "@source"  # by which form or shop
    TAGS = "@tags"
    DETAILS = "@details"  # JSON with attributes of its own
    NOTHING = "-"  # left out


CLAIMED = frozenset(
    {
        Role.STATUS,
        Role.REASON,
        Role.STOPPED_AT,
        Role.SIGNED_UP_AT,
        Role.SIGNED_UP_IP,
        Role.CONFIRMED_AT,
        Role.CONFIRMED_IP,
        Role.SOURCE,
    }
)
"""Columns that speak of consent: what stands in them is kept as evidence, and nowhere else."""

BUILT_IN = ("language", "time_zone", "country")
_OTHER_WORDS = {
    "email": Role.EMAIL,
    "emailaddress": Role.EMAIL,
    "mail": Role.EMAIL,
    "epasts": Role.EMAIL,
    "epastaadrese": Role.EMAIL,
    "tags": Role.TAGS,
    "language": "language",
    "lang": "language",
    "locale": "language",
    "timezone": "time_zone",
    "country": "country",
    "countrycode": "country",
    "fname": "first_name",
    "firstname": "first_name",
    "vards": "first_name",
    "givenname": "first_name",
    "lname": "last_name",
    "lastname": "last_name",
    "surname": "last_name",
    "uzvards": "last_name",
    "phonenumber": "phone",
    "sms": "phone",
}


class Column(Struct, frozen=True):
    """A column, and what it is: a `Role`, the name of an attribute, or `-`. `why`: `said`, `known`,
    `guessed`, or empty where it is left out since nothing fits."""

    name: str
    to: str
    why: str


def key_of(name: str) -> str:
    """A name as it is compared: `First Name`, `FIRSTNAME` and `first_name` are one."""
    return re.sub(r"[\W_]", "", name.casefold())


def read_maps(given: Sequence[str], attributes: Mapping[str, FieldType]) -> dict[str, str]:
    """What somebody says of columns, by their keys, from texts as in `First Name=first_name`. Raises
    `BrokenProject`."""
    said: dict[str, str] = {}
    for text in given:
        name, sign, to = (word.strip() for word in text.rpartition("="))
        if not sign or not name or not to:
            raise BrokenProject(f'--map "{text}" must be like --map "First Name=first_name".')
        said[key_of(name)] = _target(name, to, attributes)
    return said


def _target(name: str, to: str, attributes: Mapping[str, FieldType]) -> str:
    roles = [role.value for role in Role]
    if to in attributes or to in BUILT_IN or to in roles:
        return to
    known = [*attributes, *BUILT_IN, *roles]
    near = get_close_matches(to, known, 1)
    hint = f"Did you mean `{near[0]}`?" if near else f"There are {', '.join(f'`{one}`' for one in known)}."
    raise BrokenProject(
        f"--map says that `{name}` is `{to}`, which the project's contact does not have. {hint} To keep it, "
        "write it below `contact` in schema.flow first."
    )


def columns_of(
    header: Iterable[str],
    said: Mapping[str, str],
    known: Mapping[str, str],
    attributes: Mapping[str, FieldType],
) -> list[Column]:
    """What each column is. `known` is what the product's columns are, by their keys."""
    return [column_of(name, said, known, attributes) for name in header]


def column_of(
    name: str, said: Mapping[str, str], known: Mapping[str, str], attributes: Mapping[str, FieldType]
) -> Column:
    """What one column is."""
    key = key_of(name)
    if key in said:
        return Column(name, said[key], "said")
    if key in known and (known[key] in attributes or known[key] in BUILT_IN or known[key] in tuple(Role)):
        return Column(name, known[key], "known")
    by_key = {key_of(one): one for one in (*BUILT_IN, *attributes)}
    if key in by_key:
        return Column(name, by_key[key], "guessed")
    other = _OTHER_WORDS.get(key, "")
    if isinstance(other, Role) or other in attributes or other in BUILT_IN:
        return Column(name, other, "guessed")
    return Column(name, Role.NOTHING, "")


def said_in_vain(said: Mapping[str, str], header: Iterable[str]) -> list[str]:
    """The keys of what was said about columns that no table has."""
    there = {key_of(name) for name in header}
    return sorted(said.keys() - there)
