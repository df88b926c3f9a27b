"""Conditions as they are written elsewhere."""

import re

from dsl.faults.foreign_numbers import Pattern, said
from dsl.read.signs import PATH

_PATH = rf"({PATH})"
_TEST = r"(contains|starts +with|ends +with|between)\b"
_LENGTH = r"(\d+(?: *(?:minute|hour|day|week|month|year)s?\b)?)"
_TESTS = {"contain": "contains", "start": "starts", "end": "ends"}


def _does_not(found: re.Match[str]) -> tuple[str, str]:
    return _NOT_BEFORE, f"not {found[1]} {_TESTS[found[2]]}"


_NOT_BEFORE = "The `not` stands in front of the comparison."
_SPAN = "A span of time that ends now is asked for with `in last`."
_OF_WHOM = "Such a condition is always about the contact."

CONDITIONS: tuple[Pattern, ...] = (
    ("E111", re.compile(r"\bthen\b(?= *$)"), said("", "Nothing stands behind a condition.")),
    ("E111", re.compile(rf"\b{_PATH} +not +{_TEST}"), said(r"not \1 \2", _NOT_BEFORE)),
    ("E111", re.compile(rf"\b{_PATH} +(?:does +not|doesn't) +(contain|start|end)\b"), _does_not),
    ("E111", re.compile(rf"\bwithin +(?:the +)?(?:last +|past +)?{_LENGTH}"), said(r"in last \1", _SPAN)),
    (
        "E111",
        re.compile(rf"(?<!email )(?<!emails )\bin +(?:the +)?(?:past +|previous +)?{_LENGTH}"),
        said(r"in last \1", _SPAN),
    ),
    (
        "E111",
        re.compile(r"\bcontact +(?:is +|has +)?(tagged|in +segment|agreed +to)\b"),
        said(r"\1", _OF_WHOM),
    ),
    ("E111", re.compile(r"\b(?:contact +)?has +(?:the +)?tag\b"), said("tagged", _OF_WHOM)),
    ("E111", re.compile(rf"\b{_PATH} +exists\b"), said(r"\1 is known", "What exists is known.")),
    (
        "E111",
        re.compile(rf"\b{_PATH} +does +not +exist\b"),
        said(r"\1 is unknown", "What does not exist is unknown."),
    ),
)
"""Comparisons, spans of time and questions about the contact."""
