"""The words of a template, for Jinja's parser.

Jinja's own lexer serves every setting that it has, and costs more than its parser. What is written plainly,
as nearly all templates are, is read here, to the same tokens; anything else is left to Jinja. A plain value,
such as `{{ contact.first_name | default("friend") }}`, becomes one token, which is its tree already.
"""

import re

from jinja2 import lexer
from jinja2 import nodes as j
from jinja2.lexer import Token

VALUE = "value"
"""The kind of a token that is the tree of a value."""

_BEGIN = re.compile(r"\{[{%]")
_UNUSUAL = re.compile(r"[-+]|\s*raw\b")
"""What takes blanks away, or begins a text that is none of Jinja's."""
_WORD = re.compile(
    r"\s*(?:(?P<name>[^\W\d]\w*)"
    r"|(?P<integer>(?:[1-9][0-9]*|0)(?![\w.]))"
    r"|\"(?P<double>[^\"\\\n]*)\"|'(?P<single>[^'\\\n]*)'"
    rf"|(?P<operator>(?![-+][}}%]\}})(?:{lexer.operator_re.pattern})))"
)
_BLANKS = re.compile(r"\s*")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TAGS = {
    "{{": (lexer.TOKEN_VARIABLE_BEGIN, "}}", lexer.TOKEN_VARIABLE_END),
    "{%": (lexer.TOKEN_BLOCK_BEGIN, "%}", lexer.TOKEN_BLOCK_END),
}

_NAME = r"[A-Za-z_][A-Za-z_0-9]*+"
_CONSTANT = r"\"([^\"\\\n]*+)\"|'([^'\\\n]*+)'|([1-9][0-9]*+|0)"
_FILTER = re.compile(rf" *+\| *+({_NAME})(\( *+(?:{_CONSTANT}) *+\))?+ *+")
_PATH = re.compile(rf" *+({_NAME}(?:\.{_NAME})*+) *+")
_NO_NAMES = frozenset(("not", "true", "false", "none", "True", "False", "None"))


def tokens(text: str) -> list[Token] | None:
    """What Jinja's lexer would make of a text, in Jinja's usual setting, but for values. None: ask that,
    which also tells what is wrong."""
    if "{#" in text or "\r" in text:
        return None
    text = text.removesuffix("\n")
    found: list[Token] = []
    position, line = 0, 1
    while tag := _BEGIN.search(text, position):
        start = tag.start()
        if start > position:
            data = text[position:start]
            found.append(Token(line, lexer.TOKEN_DATA, data))
            line += data.count("\n")
        kind, end, end_kind = _TAGS[tag.group()]
        found.append(Token(line, kind, tag.group()))
        position = tag.end()
        if _UNUSUAL.match(text, position):
            return None
        plain = _plain(text, position, line) if end == "}}" else None
        if plain is not None:
            value, position = plain
            found.append(Token(line, VALUE, value))  # type: ignore[arg-type]  # read by our parser only
        else:
            rest = _rest(text, position, line, end, found)
            if rest is None:
                return None
            position, line = rest
        found.append(Token(line, end_kind, end))
        position += len(end)
    if position < len(text):
        found.append(Token(line, lexer.TOKEN_DATA, text[position:]))
    return found


def _plain(text: str, position: int, line: int) -> tuple[j.Expr, int] | None:
    """The tree of a path with filters that are given one word or number at most, and where it ends."""
    path = _PATH.match(text, position)
    if path is None:
        return None
    name, *steps = path[1].split(".")
    if name in _NO_NAMES:
        return None
    value: j.Expr = j.Name(name, "load", lineno=line)
    for step in steps:
        value = j.Getattr(value, step, "load", lineno=line)
    position = path.end()
    while filter := _FILTER.match(text, position):
        name, given, double, single, number = filter.groups()
        constant = int(number) if number else single if double is None else double
        arguments = [j.Const(constant, lineno=line)] if given else []
        value = j.Filter(value, name, arguments, [], None, None, lineno=line)
        position = filter.end()
    return (value, position) if text.startswith("}}", position) else None


def _rest(text: str, position: int, line: int, end: str, found: list[Token]) -> tuple[int, int] | None:
    """Add the words of a tag up to its end to `found`; where that is, and on which line."""
    open_: list[str] = []
    while True:
        blanks = _BLANKS.match(text, position)
        assert blanks is not None
        line += blanks.group().count("\n")
        position = blanks.end()
        if not open_ and text.startswith(end, position):
            return position, line
        word = _WORD.match(text, position)
        if word is None or not _taken(word, open_, line, found):
            return None
        position = word.end()


def _taken(word: re.Match[str], open_: list[str], line: int, found: list[Token]) -> bool:
    """Whether the word can stand here; it is added to `found`, and its bracket to the `open_` ones."""
    kind = word.lastgroup
    value = word[kind or 0]
    match kind:
        case "name":
            found.append(Token(line, lexer.TOKEN_NAME, value))
            return value.isidentifier()
        case "integer":
            found.append(Token(line, lexer.TOKEN_INTEGER, int(value)))  # type: ignore[arg-type]  # as Jinja does
        case "double" | "single":
            found.append(Token(line, lexer.TOKEN_STRING, value))
        case _:
            found.append(Token(line, lexer.operators[value], value))
            if value in _CLOSING:
                open_.append(_CLOSING[value])
            elif value in ")]}":
                return bool(open_) and open_.pop() == value
    return True
