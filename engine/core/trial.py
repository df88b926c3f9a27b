"""Splits that find out by themselves which arm is best: what counts, and on what shares people are laid."""

import hashlib
from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import Struct

from dsl.graph import Duration, Goal, Graph, Split, Winner
from engine.core.conditions import Test, condition

_MEASURED = {"clicks": "email_clicked", "opens": "email_opened"}
_WITHOUT_GOAL = Duration(days=7)
"""For so long clicks and opens count in a flow that has no goal, whose time would be that."""


class Trial(Struct, frozen=True):
    """What is counted of one split. `mark` is the same as long as flow, split, arms and what counts are, 32
    hex digits; `weights` are written ones, by label, in percent. `event` counts that happens `within` that
    time from the split and passes `test`; `measured`: of people only who agree to measurement."""

    mark: str
    flow: str
    step: str
    weights: dict[str, Decimal]
    winner: Winner
    event: str
    within: Duration
    test: Test | None
    measured: bool
    currency: str

    @property
    def yes_or_no(self) -> bool:
        """Whether a person counts once or not at all; else by how much."""
        return self.winner.metric != "revenue"


class Shares(Struct, frozen=True):
    """The shares of arms, by label in percent, that hold instead of the written ones. `decided`: the best arm
    is found. `at`: since when (ms UTC)."""

    version: int
    weights: dict[str, Decimal]
    decided: bool = False
    at: int = 0


class ArmEvidence(Struct, frozen=True):
    """What was known of an arm: of so many people, so much on average, as if its shares had never changed."""

    label: str
    people: int
    mean: float


class Ruling(Struct, frozen=True):
    """New shares of a trial's arms and what they rest on. `at` is in ms UTC; `best` is the arm that was found
    to be the best (empty: none), `evidence` how many times likelier that makes what was seen."""

    mark: str
    version: int
    at: int
    flow: str
    step: str
    weights: dict[str, Decimal]
    arms: tuple[ArmEvidence, ...]
    best: str = ""
    evidence: float = 0.0

    @property
    def shares(self) -> Shares:
        return Shares(self.version, self.weights, bool(self.best), self.at)


def written(weights: Mapping[str, Decimal]) -> str:
    """Shares as text, `50 50`: equal for people who are laid on the arms in the same way."""
    return " ".join(f"{share.normalize():f}" for share in weights.values())


def trial_of(graph: Graph, split: Split, currency: str) -> Trial | None:
    """The trial of a split, None for one that only splits."""
    winner, goal = split.winner, graph.goal
    if winner is None:
        return None
    event = _MEASURED.get(winner.metric) or winner.event or (goal.event if goal is not None else "")
    about_goal = goal is not None and event == goal.event
    where = goal.where if goal is not None and about_goal else None
    return Trial(
        _mark(graph.flow, split, goal),
        graph.flow,
        split.step,
        {arm.label: arm.weight for arm in split.arms},
        winner,
        event,
        _WITHOUT_GOAL if goal is None else goal.within,
        None if where is None else condition(where, currency),
        winner.metric in _MEASURED,
        currency,
    )


def _mark(flow: str, split: Split, goal: Goal | None) -> str:
    winner = split.winner
    assert winner is not None
    labels = [arm.label for arm in split.arms]
    counts = (winner.metric, winner.event, winner.adapts, goal)
    return hashlib.sha256(msgspec.json.encode((flow, split.step, labels, counts))).hexdigest()[:32]
