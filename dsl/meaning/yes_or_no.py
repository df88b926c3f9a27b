"""Conditions that are compared with yes or no, as other languages do."""

from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.nodes.terms import AgreedTo, Expression, History, InSegment, Literal, MailTest, Tagged


def compared_with_yes_or_no(operator: str, left: Expression, right: Expression) -> Finding | None:
    """The finding for a condition in `CONDITION is no`; None for any other comparison."""
    words = _words(left)
    if not (words and operator in ("is", "is not") and isinstance(right, Literal) and right.kind == "flag"):
        return None
    wanted = bool(right.value) == (operator == "is")
    begun, ended = left.span, right.span
    whole = Span(begun.file, begun.line, begun.column, ended.end_line, ended.end_column)
    return error(
        "E303",
        whole,
        "This is a condition, which is yes or no by itself.",
        f"Write `{words if wanted else _opposite(left, words)}`.",
    )


def _words(node: Expression) -> str:
    match node:
        case AgreedTo(topic):
            return f"agreed to {topic.text}"
        case InSegment(segment):
            return f"in segment {segment.text}"
        case Tagged(tag):
            return f'tagged "{tag}"'
        case MailTest(kind, step, link):
            return f"{kind} {step.text}" + (f' link "{link}"' if link else "")
        case History("any" | "no" as kind, path, where, window):
            return f"{kind} {path.text}" + (" …" if where or window else "")
    return ""


def _opposite(node: Expression, words: str) -> str:
    if isinstance(node, History):
        kind, _, rest = words.partition(" ")
        return f"{'no' if kind == 'any' else 'any'} {rest}"
    return f"not {words}"
