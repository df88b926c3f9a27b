"""Trials judged from time to time: what is found holds for whoever comes next."""

import hashlib
import random

import structlog

from engine.core.drawing import LATE
from engine.core.loaded import Loaded
from engine.core.trial import ArmEvidence, Ruling, Trial
from engine.insight.strata import ArmCount, Stratum, means, people
from engine.insight.trial import judge, reweigh
from engine.store.store import Store
from engine.store.trials import Tally

log = structlog.get_logger("engine")

_HOUR = 3_600_000
_DAY = 86_400_000
_KEPT = 30 * _DAY
"""For so long what was counted of a trial is kept that no flow has any more: its flow may come back."""


class Trials:
    """Looks at the trials of present flows once an hour at most; those that adapt change once a day, and once
    a day people whose time is over are summed up. Nothing is random but dice that are thrown the same way
    again for the same version."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: Loaded | None = None
        self._hour = self._day = -1
        self._ruled: dict[str, Ruling] = {}

    async def judge(self, loaded: Loaded, now: int) -> None:
        """Give `loaded` the shares that hold at `now` (ms UTC)."""
        if now // _DAY != self._day:
            self._day = now // _DAY
            kept = {trial.mark for trial in _present(loaded)}
            await self._store.tidy_trials(kept, now - LATE, now - _KEPT)
        if not loaded.trials:
            return
        if loaded is not self._known:
            self._ruled = {ruling.mark: ruling for ruling in await self._store.rulings()}
            loaded.shares = {
                mark: ruling.shares for mark, ruling in self._ruled.items() if mark in loaded.trials
            }
            self._known, self._hour = loaded, -1
        if now // _HOUR == self._hour:
            return
        self._hour = now // _HOUR
        found = [await self._judged(trial, now) for trial in _present(loaded) if self._is_open(trial, now)]
        rulings = [ruling for ruling in found if ruling is not None]
        if rulings:
            await self._store.rule(rulings)
        for ruling in rulings:
            self._ruled[ruling.mark] = ruling
            loaded.shares[ruling.mark] = ruling.shares
            shares = {label: int(share) for label, share in ruling.weights.items()}
            log.info(
                "a split was ruled on", flow=ruling.flow, split=ruling.step, best=ruling.best, shares=shares
            )

    def _is_open(self, trial: Trial, now: int) -> bool:
        last = self._ruled.get(trial.mark)
        if last is None:
            return True
        return trial.winner.adapts and now - last.at >= _DAY

    async def _judged(self, trial: Trial, now: int) -> Ruling | None:
        strata = _strata(trial, await self._store.tally(trial.mark, now))
        if trial.winner.adapts:
            return _adapted(trial, strata, self._ruled.get(trial.mark), now)
        return _kept(trial, strata, now)


def _present(loaded: Loaded) -> list[Trial]:
    """The trials of the flows that new journeys enter."""
    return [trial for flow in loaded.current.values() for trial in flow.trials.values()]


def _strata(trial: Trial, tallies: list[Tally]) -> list[Stratum]:
    """The arms in written order, apart by the shares under which people came."""
    found = {(tally.shares, tally.arm): tally for tally in tallies}
    every = dict.fromkeys([tally.shares for tally in tallies] or [""])
    return [[_count(trial, label, found.get((shares, label))) for label in trial.weights] for shares in every]


def _count(trial: Trial, label: str, tally: Tally | None) -> ArmCount:
    if tally is None:
        return ArmCount(label, 0, 0.0, 0.0)
    if trial.yes_or_no:
        return ArmCount(label, tally.people, tally.yes, tally.yes, tally.yes)
    return ArmCount(label, tally.people, tally.worth, tally.squares, tally.yes)


def _kept(trial: Trial, strata: list[Stratum], now: int) -> Ruling | None:
    """The end of a trial, once the best arm is clear."""
    verdict = judge(strata, trial.winner.after, trial.yes_or_no)
    if not verdict.best:
        return None
    weights = {
        label: type(share)(100 if label == verdict.best else 0) for label, share in trial.weights.items()
    }
    known = _evidence(trial, strata)
    return Ruling(trial.mark, 1, now, trial.flow, trial.step, weights, known, verdict.best, verdict.evidence)


def _adapted(trial: Trial, strata: list[Stratum], last: Ruling | None, now: int) -> Ruling | None:
    """The next version of the shares; None if they stay as they are."""
    version = 1 if last is None else last.version + 1
    seed = hashlib.sha256(f"{trial.mark}\0{version}".encode()).digest()
    weights = reweigh(strata, random.Random(seed), trial.yes_or_no)
    if weights is None or weights == (trial.weights if last is None else last.weights):
        return None
    return Ruling(trial.mark, version, now, trial.flow, trial.step, weights, _evidence(trial, strata))


def _evidence(trial: Trial, strata: list[Stratum]) -> tuple[ArmEvidence, ...]:
    found = zip(trial.weights, means(strata, trial.yes_or_no), strict=True)
    return tuple(ArmEvidence(label, people(strata, place), mean) for place, (label, mean) in enumerate(found))
