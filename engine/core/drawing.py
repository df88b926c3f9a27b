"""Arms drawn in splits that find out which is best, and what came of it."""

from typing import Any

from dsl.graph import Arm, Money, Split
from engine.core import calendar, choice
from engine.core.bundle import Journey
from engine.core.counted import Drawn, Scored, Struck
from engine.core.flow import Flow
from engine.core.record import BEST_SINCE, SHARE, Ground
from engine.core.trial import Trial, written
from engine.core.turn import Turn

LATE = 48 * 3_600_000
"""For so many milliseconds more an event may come in that happened in time."""

_WORTH = "total"


def draw(turn: Turn, flow: Flow, journey: Journey, split: Split) -> tuple[Arm, tuple[Ground, ...]]:
    """The arm of a contact who comes to a split with a trial, by the shares in force, and why that one. While
    the trial goes on, the first arm of each person is counted; what happens until its time is over is heard
    of."""
    trial = flow.trials[journey.node]
    shares = turn.loaded.shares.get(trial.mark)
    arm = choice.arm(journey.flow, split, journey.contact, shares.weights if shares is not None else None)
    if shares is None or not shares.decided:
        until = calendar.add(turn.now, trial.within, turn.clock_of(flow))
        laid = written(trial.weights if shares is None else shares.weights)
        counts = _counts(turn, flow, trial)
        turn.count(Drawn(trial.mark, journey.contact, arm.label, laid, turn.now, until, counts))
        turn.change(trials={**turn.bundle.trials, trial.mark: until})
    if shares is None:
        return arm, flow.chances[journey.node][arm.label]
    share = shares.weights[arm.label]
    return arm, (Ground(BEST_SINCE, shares.at) if shares.decided else Ground(SHARE, share),)


def hear(turn: Turn, name: str, event: dict[str, Any]) -> None:
    """Count an event for the trials whose time for this contact is not over."""
    if not turn.bundle.trials:
        return
    going_on = {mark: until for mark, until in turn.bundle.trials.items() if until + LATE > turn.now}
    if len(going_on) < len(turn.bundle.trials):
        turn.change(trials=going_on)
    for mark, until in going_on.items():
        trial = turn.loaded.trials.get(mark)
        if trial is not None and event["at"] <= until and _is_meant(turn, trial, name, event):
            worth = _worth(trial, event)
            if worth is not None:
                turn.count(Scored(mark, turn.bundle.contact, event["at"], worth))


def strike(turn: Turn) -> None:
    """Forget what was measured of someone who does not agree to it any more. They go on counting in their
    arm: were they left out, an arm that drives people away would lose those who do not click."""
    for mark in turn.bundle.trials:
        trial = turn.loaded.trials.get(mark)
        if trial is not None and trial.measured:
            turn.count(Struck(mark, turn.bundle.contact))


def _counts(turn: Turn, flow: Flow, trial: Trial) -> bool:
    topic = flow.graph.topic
    reached = flow.graph.purpose == "service" or topic is None or topic in turn.bundle.agreed
    return reached and (not trial.measured or "measurement" in turn.bundle.agreed)


def _is_meant(turn: Turn, trial: Trial, name: str, event: dict[str, Any]) -> bool:
    if name != trial.event:
        return False
    if trial.measured:
        return event.get("flow") == trial.flow and "measurement" in turn.bundle.agreed
    return trial.test is None or trial.test(turn.scene(None, event))


def _worth(trial: Trial, event: dict[str, Any]) -> float | None:
    """How much the event counts; None: not at all, for money in another currency is never converted."""
    if trial.yes_or_no:
        return 1.0
    total = event.get(_WORTH)
    if not isinstance(total, Money) or total.currency != (trial.currency or total.currency):
        return None
    return float(total.amount)
