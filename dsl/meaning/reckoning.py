"""What comes of adding and multiplying numbers and amounts."""

from decimal import Decimal

from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.graph import Duration
from dsl.meaning.agreement import is_zero
from dsl.meaning.scope import ANYTHING, NUMBER, ValueType
from dsl.nodes.terms import AgreedTo, Arithmetic, History, InSegment, Literal, MailTest, Name, Path
from dsl.wording.values import duration_words

ADDED = ("number", "money")
"""The kinds of values with which one can reckon."""


def moved_date(node: Arithmetic, left: ValueType) -> Finding | None:
    """The finding for `DATE - 7 days`, where `left` is the type of the date; None for anything else."""
    if left.kind not in ("date", "moment") or not isinstance(node.right, Literal):
        return None
    if not isinstance(node.right.value, Duration) or node.operator not in "+-":
        return None
    length = duration_words(node.right.value)
    side = "before" if node.operator == "-" else "after"
    match node.left:
        case Path(parts=(root, *_)) if root.text == "contact":
            help = f"Write it as a start: `start on date {node.left.text} {length} {side} at 09:00`."
        case History(kind, path) if node.left.window is None and node.left.where is None:
            help = f"Write it as a start: `start on date {kind} {path.text} {length} {side} at 09:00`."
        case _:
            help = f"Ask how long ago something was, as in `time since contact.created_at > {length}`."
    return error("E304", node.span, "A date is not reckoned with.", help)


def hyphened(node: Arithmetic) -> Finding | None:
    """The finding for `opened cart-reminder`, which is meant as a name and is a subtraction; None for
    anything else."""
    match node:
        case Arithmetic(
            "-",
            MailTest(step=name) | InSegment(segment=name) | AgreedTo(topic=name),
            Path(parts=(Name(text=rest, span=end),)),
        ):
            begin = name.span
            if begin.end_line == end.line and begin.end_column + 1 == end.column:
                whole = Span(begin.file, begin.line, begin.column, end.end_line, end.end_column)
                return error("E114", whole, "A name has no hyphen.", f"Write `{name.text}_{rest}`.")
    return None


def slashed_date(node: Arithmetic) -> Finding | None:
    """The finding for `12/24/2026`, which is meant as a date and is a division; None for anything else."""
    match node:
        case Arithmetic(
            "/", Arithmetic("/", Literal("number", one), Literal("number", two)), Literal(_, year)
        ):
            if isinstance(one, Decimal) and isinstance(two, Decimal) and isinstance(year, Decimal):
                month, day = (two, one) if two <= 12 else (one, two)
                if 1 <= month <= 12 and 1 <= day <= 31 and 1900 <= year <= 2200:
                    written = f"{year:04}-{int(month):02}-{int(day):02}"
                    return error("E112", node.span, "A date is written year first.", f"Write `{written}`.")
    return None


def reckoned(
    node: Arithmetic, left: ValueType, right: ValueType, currency: str, findings: list[Finding]
) -> ValueType:
    """The type of a sum or product of values of the types `left` and `right`; faults go to `findings`."""
    if "anything" in (left.kind, right.kind):
        return ANYTHING
    for part, kind in ((node.left, left), (node.right, right)):
        if kind.kind not in ADDED:
            findings.append(
                error(
                    "E305",
                    part.span,
                    "Only numbers and amounts can be reckoned with.",
                    "Compare dates with `time since`, texts with `is`.",
                )
            )
            return ANYTHING
    kinds = (left.kind, right.kind)
    if left.currency and right.currency and left.currency != right.currency:
        findings.append(
            error(
                "E307",
                node.span,
                f"{left.currency} and {right.currency} cannot be reckoned with together.",
                "Write both amounts in one currency.",
            )
        )
        return ANYTHING
    if node.operator in "+-":
        if kinds == ("number", "number"):
            return NUMBER
        if kinds == ("money", "money") or is_zero(node.left) or is_zero(node.right):
            return ValueType("money", currency=left.currency or right.currency)
    elif kinds != ("money", "money") and kinds != ("number", "money"):
        return left
    elif node.operator == "/" and kinds == ("money", "money"):
        return NUMBER
    elif node.operator == "*" and kinds == ("number", "money"):
        return right
    findings.append(
        error(
            "E305",
            node.span,
            f"A number and an amount cannot stand together around `{node.operator}`."
            if len(set(kinds)) == 2
            else "Two amounts cannot be multiplied.",
            f"Write the number as an amount, as in `5 {currency}`.",
        )
    )
    return ANYTHING
