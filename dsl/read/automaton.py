"""Walks the tables that Lark made of the grammar.

Lark's own loop serves every kind of grammar and costs almost three times as much. A text that the grammar
does not take is left to Lark, which tells what it wanted.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from lark import Lark
from lark.grammar import NonTerminal, Rule, Terminal
from lark.lexer import BasicLexer, ContextualLexer
from lark.parser_frontends import PostLexConnector
from lark.parsers.lalr_analysis import Shift

from dsl.read.tree import Token, Tree

_NEW_LINE, _INDENT, _DEDENT, _END = "_NL", "_INDENT", "_DEDENT", "$END"


class _Reduction(NamedTuple):
    """What a rule makes of its parts. `taken` are those that stay, with yes for helping rules, whose own
    parts come in their place; None: all stay. `alone`: a single part stands for the whole."""

    size: int
    origin: str
    data: str
    taken: tuple[tuple[int, bool], ...] | None
    alone: bool


_Move = int | _Reduction
_Scan = Callable[[str, int], re.Match[str] | None]


class Automaton:
    """The tables of one parser. What a state needs is made ready when a text first comes to it."""

    def __init__(self, parser: Lark) -> None:
        front = parser.parser
        assert isinstance(front.lexer, PostLexConnector)
        assert isinstance(front.lexer.lexer, ContextualLexer)
        self._lexers = front.lexer.lexer.lexers
        table = front.parser._parse_table
        self._table = table.states
        self._begins: dict[str, int] = table.start_states
        self._ends: dict[str, int] = table.end_states
        self._moves: dict[int, dict[str, _Move]] = {}
        self._gotos: dict[int, dict[str, int]] = {}
        self._scans: dict[int, _Scan] = {}
        self._scans_of: dict[int, _Scan] = {}
        self._reductions: dict[int, _Reduction] = {}
        self._chains: dict[tuple[int, int, str], int] = {}

    def read(self, text: str, rule: str) -> tuple[Tree, list[Token]] | None:
        """The tree of what a rule stands for, and its words in order without those of its layout. None: the
        grammar does not take it."""
        over = self._ends[rule]
        all_moves, gotos, scans, chains = self._moves, self._gotos, self._scans, self._chains
        length = len(text)
        position = begin = 0
        line = 1
        depths = [0]
        layout: list[Token] = []
        words: list[Token] = []
        state = self._begins[rule]
        path = [state]
        values: list[Tree | Token] = []
        firsts: list[Token] = []
        lasts: list[Token] = []
        moves = all_moves.get(state) or self._prepared(state)
        while True:
            if layout:
                word = layout.pop()
                kind = word.type
            elif position < length:
                found = (scans.get(state) or self._scan(state))(text, position)
                if found is None:
                    return None
                kind = found.lastgroup or ""
                start, position = found.span(kind)
                column = start - begin + 1
                if kind == _NEW_LINE:
                    begin = start + 1
                    depth = position - begin
                    word = Token(text[start:position], kind, line, column, line + 1, depth + 1)
                    line += 1
                    if not _to_depth(depth, depths, layout, word):
                        return None
                else:
                    word = Token(text[start:position], kind, line, column, line, column + position - start)
                    words.append(word)
            else:
                kind = _DEDENT if len(depths) > 1 else _END
                if kind == _DEDENT:
                    depths.pop()
                word = Token("", kind, line, 1, line, 1)
            while True:
                move = moves.get(kind)
                if move is None:
                    return None
                if isinstance(move, int):
                    state = move
                    path.append(state)
                    values.append(word)
                    firsts.append(word)
                    lasts.append(word)
                    moves = all_moves.get(state) or self._prepared(state)
                    break
                size, origin, data, taken, alone = move
                if size == 1 and taken is None and alone:  # it stands for its part
                    path.pop()
                    chain = path[-1], state, kind
                    state = chains.get(chain) or self._behind(chain)
                    path.append(state)
                    moves = all_moves[state]
                    continue
                if size == 1 and taken is None:
                    values[-1] = Tree(data, [values[-1]], firsts[-1], lasts[-1])
                    path.pop()
                    state = gotos[path[-1]][origin]
                    if state == over and kind == _END:
                        break
                    path.append(state)
                    moves = all_moves.get(state) or self._prepared(state)
                    continue
                parts = values[-size:]
                first, last = firsts[-size], lasts[-1]
                del path[-size:], values[-size:], firsts[-size:], lasts[-size:]
                if taken is not None:
                    kept: list[Tree | Token] = []
                    for at, helping in taken:
                        part = parts[at]
                        if not helping or isinstance(part, Token):
                            kept.append(part)
                        elif kept:
                            kept += part.children
                        else:  # nobody else has these; lists grow by their first part, so nothing is copied
                            kept = part.children
                    parts = kept
                value = parts[0] if alone and len(parts) == 1 else Tree(data, parts, first, last)
                values.append(value)
                firsts.append(first)
                lasts.append(last)
                state = gotos[path[-1]][origin]
                if state == over and kind == _END:
                    break
                path.append(state)
                moves = all_moves.get(state) or self._prepared(state)
            if state == over:
                whole = values[-1]
                assert isinstance(whole, Tree)
                return whole, words

    def _behind(self, chain: tuple[int, int, str]) -> int:
        """The state behind all rules that stand for their only part before a word of a kind: conditions have
        ten of them, one in another. The chain begins above a state, in another one."""
        above, state, kind = chain
        while True:
            move = (self._moves.get(state) or self._prepared(state)).get(kind)
            if not (isinstance(move, _Reduction) and move.size == 1 and move.taken is None and move.alone):
                self._chains[chain] = state
                return state
            state = self._gotos[above][move.origin]

    def _prepared(self, state: int) -> dict[str, _Move]:
        moves: dict[str, _Move] = {}
        gotos: dict[str, int] = {}
        for symbol, (action, argument) in self._table[state].items():
            if action is not Shift:
                moves[symbol] = self._reduction(argument)
            elif symbol.isupper() or symbol == _END:
                moves[symbol] = argument
            else:
                gotos[symbol] = argument
        self._moves[state], self._gotos[state] = moves, gotos
        return moves

    def _reduction(self, rule: Rule) -> _Reduction:
        known = self._reductions.get(id(rule))
        if known is None:
            known = self._reductions[id(rule)] = _reduction_of(rule)
        return known

    def _scan(self, state: int) -> _Scan:
        lexer = self._lexers[state]
        assert isinstance(lexer, BasicLexer)
        scan = self._scans_of.get(id(lexer))
        if scan is None:
            shapes = {each.name: each.pattern.to_regexp() for each in lexer.terminals}
            passed = "|".join(shapes[name] for name in lexer.ignore_types)
            kinds = (
                f"(?P<{name}>{shape})" for name, shape in shapes.items() if name not in lexer.ignore_types
            )
            scan = re.compile(f"(?>(?:{passed})*)(?:{'|'.join(kinds)})", lexer.g_regex_flags).match
            self._scans_of[id(lexer)] = scan
        self._scans[state] = scan
        return scan


def _to_depth(depth: int, depths: list[int], layout: list[Token], line: Token) -> bool:
    """Put the begin or the ends of blocks that a line's depth means into `layout`; no: there is no such
    depth."""
    if depth > depths[-1]:
        depths.append(depth)
        layout.append(Token("", _INDENT, line.line, line.column, line.end_line, line.end_column))
        return True
    while depth < depths[-1]:
        depths.pop()
        layout.append(Token("", _DEDENT, line.line, line.column, line.end_line, line.end_column))
    return depth == depths[-1]


def _reduction_of(rule: Rule) -> _Reduction:
    """Source: lark/parse_tree_builder.py, for grammars without placeholders that keep all words of a rule
    that begin with no underscore. None of their rules may be empty: its parts would be all that was read."""
    assert rule.expansion, f"the rule `{rule.origin.name}` of the grammar may stand for nothing"
    taken = tuple(
        (at, isinstance(each, NonTerminal) and each.name.startswith("_"))
        for at, each in enumerate(rule.expansion)
        if not (isinstance(each, Terminal) and each.filter_out)
    )
    whole = len(taken) == len(rule.expansion) and not any(helping for _, helping in taken)
    return _Reduction(
        len(rule.expansion),
        str(rule.origin.name),
        str(rule.alias or rule.origin.name),
        None if whole else taken,
        bool(rule.options.expand1) and not rule.alias,
    )
