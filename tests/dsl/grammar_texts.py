"""Texts for the formatter: drawn from the grammar itself, and good ones laid out as no one would."""

import re
from collections.abc import Callable, Sequence
from functools import cache

from hypothesis import strategies as st
from lark.grammar import NonTerminal, Symbol

from dsl.read.layout import code_end
from dsl.read.parser import parser
from dsl.read.signs import STRING

# ---------------------------------------------------------------- from the grammar

_SAMPLES = {
    "NAME": ("news", "total", "items", "x9", "rīdzinieki"),
    "STRING": ('"a"', '"# no comment"', '"say \\"yes\\""', '"{contact.city or "you"}"', '"free, and pro"'),
    "NUMBER": ("1", "3", "2.5"),
    "MONEY": ("5 EUR", "49.90EUR", "0.5  USD"),
    "PERCENT": ("10%", "45 %"),
    "DURATION": ("1 days", "2day", "1 day 12 hours", "6 months"),
    "COUPON": ("coupon",),
    "TIME": ("09:00", "21:30"),
    "DATE": ("2026-12-24",),
    "MOMENT": ("2026-12-24 09:00", "2026-12-24  23:59"),
}
_DEEPEST = 14
_WIDE = 10**6


@cache
def _terminals() -> dict[str, tuple[str, ...]]:
    """Spellings of each word of the grammar."""
    found: dict[str, tuple[str, ...]] = {}
    for terminal in parser().terminals:
        if terminal.pattern.type == "str":
            found[terminal.name] = (terminal.pattern.value,)
            continue
        bare = re.sub(r"\(\?[=!](?:[^()]|\([^()]*\))*\)", "", terminal.pattern.value).replace("\\b", "")
        found[terminal.name] = _SAMPLES.get(terminal.name) or tuple(_spellings(bare))
    return found


def _spellings(pattern: str) -> list[str]:
    """What a keyword's pattern stands for: words, choices, `s?` and blanks."""
    whole = [""]
    options: list[str] = []
    place = 0
    while place < len(pattern):
        sign = pattern[place]
        if sign == "|":
            options += whole
            whole = [""]
        elif sign == "(":
            depth, end = 1, place + 1
            while depth:
                depth += {"(": 1, ")": -1}.get(pattern[end], 0)
                end += 1
            inner = _spellings(pattern[place + 1 : end - 1])
            if pattern[end : end + 1] == "?":
                inner = ["", *inner]
                end += 1
            whole = [a + b for a in whole for b in inner]
            place = end
            continue
        elif pattern[place : place + 2] == " +":
            whole = [f"{each} " for each in whole]
            place += 1
        elif pattern[place + 1 : place + 2] == "?":
            whole = [each + end for each in whole for end in ("", sign)]
            place += 1
        elif sign != "\\":
            whole = [each + sign for each in whole]
        place += 1
    return options + whole


@cache
def _rules() -> dict[str, list[tuple[int, Sequence[Symbol]]]]:
    """The ways to write each part of the grammar without a hole, each with its least depth."""
    ways: dict[str, list[Sequence[Symbol]]] = {}
    for rule in parser().rules:
        if all(symbol.name != "HOLE" for symbol in rule.expansion):
            ways.setdefault(rule.origin.name, []).append(rule.expansion)
    depths = dict.fromkeys(ways, _WIDE)

    def depth(way: Sequence[Symbol]) -> int:
        return 1 + max(
            (depths.get(each.name, _WIDE) for each in way if isinstance(each, NonTerminal)), default=0
        )

    for _ in range(len(ways)):
        for name, each in ways.items():
            depths[name] = min(map(depth, each))
    return {
        name: sorted(((depth(way), way) for way in each), key=lambda p: p[0]) for name, each in ways.items()
    }


