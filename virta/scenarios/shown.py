"""Outcomes and coverage as text for people."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby

from virta.scenarios.coverage import Covered, Gap
from virta.scenarios.outcome import Failure, Outcome

_WIDTH = 110
_LABEL = 12
_GREEN, _RED, _BOLD, _DIM, _PLAIN = "\x1b[32m", "\x1b[1;31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def outcome_line(outcome: Outcome, colour: bool = False) -> str:
    """One line a scenario."""
    paint, word = (_GREEN, "ok") if outcome.failure is None else (_RED, "FAILED")
    return f"  {_painted(f'{word:<6}', paint, colour)}  {outcome.name}"


def failure_lines(outcome: Outcome, colour: bool = False) -> Iterator[str]:
    """A failure from the line at fault to the contact's story."""
    failure = outcome.failure
    if failure is None:
        return
    yield f"{_painted('FAILED', _RED, colour)}  {_painted(outcome.name, _BOLD, colour)}"
    yield f"  {outcome.file}:{failure.line}"
    yield f"      {failure.text}"
    yield ""
    yield from _labelled("expected", failure.expected, colour)
    yield from _labelled("came", failure.came, colour)
    if failure.story:
        yield ""
        yield from _story(failure, colour)


def coverage_lines(covered: Sequence[Covered], colour: bool = False) -> Iterator[str]:
    """A line for each flow that some scenario names or reaches, what is missing below it, and the flows that
    none does."""
    played = [each for each in covered if each.scenarios or each.reached]
    silent = [each.flow for each in covered if not (each.scenarios or each.reached)]
    if played:
        width = max(len(each.flow) for each in played)
        yield f"{_painted('Reached by scenarios', _BOLD, colour)}"
        for each in played:
            arms = f"  arms {each.taken} of {each.arms}" if each.arms else ""
            whole = "" if each.gaps else _painted("  all", _GREEN, colour)
            yield f"  {each.flow:<{width}}  steps {each.reached} of {each.steps}{arms}{whole}"
            yield from (f"    {_painted('not reached', _DIM, colour)}  {words}" for words in _gaps(each.gaps))
    if silent:
        yield from textwrap.wrap(f"Without a scenario: {', '.join(silent)}.", _WIDTH, subsequent_indent="  ")


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """How many there were, how many failed, and how long it took."""
    failed = sum(outcome.failure is not None for outcome in outcomes)
    count = f"{len(outcomes)} scenario{'s' if len(outcomes) != 1 else ''}"
    result = f"{failed} failed" if failed else ("all passed" if len(outcomes) != 1 else "passed")
    return f"{count}, {result}, in {seconds:.1f} seconds."


def _labelled(label: str, text: str, colour: bool) -> Iterator[str]:
    lines = textwrap.wrap(text, _WIDTH - _LABEL) or [""]
    for number, line in enumerate(lines):
        head = _painted(f"{label:<{_LABEL - 2}}", _BOLD, colour) if number == 0 else " " * (_LABEL - 2)
        yield f"  {head}{line}"


def _story(failure: Failure, colour: bool) -> Iterator[str]:
    yield f"  The contact's story until then, on the clock of {failure.clock}:"
    for day, group in groupby(failure.story, key=lambda told: told.day):
        yield f"    {_painted(f'{date.fromisoformat(day):%A}, {day}', _DIM, colour)}"
        for told in group:
            lines = textwrap.wrap(told.text, _WIDTH - 13) or [""]
            yield f"      {told.hour}  {lines[0]}"
            yield from (f"             {line}" for line in lines[1:])


def _gaps(gaps: Iterable[Gap]) -> Iterator[str]:
    """A step, or the arms of one that lack, and where it stands."""
    for (_, whole), group in groupby(gaps, key=lambda gap: (gap.step, not gap.arm)):
        missed = list(group)
        first = missed[0]
        place = f"{first.file}:{first.line}  " if first.line else ""
        yield place + (first.words if whole else f"{first.words}: {', '.join(gap.arm for gap in missed)}")


def _painted(text: str, paint: str, colour: bool) -> str:
    return f"{paint}{text}{_PLAIN}" if colour else text
