"""What a project never asks for: conditions that rest on it are always no."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.finding import Finding, Span
from dsl.names import PURPOSES
from dsl.nodes import StartOnEvent
from dsl.source import warning
from dsl.terms import AgreedTo, History, MailTest, within

_MEASURED = ("email_opened", "email_clicked")


def check_purposes(draft: Draft) -> Iterator[Finding]:
    """Questions for an agreement that nobody can give, and for opens and clicks that are never known."""
    if draft.purposes is None:
        return
    asked = set(draft.purposes)
    for declaration in (*draft.segments, *draft.flows):
        for part in within(declaration):
            match part:
                case AgreedTo(topic) if topic.text in PURPOSES and topic.text not in asked:
                    yield _never(topic.text, "this is always no", part.span)
                case MailTest("opened" | "clicked") if "measurement" not in asked:
                    yield _never("measurement", "opens and clicks are never known", part.span)
                case History(path=path) if path.parts[0].text in _MEASURED and "measurement" not in asked:
                    yield _never("measurement", "opens and clicks are never known", part.span)
    for flow in draft.flows:
        for head in flow.heads:
            if isinstance(head, StartOnEvent) and head.event.text in _MEASURED and "measurement" not in asked:
                yield _never("measurement", "nothing ever starts here", head.span)


def _never(purpose: str, so: str, span: Span) -> Finding:
    return warning(
        "W214",
        span,
        f"This project asks nobody to agree to `{purpose}`, so {so}.",
        f"Ask on the sign-up form: write `[purposes.{purpose}]` in virta.toml, with `title` and `consent`.",
    )
