"""The words of a template, for Jinja's parser.

Jinja's own lexer serves every setting that it has, and costs more than its parser. What is written plainly,
as nearly all templates are, is read here, to the same tokens; anything else is left to Jinja.
"""

import re

from jinja2 import lexer
from jinja2.lexer import Token

_UNUSUAL = re.compile(r"\{[{%][-+]|[-+][}%]\}|\{#|\r|\{%\s*raw\b")
_BEGIN = re.compile(r"\{[{%]")
_WORD = re.compile(
    r"\s*(?:(?P<name>[^\W\d]\w*)"
    r"|(?P<integer>(?:[1-9][0-9]*|0)(?![\w.]))"
    r"|\"(?P<double>[^\"\\\n]*)\"|'(?P<single>[^'\\\n]*)'"
    rf"|(?P<operator>{lexer.operator_re.pattern}))"
)
_BLANKS = re.compile(r"\s*")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_TAGS = {
    "{{": (lexer.TOKEN_VARIABLE_BEGIN, "}}", lexer.TOKEN_VARIABLE_END),
    "{%": (lexer.TOKEN_BLOCK_BEGIN, "%}", lexer.TOKEN_BLOCK_END),
}


def tokens(text: str) -> list[Token] | None:
    """What Jinja's lexer would make of a text, in Jinja's usual setting. None: ask that, which also tells
    what is wrong."""
    if _UNUSUAL.search(text):
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
        open_: list[str] = []
        while True:
            blanks = _BLANKS.match(text, position)
            assert blanks is not None
            line += blanks.group().count("\n")
            position = blanks.end()
            if not open_ and text.startswith(end, position):
                break
            word = _WORD.match(text, position)
            if word is None or not _taken(word, open_, line, found):
                return None
            position = word.end()
        found.append(Token(line, end_kind, end))
        position += len(end)
    if position < len(text):
        found.append(Token(line, lexer.TOKEN_DATA, text[position:]))
    return found


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
