"""One mail of one flow, compiled with the templates of a test."""

from golden_cases import compiled

from dsl.compile import Compiled
from dsl.templates.facts import Template

FLOW = (
    b"flow case\n    topic news\n    start on order_placed\n    send mail with code 3, items trigger.items\n"
)
HEAD = "---\nsubject: Hello\n---\n"
BOTH = '<a href="{{ links.unsubscribe }}">x</a> {{ sender.imprint }}'
FOOT = "<footer>" + BOTH + "</footer>"
LINK = '<a href="{{ links.unsubscribe }}">Stop</a>'


def with_templates(**files: str) -> Compiled:
    """The flow above with template files; `__` stands for a point, and `.html` comes behind."""
    return compiled(
        ("case.flow", FLOW),
        templates=tuple(
            (f"templates/{name.replace('__', '.')}.html", text.encode()) for name, text in files.items()
        ),
    )


def errors(found: Compiled) -> list[str]:
    """The codes of the errors found, in order."""
    return [each.code for each in found.findings if each.severity == "error"]


def mail(found: Compiled) -> Template:
    """What is known of the flow's mail."""
    return next(each for each in found.templates if each.name == "mail")
