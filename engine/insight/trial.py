"""Which arm of a split is best, told from counts alone: at any time, as often as one likes.

The decision rests on an e-value of the normal mixture (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021, §3.2). Under equal arms it reaches
1/α with a probability of at most α over all looks together, however often and whenever one looks.
"""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil, inf, log, sqrt

from msgspec import Struct

from engine.core.trial import ArmEvidence, Ruling

ALPHA = 0.01
"""The share of trials between equal arms that may ever name a best one."""

ENOUGH_TO_ADAPT = 30
"""People of each arm whose time must have passed before shares leave the written ones."""

_LEAST_SHARE = 5
"""Percent that every arm keeps, so that something is still learned of it."""

_DRAWS = 2000
_TUNED = 5
"""The test is sharpest when each arm has so many times the people who are waited for."""


class ArmCount(Struct, frozen=True):
    """What became of the people of one arm whose time has passed: how many they are, how much they count
    together, and the sum of the squares. Where each counts once or not, both sums are how many do."""

    label: str
    people: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.people if self.people else 0.0


class Verdict(Struct, frozen=True):
    """`best` is the arm that is better than all others, empty while that is not clear. `evidence` is the
    smallest e-value of the leading arm against another, `needed` what decides. `lacking` are the people whom
    arms still wait for, by label."""

    best: str
    evidence: float
    needed: float
    lacking: Mapping[str, int]


def judge(arms: Sequence[ArmCount], after: int, yes_or_no: bool = True) -> Verdict:
    """Whether one arm is clearly the best, looked at once each has `after` people. With more than two arms
    more evidence is needed, so that all of them together err no more often."""
    needed = ceil(len(arms) / 2) / ALPHA
    lacking = {arm.label: after - arm.people for arm in arms if arm.people < after}
    if len(arms) < 2:
        return Verdict("", 0.0, needed, lacking)
    first, *others = sorted(arms, key=lambda arm: -arm.mean)
    evidence = min(e_value(first, other, max(after, 1), yes_or_no) for other in others)
    clear = not lacking and evidence >= needed and first.mean > others[0].mean
    return Verdict(first.label if clear else "", evidence, needed, lacking)


def e_value(one: ArmCount, other: ArmCount, after: int, yes_or_no: bool = True) -> float:
    """How many times likelier a difference makes what was seen than none does; 0 while nobody is counted."""
    if not one.people or not other.people:
        return 0.0
    spread = _spread((one, other), yes_or_no)
    if spread <= 0:
        return 0.0
    noise = spread * (1 / one.people + 1 / other.people)
    prior = spread * 2 / (_TUNED * after) * _sharpness()
    difference = one.mean - other.mean
    likelier = difference**2 * prior / (2 * noise * (noise + prior)) - log(1 + prior / noise) / 2
    return inf if likelier > 700 else 2.718281828459045**likelier


def _spread(arms: Sequence[ArmCount], yes_or_no: bool) -> float:
    """The variance of one person's count if all arms are alike: under that assumption errors are bounded. A
    yes and a no that nobody gave keep it from being nothing where hardly anybody says yes."""
    people = sum(arm.people for arm in arms)
    total = sum(arm.total for arm in arms)
    if yes_or_no:
        share = (total + 1) / (people + 2)
        return share * (1 - share)
    return sum(arm.squares for arm in arms) / people - (total / people) ** 2


def _sharpness() -> float:
    """The width of the mixture, in variances at the number of people at which it is sharpest (the same
    article, §3.5)."""
    twice = 2 * log(1 / ALPHA)
    return twice + log(1 + twice)


def told(ruling: Ruling, yes_or_no: bool = True) -> str:
    """A ruling in a sentence. Not `yes_or_no`: what counted were amounts."""
    if ruling.best:
        said = f"`{ruling.best}` is the best arm of `{ruling.step}`, and everybody gets it from now on: "
    else:
        shares = ", ".join(f"{share} % `{label}`" for label, share in ruling.weights.items())
        said = f"The shares of `{ruling.step}` are now {shares}: "
    return said + ", ".join(_mean(arm, yes_or_no) for arm in ruling.arms) + "."


def _mean(arm: ArmEvidence, yes_or_no: bool) -> str:
    mean = f"{100 * arm.mean:.1f} %" if yes_or_no else f"{arm.mean:.2f} each"
    return f"`{arm.label}` {mean} of {arm.people:,} people"


def reweigh(
    arms: Sequence[ArmCount], dice: random.Random, yes_or_no: bool = True
) -> dict[str, Decimal] | None:
    """Shares of the arms in whole percent: each gets new people as often as it is the best, for all that is
    known (Thompson 1933). None while too little is known of one."""
    if any(arm.people < ENOUGH_TO_ADAPT for arm in arms):
        return None
    spread = sqrt(max(_spread(arms, yes_or_no), 0.0))
    best = dict.fromkeys((arm.label for arm in arms), 0)
    for _ in range(_DRAWS):
        drawn = [(_draw(arm, dice, spread, yes_or_no), -place) for place, arm in enumerate(arms)]
        best[arms[-max(drawn)[1]].label] += 1
    floor = min(_LEAST_SHARE, 100 // (2 * len(arms)))
    free = 100 - floor * len(arms)
    return _whole({label: floor + free * wins / _DRAWS for label, wins in best.items()})


def _draw(arm: ArmCount, dice: random.Random, spread: float, yes_or_no: bool) -> float:
    if yes_or_no:
        return dice.betavariate(1 + arm.total, 1 + arm.people - arm.total)
    return dice.normalvariate(arm.mean, spread / sqrt(arm.people))


def _whole(shares: Mapping[str, float]) -> dict[str, Decimal]:
    """Whole percents that sum to 100, nearest to the shares."""
    whole = {label: int(share) for label, share in shares.items()}
    missing = 100 - sum(whole.values())
    for label in sorted(shares, key=lambda each: (whole[each] - shares[each], each))[:missing]:
        whole[label] += 1
    return {label: Decimal(percent) for label, percent in whole.items()}
