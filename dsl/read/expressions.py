"""From the parser's tree to expression nodes."""

import re
from collections.abc import Callable
from typing import TypeVar

from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.graph import Duration
from dsl.nodes import terms
from dsl.read import literals
from dsl.read.layout import Chunk
from dsl.read.literals import Misspelt
from dsl.read.signs import HOLE
from dsl.read.tree import Token, Tree

T = TypeVar("T")

_BLANKS = re.compile(" +")
_DEEPEST = 60


def trees(tree: Tree) -> list[Tree]:
    """The children that are rules."""
    return [each for each in tree.children if isinstance(each, Tree)]


def tokens(tree: Tree, kind: str) -> list[Token]:
    """The children that are words of one kind."""
    return [each for each in tree.children if isinstance(each, Token) and each.type == kind]


def token(tree: Tree, kind: str) -> Token:
    """The first child that is a word of one kind; the grammar says that there is one."""
    return tokens(tree, kind)[0]


class ExpressionBuilder:
    """Holds the chunk that is being read and the list that takes its findings."""

    def __init__(self, chunk: Chunk, currency: str, findings: list[Finding]) -> None:
        self.chunk = chunk
        self.currency = currency
        self.findings = findings
        self.depth = 0

    # ------------------------------------------------------------ places

    def span(self, part: Tree | Token) -> Span:
        """The place of a part of one line."""
        if isinstance(part, Token):
            first = last = part
        else:
            first, last = part.first, part.last
            if last.end_line != first.line:
                return self.line(part)
        return self.chunk.span(first.line - 1, first.column - 1, last.end_column - 1)

    def line(self, tree: Tree) -> Span:
        """The place of the whole line in which a tree begins."""
        return self.chunk.whole(tree.first.line - 1)

    # ------------------------------------------------------------ words

    def word(self, found: Token) -> terms.Name:
        return terms.Name("" if found.text == HOLE else found.text, self.span(found))

    def name_of(self, tree: Tree) -> terms.Name:
        child = tree.children[0]
        assert isinstance(child, Token)
        return self.word(child)

    def path(self, tree: Tree) -> terms.Path:
        return terms.Path(tuple(self.word(each) for each in tokens(tree, "NAME")), self.span(tree))

    def text(self, found: Token) -> terms.TextValue:
        value = self.judged(found, literals.text)
        return terms.TextValue((found.text if value is None else value).replace(HOLE, "…"), self.span(found))

    def judged(self, found: Token, reader: Callable[[str], T]) -> T | None:
        """The value of a literal; None, with a finding, if it means nothing."""
        try:
            return reader(found.text)
        except Misspelt as fault:
            if not self.chunk.lines[found.line - 1].holed:
                self.findings.append(error("E115", self.span(found), fault.message, fault.help))
            return None

    # ------------------------------------------------------------ parts of lines

    def name(self, tree: Tree) -> terms.Name:
        """The name among a tree's children."""
        found = next(each for each in trees(tree) if each.data == "name")
        return self.name_of(found)

    def title(self, tree: Tree) -> str:
        found = tokens(tree, "STRING")
        return self.text(found[0]).value if found else ""

    def label(self, tree: Tree) -> terms.Name | None:
        found = [each for each in trees(tree) if each.data == "named"]
        return self.word(token(found[0], "NAME")) if found else None

    def time(self, tree: Tree) -> str | None:
        """The time in a line; one that means nothing was reported and counts as noon."""
        found = tokens(tree, "TIME")
        return self.judged(found[0], literals.time) or "12:00" if found else None

    def duration(self, tree: Tree) -> Duration | None:
        return self.judged(token(tree, "DURATION"), literals.duration)

    # ------------------------------------------------------------ expressions

    def expression(self, part: Tree | Token) -> terms.Expression:
        """The node of a part of a condition or value."""
        assert isinstance(part, Tree)
        self.depth += 1
        try:
            if self.depth > _DEEPEST:
                if self.depth == _DEEPEST + 1:
                    self.findings.append(
                        error(
                            "E104",
                            self.line(part),
                            "This condition is nested too deeply to read.",
                            "Write it as several conditions.",
                        )
                    )
                return terms.Hole(self.span(part))
            return self._expression(part)
        finally:
            self.depth -= 1

    def _expression(self, tree: Tree) -> terms.Expression:
        span = self.span(tree)
        inner = tree.children
        match tree.data:
            case "any_of" | "all_of":
                parts = tuple(self.expression(each) for each in inner)
                return terms.Logic("or" if tree.data == "any_of" else "and", parts, span)
            case "not_":
                return terms.Not(self.expression(inner[-1]), span)
            case "compare" | "where_compare":
                return terms.Comparison(
                    _words(token(tree, "OPERATOR")),
                    self.expression(inner[0]),
                    self.expression(inner[-1]),
                    span,
                )
            case "between" | "where_between":
                value, low, high = (self.expression(each) for each in inner)
                return terms.Between(value, low, high, span)
            case "one_of" | "where_one_of":
                value, *among = (self.expression(each) for each in trees(tree))
                return terms.OneOf(value, tuple(among), token(tree, "MEMBER").text.startswith("not"), span)
            case "known" | "where_known":
                return terms.Known(self.expression(inner[0]), _words(token(tree, "KNOWN")), span)
            case "where_all":
                return self.expression(inner[0])
            case "arithmetic":
                return self._arithmetic(tree)
            case "negative":
                return terms.Negative(self.expression(inner[-1]), span)
            case "history":
                return self._history(tree, span)
            case "time_since":
                unit = _words(token(tree, "TIME_SINCE")).split(" ")[0]
                return terms.Since(unit, self.expression(inner[-1]), span)
            case "mail_test":
                links = tokens(tree, "STRING")
                link = self.text(links[0]).value if links else None
                return terms.MailTest(token(tree, "MAIL_TEST").text, self.name_of(trees(tree)[0]), link, span)
            case "in_segment":
                return terms.InSegment(self.name_of(trees(tree)[0]), span)
            case "agreed_to":
                return terms.AgreedTo(self.name_of(trees(tree)[0]), span)
            case "tagged":
                return terms.Tagged(self.text(token(tree, "STRING")).value, span)
            case "path":
                return self.path(tree)
            case "literal":
                return self._literal(tree, span)
            case "coupon_value":
                return terms.CouponCode(self.name_of(trees(tree)[0]), span)
        return terms.Hole(span)

    where = expression

    def _arithmetic(self, tree: Tree) -> terms.Expression:
        first, *rest = tree.children
        value = self.expression(first)
        if len(rest) > 2 * _DEEPEST:
            self.findings.append(
                error("E104", self.span(tree), "This sum is too long to read.", "Write it with fewer parts.")
            )
            return terms.Hole(self.span(tree))
        for sign, operand in zip(rest[::2], rest[1::2], strict=True):
            assert isinstance(sign, Token)
            right = self.expression(operand)
            value = terms.Arithmetic(sign.text, value, right, _join(value.span, right.span))
        return value

    def _history(self, tree: Tree, span: Span) -> terms.Expression:
        head = tree.children[0]
        kind = _words(head).removesuffix(" of") if isinstance(head, Token) else ""
        where: terms.Expression | None = None
        window: terms.Window | None = None
        for each in trees(tree)[1:]:
            match each.data:
                case "last_window":
                    span_ = self.span(each)
                    window = terms.Window(
                        self.judged(token(each, "DURATION"), literals.duration), None, span_
                    )
                    if window.duration is None:
                        window = None
                case "entry_window":
                    window = terms.Window(None, None, self.span(each))
                case "date_window":
                    window = terms.Window(None, self.expression(each.children[-1]), self.span(each))
                case _:
                    where = self.expression(each)
        return terms.History(kind, self.path(trees(tree)[0]), where, window, span)

    def _literal(self, tree: Tree, span: Span) -> terms.Expression:
        found = tree.children[0]
        assert isinstance(found, Token)
        value: terms.LiteralValue | None
        match found.type:
            case "STRING":
                return terms.Literal("text", self.text(found).value, span)
            case "YES" | "NO":
                return terms.Literal("flag", found.type == "YES", span)
            case "NUMBER":
                kind, value = "number", self.judged(found, literals.number)
            case "MONEY":
                kind, value = "money", self.judged(found, lambda text: literals.money(text, self.currency))
            case "TIME":
                kind, value = "time", self.judged(found, literals.time)
            case "DATE":
                kind, value = "date", self.judged(found, literals.day)
            case "MOMENT":
                kind, value = "moment", self.judged(found, literals.moment)
            case "DURATION":
                kind, value = "duration", self.judged(found, literals.duration)
            case _:
                return terms.Hole(span)
        return terms.Hole(span) if value is None else terms.Literal(kind, value, span)


def _words(found: Token) -> str:
    return _BLANKS.sub(" ", found.text)


def _join(first: Span, last: Span) -> Span:
    return Span(first.file, first.line, first.column, last.end_line, last.end_column)
