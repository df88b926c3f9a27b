"""What people must agree to before it can be known of them."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import warning
from dsl.meaning.names import PURPOSES
from dsl.meaning.shop import PERSONAL
from dsl.nodes.flows import BestTime, Flow, Split, WaitFor
from dsl.nodes.heads import GoalLine, LeaveOn, StartOnEvent
from dsl.nodes.terms import AgreedTo, Expression, History, MailTest, Name, Path, within

_MEASURED = ("email_opened", "email_clicked")
_REMEMBERED = {"product_viewed": "looks at products", "page_viewed": "looks at pages"}


def check_purposes(draft: Draft) -> Iterator[Finding]:
    """Questions for what is known of nobody, or of some only and is taken for the rest to be no."""
    yield from _never_asked(draft)
    if draft.purposes is not None and "personalisation" not in draft.purposes:
        return
    for _, parts in draft.conditions:
        yield from _of_some(parts)


def _of_some(parts: tuple[Expression, ...]) -> Iterator[Finding]:
    """Absence of what is remembered of some people only: of all others it is unknown."""
    if any(isinstance(part, AgreedTo) and part.topic.text == "personalisation" for part in parts):
        return
    for part in parts:
        if isinstance(part, History) and part.kind == "no" and part.path.parts[0].text in PERSONAL:
            yield warning(
                "W215",
                part.span,
                f"`{part.path.text}` is remembered only of people who agreed to personalisation; for the "
                "others, and for the time before they agreed, this is always no.",
                "Add `and agreed to personalisation`, or wait a fixed time, as in `wait 2 hours`.",
            )


def _never_asked(draft: Draft) -> Iterator[Finding]:
    """Questions for an agreement that nobody can give, and for opens and clicks that are never known."""
    if draft.purposes is None:
        return
    asked = set(draft.purposes)
    segments = (within(each.test) for each in draft.segments)
    for parts in (*segments, *(flow.all_terms for flow in draft.flows)):
        for part in parts:
            match part:
                case AgreedTo(topic) if topic.text in PURPOSES and topic.text not in asked:
                    yield _never(topic.text, "this is always no", part.span)
                case Path(parts=(Name(text="predicted"), *_)) if "personalisation" not in asked:
                    yield _never("personalisation", "nothing is ever predicted", part.span)
                case MailTest("opened" | "clicked") if "measurement" not in asked:
                    yield _never("measurement", "opens and clicks are never known", part.span)
                case History(path=path) if path.parts[0].text in _MEASURED and "measurement" not in asked:
                    yield _never("measurement", "opens and clicks are never known", part.span)
                case History(path=path) if path.parts[0].text in PERSONAL and "personalisation" not in asked:
                    yield _never("personalisation", _never_remembered(part), part.span)
    for flow in draft.flows:
        if "measurement" not in asked:
            yield from _never_measured(flow)


def _never_measured(flow: Flow) -> Iterator[Finding]:
    """Lines of a flow that rest on opens and clicks."""
    for head in flow.heads:
        if isinstance(head, StartOnEvent) and head.event.text in _MEASURED:
            yield _never("measurement", "nothing ever starts here", head.span)
        elif isinstance(head, LeaveOn | GoalLine) and head.event.text in _MEASURED:
            yield _never("measurement", "opens and clicks are never known", head.span)
    for step in flow.all_steps:
        match step:
            case WaitFor(heard):
                for each in heard:
                    if each.event.text in _MEASURED:
                        yield _never("measurement", "nothing is ever heard here", each.event.span)
            case BestTime():
                yield _never("measurement", "the best time of nobody is known", step.span)
            case Split(winners=winners):
                for line in winners:
                    if line.metric.text in ("clicks", "opens", *_MEASURED):
                        yield _never("measurement", "no arm ever wins", line.span)


def _never_remembered(part: History) -> str:
    so = "this is always no" if part.kind in ("any", "no") else "this is never known"
    return f"{_REMEMBERED[part.path.parts[0].text]} are never remembered, and {so}"


def _never(purpose: str, so: str, span: Span) -> Finding:
    return warning(
        "W214",
        span,
        f"This project asks nobody to agree to `{purpose}`, so {so}.",
        f"Ask on the sign-up form: write `[purposes.{purpose}]` in virta.toml, with `title` and `consent`.",
    )
