"""Which arm of a split is best, told from counts alone: at any time, as often as one likes.

The decision rests on an e-value of the normal mixture (Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", 2021, §3.2). Under equal arms it reaches
1/α with a probability of at most α over all looks together, however often and whenever one looks.
"""

import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import ceil, exp, inf, log, log1p

from msgspec import Struct

from engine.insight.strata import Difference, Stratum, difference, effects, people

ALPHA = 0.01
"""The share of trials between equal arms that may ever name a best one."""

ENOUGH_TO_ADAPT = 30
"""People of each arm whose time must have passed before shares leave the written ones."""

BUYERS = 20
"""Of the people of each arm so many should have spent something before amounts are compared."""

_LEAST_SHARE = 5
"""Percent that every arm keeps, so that something is still learned of it."""

_DRAWS = 2000
_TUNED = 5
"""The test is sharpest when each arm has so many times the people who are waited for."""


class Verdict(Struct, frozen=True):
    """`best` is the arm that is better than all others, empty while that is not clear. `evidence` is the
    smallest e-value of the leading arm against another, `needed` what decides. `lacking` are the people whom
    arms still wait for, by label."""

    best: str
    evidence: float
    needed: float
    lacking: Mapping[str, int]


def judge(strata: Sequence[Stratum], after: int, yes_or_no: bool = True) -> Verdict:
    """Whether one arm is clearly the best, looked at once each has `after` people, and of amounts so many
    that `BUYERS` of each would have spent if all arms were alike. With more than two arms more evidence is
    needed, so that all of them together err no more often."""
    labels = [arm.label for arm in strata[0]]
    needed = ceil(len(labels) / 2) / ALPHA
    least = after if yes_or_no else max(after, _people_for_buyers(strata))
    counted = [people(strata, place) for place in range(len(labels))]
    lacking = {label: least - many for label, many in zip(labels, counted, strict=True) if many < least}
    if len(labels) < 2:
        return Verdict("", 0.0, needed, lacking)
    leads = {place: _lead(strata, place, yes_or_no) for place in range(len(labels))}
    best = max(leads, key=lambda place: min((each.mean for each in leads[place]), default=0.0))
    evidence = min(e_value(each, max(after, 1)) for each in leads[best])
    clear = not lacking and evidence >= needed and min(each.mean for each in leads[best]) > 0
    return Verdict(labels[best] if clear else "", evidence, needed, lacking)


def _lead(strata: Sequence[Stratum], place: int, yes_or_no: bool) -> list[Difference]:
    """One arm against each of the others; nothing is known where they cannot be compared."""
    others = (other for other in range(len(strata[0])) if other != place)
    return [difference(strata, place, other, yes_or_no) or Difference(0.0, 0.0, 0.0) for other in others]


def _people_for_buyers(strata: Sequence[Stratum]) -> int:
    """Of how many people `BUYERS` spend something, whatever their arm."""
    counts = [arm for arms in strata for arm in arms]
    return ceil(BUYERS * sum(arm.people for arm in counts) / max(sum(arm.yes for arm in counts), 1))


def e_value(seen: Difference, after: int) -> float:
    """How many times likelier a difference makes what was seen than none does; 0 while nobody is counted."""
    if seen.noise <= 0:
        return 0.0
    prior = seen.spread * 2 / (_TUNED * after) * _sharpness()
    likelier = seen.mean**2 * prior / (2 * seen.noise * (seen.noise + prior)) - log1p(prior / seen.noise) / 2
    return inf if likelier > 700 else exp(likelier)


def _sharpness() -> float:
    """The width of the mixture, in variances at the number of people at which it is sharpest (the same
    article, §3.5)."""
    twice = 2 * log(1 / ALPHA)
    return twice + log(1 + twice)


def reweigh(
    strata: Sequence[Stratum], dice: random.Random, yes_or_no: bool = True
) -> dict[str, Decimal] | None:
    """Shares of the arms in whole percent: each gets new people as often as it is the best, for all that is
    known (Thompson 1933). None while too little is known of one, or arms cannot be compared."""
    labels = [arm.label for arm in strata[0]]
    known = effects(strata, yes_or_no)
    if known is None or any(people(strata, place) < ENOUGH_TO_ADAPT for place in range(len(labels))):
        return None
    best = [0] * len(labels)
    for _ in range(_DRAWS):
        drawn = known.drawn(dice)
        best[drawn.index(max(drawn))] += 1
    floor = min(_LEAST_SHARE, 100 // (2 * len(labels)))
    free = 100 - floor * len(labels)
    return _whole({label: floor + free * wins / _DRAWS for label, wins in zip(labels, best, strict=True)})


def _whole(shares: Mapping[str, float]) -> dict[str, Decimal]:
    """Whole percents that sum to 100, nearest to the shares."""
    whole = {label: int(share) for label, share in shares.items()}
    missing = 100 - sum(whole.values())
    for label in sorted(shares, key=lambda each: (whole[each] - shares[each], each))[:missing]:
        whole[label] += 1
    return {label: Decimal(percent) for label, percent in whole.items()}
