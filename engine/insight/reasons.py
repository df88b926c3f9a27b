"""The published list of what the journal can say and why: docs/reasons.md, made from the words themselves."""

from collections.abc import Iterable

from consent.contract import Reason
from engine.core.record import What, Why
from engine.insight.words import REASONS, SENTENCES

_HEAD = """# What the journal says, and why

Every step that is taken, skipped or waited for is a line of the journal. `virta why ADDRESS` and the
[studio](studio.md) tell the lines in the sentences below; `virta why --format json`, the API and
`virta simulate` have the bare words. This page is made from the code by `make findings`.

Where a condition decided, its line tells by which values, as they were then: `{for}` and `{found}` below. Of
an `and` that did not hold it is the first part that did not, of an `or` that held the first that did. What
was not known is told as that, and texts are cut after 80 letters. What may be asked of people only while they
agree to measurement or personalisation (opens, clicks, looks, predictions) is never kept there: they may
withdraw, and the line stays. All lines of a person go when they are [erased](erasure.md).

`arm` tells how they came to that arm: by chance, with the share that was in force, or as the winner, and
since when. `reached` is no line that is kept: a story finds it from mails and events, by the rule by which
[goals](language.md#goals) are counted.

"""
_LINES = """## Lines

Between braces stands what is filled in: the flow, the step, the reason in words.

| word | sentence |
|---|---|
"""
_ENGINE = """
## Reasons of flows

Why a mail did not go, a journey did not begin, or ended early, or a wait lasts as long as it does. Any other
reason for leaving, and for a wait that is over, is the name of the event that was heard.

| reason | in words |
|---|---|
"""
_GATE = """
## Reasons of the consent service

Why the gate did not let a mail go: the first check that failed, in the order of the checks.

| reason | in words |
|---|---|
"""


def page() -> str:
    """docs/reasons.md, whole."""
    lines = (f"| `{word.value}` | {SENTENCES[word]} |" for word in What)
    return "".join(
        (_HEAD, _LINES, _rows(lines), _ENGINE, _rows(_clauses(Why)), _GATE, _rows(_clauses(Reason)))
    )


def _clauses(reasons: Iterable[str]) -> Iterable[str]:
    return (f"| `{reason}` | {REASONS[reason]} |" for reason in map(str, reasons))


def _rows(rows: Iterable[str]) -> str:
    return "".join(f"{row}\n" for row in rows)


if __name__ == "__main__":
    print(page(), end="")
