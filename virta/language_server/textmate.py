"""The words of the language as a TextMate grammar, for editors that colour texts by such."""

import re
from collections.abc import Iterable
from typing import Any

from dsl.read.parser import parser
from dsl.read.phrases import phrases
from dsl.read.words import DECLARATIONS, FIELD_TYPES
from dsl.reference import entries

_SIGNS = r"\p{L}\p{M}\p{Nd}\p{Nl}_"
_NAME = rf"[\p{{L}}\p{{Nl}}_][{_SIGNS}]*"
_LITERALS = {
    "MOMENT": "constant.numeric.moment.virta",
    "DATE": "constant.numeric.date.virta",
    "TIME": "constant.numeric.time.virta",
    "DURATION": "constant.numeric.duration.virta",
    "MONEY": "constant.numeric.money.virta",
    "PERCENT": "constant.numeric.percent.virta",
    "NUMBER": "constant.numeric.number.virta",
}
"""Terminals of the grammar, in the order in which they are tried."""
_OPERATORS = ("OPERATOR", "KNOWN", "MEMBER", "_BETWEEN", "_AND", "_OR", "NOT")
_CONSTANTS = ("YES", "NO", "UNKNOWN")
_ROOTS = ("contact", "trigger", "received", "predicted")
_UNTITLED = ("contact", "limits")


def textmate_grammar() -> dict[str, Any]:
    """The grammar as JSON. Its words and literals come from the grammar by which the compiler reads."""
    return {
        "$schema": "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
        "name": "Virta flow",
        "scopeName": "source.virta",
        "fileTypes": ["flow"],
        "patterns": [
            {"include": f"#{each}"}
            for each in ("comment", "text", "declaration", "field", "line", "value", "literal", "word")
        ],
        "repository": {
            "comment": {"name": "comment.line.number-sign.virta", "match": "#.*$"},
            "text": _text(),
            "declaration": _declaration(),
            "field": _field(),
            "line": _line(),
            "value": _value(),
            "literal": {"patterns": _literals()},
            "word": {"patterns": _words()},
        },
    }


def _text() -> dict[str, Any]:
    return {
        "name": "string.quoted.double.virta",
        "begin": '"',
        "end": '"|$',
        "patterns": [
            {"name": "constant.character.escape.virta", "match": r"\\."},
            {
                "name": "meta.embedded.value.virta",
                "match": r'\{[^{}"\\]*(?:"[^"{}\\]*"[^{}"\\]*)*\}',
                "captures": {"0": {"name": "variable.other.value.virta"}},
            },
        ],
    }


def _declaration() -> dict[str, Any]:
    return {
        "match": rf"^({_any(DECLARATIONS)})\b(?: +({_NAME}))?",
        "captures": {
            "1": {"name": "keyword.declaration.virta"},
            "2": {"name": "entity.name.type.virta"},
        },
    }


def _field() -> dict[str, Any]:
    """A line such as `plan one of "free", "pro"`: a name with nothing but a type behind it."""
    declared = rf"(?:list +of +)*(?:{_any(FIELD_TYPES)}|one +of)|list +of"
    return {
        "match": rf'^ +({_NAME}) +({declared})(?= *(?:$|[#"]))',
        "captures": {
            "1": {"name": "variable.other.property.virta"},
            "2": {"name": "storage.type.virta"},
        },
    }


def _line() -> dict[str, Any]:
    """The words with which a line begins."""
    begins = {entry.begins for entry in entries() if entry.begins} - set(DECLARATIONS)
    first = {entry.begins.split(" ")[0] for entry in entries() if entry.begins}
    return {
        "match": rf"^ +({_any(begins | first | set(_UNTITLED))})(?![{_SIGNS}])",
        "name": "keyword.control.virta",
    }


def _value() -> dict[str, Any]:
    return {
        "match": rf"(?<![{_SIGNS}.])({_any(_ROOTS)})(?=\.)|(?<=\.){_NAME}|(?<![.\w])(?:now|today)\b",
        "captures": {"1": {"name": "variable.language.virta"}},
        "name": "variable.other.property.virta",
    }


def _literals() -> list[dict[str, str]]:
    patterns = {terminal.name: terminal.pattern.value for terminal in parser().terminals}
    return [
        {"name": scope, "match": rf"(?<![{_SIGNS}.]){patterns[name]}"} for name, scope in _LITERALS.items()
    ]


def _words() -> list[dict[str, str]]:
    """All other words of the grammar, each as a whole word that no dot makes a field."""
    known = phrases()
    groups = {
        "keyword.operator.word.virta": [each for name in _OPERATORS for each in known[name]],
        "constant.language.virta": [each for name in _CONSTANTS for each in known[name]],
        "keyword.other.virta": [
            each
            for name, choices in known.items()
            if name not in (*_OPERATORS, *_CONSTANTS)
            for each in choices
            if each not in FIELD_TYPES
        ],
    }
    return [
        {
            "name": scope,
            "match": "|".join(
                part
                for part in (
                    _whole(word for word in words if word[0].isalpha()),
                    "|".join(re.escape(word) for word in words if not word[0].isalpha()),
                )
                if part
            ),
        }
        for scope, words in groups.items()
    ]


def _whole(words: Iterable[str]) -> str:
    return rf"(?<![{_SIGNS}.])(?:{_any(words)})(?![{_SIGNS}])"


def _any(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first, however many blanks stand between their parts."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(word.replace(" ", " +") for word in ordered)
