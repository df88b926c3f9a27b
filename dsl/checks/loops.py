"""`repeat`: how often, and what a round leaves for the next one."""

from collections.abc import Iterator

from dsl.checks.advice import Close
from dsl.checks.rounds import rounds
from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error, warning
from dsl.meaning.typing_rules import check_condition
from dsl.nodes.flows import Repeat, every_step

_MOST = 100
_AT_ONCE = 1_000


def check_loops(draft: Draft) -> Iterator[Finding]:
    """Rounds that cannot be counted, conditions at the wrong place, rounds without a pause between them."""
    for flow in draft.flows:
        for standing in draft.standings(flow):
            step = standing.step
            if not isinstance(step, Repeat):
                continue
            yield from _rounds(step)
            for until in step.untils:
                findings: list[Finding] = []
                check_condition(until.test, standing.scope, findings)
                yield from findings
            yield from _pause(step)
            yield from _at_once(step)


def _at_once(step: Repeat) -> Iterator[Finding]:
    """Told of the innermost `repeat` that is too much."""
    inner = [each for each in every_step(step.steps) if isinstance(each, Repeat)]
    if rounds((step,)).most > _AT_ONCE and not any(rounds((each,)).most > _AT_ONCE for each in inner):
        yield error(
            "E427",
            step.span,
            f"One within the other, these rounds may come to more than {_AT_ONCE:,} at one instant.",
            "Write a wait into the inner rounds, as in `wait 1 day`, or let there be fewer of them.",
        )


def _rounds(step: Repeat) -> Iterator[Finding]:
    if step.times != int(step.times) or not 1 <= step.times <= _MOST:
        yield error(
            "E115",
            step.span,
            f"Rounds are counted in whole numbers from 1 to {_MOST}.",
            "Write `repeat up to 3 times`.",
        )
    if not step.steps:
        yield error(
            "E108",
            step.span,
            "There is nothing to repeat below this line.",
            "Write at least one step above the `until`.",
        )
    for again in step.untils[1:]:
        yield error(
            "E424", again.span, "This `repeat` has an `until` already.", "Join the two with `and` or `or`."
        )
    if step.behind is not None:
        yield error(
            "E424",
            step.untils[0].span,
            "`until` is asked after a round, and steps of the round stand below it.",
            "Move it below them, as the last line.",
        )


def _pause(step: Repeat) -> Iterator[Finding]:
    close = Close()
    within = set(close.look(step.steps))
    if close.just_sent and set(close.look(step.steps)) - within:
        yield warning(
            "W208",
            step.span,
            "Each round sends right after the one before: all its mails come at once.",
            "Write a wait as the last step of the round, as in `wait 2 days`.",
        )
