"""Segments of silent people that newcomers are in as well, since they too have never said anything."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import warning
from dsl.graph import Duration
from dsl.nodes.heads import StartOnSegment
from dsl.nodes.terms import (
    Comparison,
    Expression,
    History,
    InSegment,
    Literal,
    Logic,
    Not,
    Path,
    Since,
    within,
)
from dsl.wording.values import duration_words

_GONE = ("email_sent", "email_delivered")
_READ = ("email_opened", "email_clicked")
_MORE = (">", ">=")


def check_newcomers(draft: Draft) -> Iterator[Finding]:
    """Flows that start for people who read no mail of the last weeks, and mean people known for as long."""
    started: dict[str, str] = {}
    for flow in draft.flows:
        for head in flow.heads:
            if isinstance(head, StartOnSegment) and head.joining:
                started.setdefault(head.segment.text, flow.name.text)
    for name, flow_name in started.items():
        segment = draft.names.segments.get(name)
        if segment is None or not flow_name:
            continue
        silence = _silence(_parts(segment.test, draft, {name}))
        if silence is None:
            continue
        part, length = silence
        yield warning(
            "W226",
            part.span,
            f"Whoever is known for a day has read nothing either: `{flow_name}` starts for newcomers too.",
            f"Add `and time since contact.created_at > {length}`.",
        )


def _parts(test: Expression, draft: Draft, seen: set[str]) -> list[Expression]:
    """What a condition asks all at once; of segments that it asks for, what they ask."""
    match test:
        case Logic("and", parts):
            return [each for part in parts for each in _parts(part, draft, seen)]
        case InSegment(name) if name.text in draft.names.segments and name.text not in seen:
            return _parts(draft.names.segments[name.text].test, draft, seen | {name.text})
    return [test]


def _silence(parts: list[Expression]) -> tuple[History, str] | None:
    """The part that asks for silence, with its length; None where there is none, or where only people are
    meant who have been there for a while."""
    silent = [
        (part, part.window.duration)
        for part in parts
        if isinstance(part, History) and _unread(part) and part.window and part.window.duration
    ]
    if not silent or any(_acquainted(part, parts) for part in parts):
        return None
    longest, duration = max(silent, key=lambda each: _order(each[1]))
    return longest, duration_words(duration)


def _unread(part: History) -> bool:
    return part.kind == "no" and part.path.parts[0].text in _READ


def _acquainted(part: Expression, parts: list[Expression]) -> bool:
    """Whether nobody meets this part who has been known for a day only. In doubt: yes."""
    match part:
        case Logic() | Not():
            return True
        case Comparison(operator, left, right):
            asked = [*within(left), *within(right)]
            if any(isinstance(each, Since) or _created(each) for each in asked):
                return True
            match left, right:
                case History("count"), Literal():
                    return operator in _MORE
                case Literal(), History("count"):
                    return operator not in _MORE
        case History("no", path) if path.parts[0].text not in _READ:
            return path.parts[0].text in _GONE or any(_longer(part, other) for other in parts)
    return False


def _created(part: Expression) -> bool:
    return isinstance(part, Path) and part.text == "contact.created_at"


def _longer(none: History, other: Expression) -> bool:
    """Whether `other` asks for an event that `none` says did not happen lately."""
    if not isinstance(other, History) or other.kind != "any" or other.path.text != none.path.text:
        return False
    if none.window is None or other.where != none.where:
        return False
    return other.window is None or _order(other.window.duration) > _order(none.window.duration)


def _order(duration: Duration | None) -> tuple[int, int]:
    """Lengths of time by their size, as far as months have a length; none at all is the shortest."""
    return (duration.months * 30 + duration.days, duration.seconds) if duration else (0, 0)
