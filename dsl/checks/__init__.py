"""Checks of meaning, one subject a file: each is a function from a draft to findings."""

from collections.abc import Callable, Iterable

from dsl.checks.advice import check_advice
from dsl.checks.conditions import check_conditions
from dsl.checks.heads import check_heads
from dsl.checks.sends import check_sends
from dsl.checks.steps import check_steps
from dsl.checks.templates import check_templates
from dsl.checks.topics import check_topics
from dsl.draft import Draft
from dsl.finding import Finding

ALL: tuple[Callable[[Draft], Iterable[Finding]], ...] = (
    check_topics,
    check_conditions,
    check_heads,
    check_steps,
    check_sends,
    check_templates,
    check_advice,
)
"""Every check, in no order that matters."""