@st.composite
def derived(draw: st.DrawFn) -> str:
    """A declaration that the grammar can write; not each reads back as it was meant."""
    out: list[str] = []
    indent = 0

    def write(symbol: Symbol, deep: int) -> None:
        nonlocal indent
        if isinstance(symbol, NonTerminal):
            ways = [(least, way) for least, way in _rules()[symbol.name] if least < _WIDE]
            fitting = [way for least, way in ways if least <= max(_DEEPEST - deep, ways[0][0])]
            for each in draw(st.sampled_from(fitting)):
                write(each, deep + (symbol.name[0] != "_"))
        elif symbol.name == "_NL":
            out.append("\n" + " " * indent)
        elif symbol.name == "_INDENT":
            indent += 4
            out.append("    ")
        elif symbol.name == "_DEDENT":
            indent -= 4
            out[-1] = "\n" + " " * indent if out[-1].strip() == "" else out[-1]
        else:
            out.append(draw(st.sampled_from(_terminals()[symbol.name])) + " ")

    write(NonTerminal("start"), 0)
    return "".join(out).rstrip() + "\n"


# ---------------------------------------------------------------- laid out as no one would

_WORDS = re.compile(rf"{STRING}| +|[^ \"]+")
_CONTINUES = ("and", "or", "where", "with")
_REMARKS = ("#", "# why", "#why # twice", '# "quoted', "#   and so on  ", "# é\u0301")


def blanks_widened(draw: st.DrawFn, line: str) -> str:
    """The line with more blanks where there is one, outside of texts and comments."""
    end = code_end(line)
    body = line.strip(" ")
    if not body or body.startswith("#"):
        return line
    margin = line[: len(line) - len(line.lstrip(" "))]
    code = line[len(margin) : end].rstrip(" ")
    wide = "".join(
        " " * draw(st.integers(1, 3)) if not word.strip(" ") else word for word in _WORDS.findall(code)
    )
    return margin + wide + line[len(margin) + len(code) :]


def indents_changed(draw: st.DrawFn, text: str) -> str:
    """The text with other widths of indentation, deeper ones still deeper, in each declaration its own."""
    out: list[str] = []
    widths: dict[int, int] = {}
    deepest = max((len(line) - len(line.lstrip(" ")) for line in text.split("\n")), default=0)
    for line in text.split("\n"):
        margin = len(line) - len(line.lstrip(" "))
        if not widths or (not margin and line and not line.startswith("#")):
            widths = {0: 0}
            for each in range(1, deepest + 1):
                widths[each] = widths[each - 1] + draw(st.sampled_from((1, 1, 1, 2)))
        out.append(" " * widths[margin] + line[margin:] if line.strip() else line)
    return "\n".join(out)


def lines_broken(draw: st.DrawFn, line: str) -> list[str]:
    """The line broken before some of the words that may begin a continued line, and within brackets."""
    end = code_end(line)
    margin = len(line) - len(line.lstrip(" "))
    lines, depth = [line[:margin]], 0
    for word in _WORDS.findall(line[margin:end].rstrip(" ")):
        may = depth > 0 or word in _CONTINUES
        if lines[-1].strip() and word.strip() and may and draw(st.integers(0, 3)) == 0:
            lines.append(" " * (margin + draw(st.integers(1, 9))))
        lines[-1] += word
        if not word.startswith('"'):
            depth += word.count("(") + word.count("[") - word.count(")") - word.count("]")
    return [*lines[:-1], lines[-1] + line[end:]] if line[end:] else lines


@st.composite
def stretched(draw: st.DrawFn, texts: Sequence[str]) -> tuple[str, str]:
    """A good text, and the same with other indents and wider gaps."""
    text = draw(st.sampled_from(texts))
    lines = indents_changed(draw, text).split("\n")
    return text, "\n".join(blanks_widened(draw, line) for line in lines)


@st.composite
def disordered(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """A good text in another layout: indentation, blanks, broken lines, blank lines and comments anywhere."""
    text = indents_changed(draw, draw(st.sampled_from(texts)))
    changes: list[Callable[[str], list[str]]] = [
        lambda line: [blanks_widened(draw, line)],
        lambda line: lines_broken(draw, line),
        lambda line: [line + " " * draw(st.integers(0, 6)) + draw(st.sampled_from(_REMARKS))],
        lambda line: [" " * draw(st.integers(0, 12)) + draw(st.sampled_from(_REMARKS)), line],
        lambda line: [*[""] * draw(st.integers(0, 3)), line],
        lambda line: [f"{line}   "],
    ]
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 12))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = draw(st.sampled_from(changes))(lines[at])
    return "\n".join(lines)
