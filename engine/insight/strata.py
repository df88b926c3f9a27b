"""Arms compared with one another only among people who were laid on them by the same shares.

While shares change, so may what people do anyhow: more come to one arm in a good month than in a bad one,
and its mean rises though it is no better. Among people of the same shares each arm has its part of every
month, so their differences are those of the arms (Simpson 1951; Mantel and Haenszel 1959). They are added up
as in a linear model of arms and strata.
"""

import random
from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from typing import TypeAlias

from msgspec import Struct


class ArmCount(Struct, frozen=True):
    """What became of the people of one arm whose time has passed: how many they are, how much they count
    together, and the sum of the squares. Where each counts once or not, both sums are how many do; of amounts
    `yes` tells how many people count with any."""

    label: str
    people: int
    total: float
    squares: float
    yes: int = 0

    @property
    def mean(self) -> float:
        return self.total / self.people if self.people else 0.0

    @property
    def variance(self) -> float:
        return max(self.squares / self.people - self.mean**2, 0.0) if self.people else 0.0


Stratum: TypeAlias = Sequence[ArmCount]
"""All arms, in the same order in each stratum, with the people who were laid by equal shares."""


class Difference(Struct, frozen=True):
    """By how much one arm's mean lies above another's, the variance of that if both are alike, and the
    variance of one person's count."""

    mean: float
    noise: float
    spread: float


class Effects(Struct, frozen=True):
    """The mean of each arm as it would be had all strata been shared out alike. `root` is the lower root of
    the inverse covariance of the arms behind the first against it."""

    means: tuple[float, ...]
    root: tuple[tuple[float, ...], ...]

    def drawn(self, dice: random.Random) -> list[float]:
        """Means as they may be for all that is known."""
        thrown = [dice.normalvariate(0.0, 1.0) for _ in self.root]
        size = len(thrown)
        for row in reversed(range(size)):
            later = sum(self.root[below][row] * thrown[below] for below in range(row + 1, size))
            thrown[row] = (thrown[row] - later) / self.root[row][row]
        return [self.means[0], *(mean + by for mean, by in zip(self.means[1:], thrown, strict=True))]


def people(strata: Sequence[Stratum], place: int) -> int:
    """How many people one arm has in all strata."""
    return sum(arms[place].people for arms in strata)


def difference(strata: Sequence[Stratum], one: int, other: int, yes_or_no: bool) -> Difference | None:
    """Two arms compared, by their places; None while no stratum has people of both, or nobody differs."""
    weights = by = noise = spreads = 0.0
    for a, b in ((arms[one], arms[other]) for arms in strata):
        if not a.people or not b.people:
            continue
        weight = a.people * b.people / (a.people + b.people)
        spread = spread_of((a, b), yes_or_no)
        alike = spread / weight
        if (
            not yes_or_no
        ):  # the few people of a small arm spread by themselves: one great sum makes no arm best
            alike = max(alike, a.variance / a.people + b.variance / b.people)
        weights += weight
        by += weight * (a.mean - b.mean)
        noise += weight**2 * alike
        spreads += weight * spread
    if not weights or spreads <= 0:
        return None
    return Difference(by / weights, noise / weights**2, spreads / weights)


def spread_of(arms: Stratum, yes_or_no: bool) -> float:
    """The variance of one person's count if all arms are alike: under that assumption errors are bounded. A
    yes and a no that nobody gave keep it from being nothing where hardly anybody says yes."""
    everybody = sum(arm.people for arm in arms)
    total = sum(arm.total for arm in arms)
    if yes_or_no:
        share = (total + 1) / (everybody + 2)
        return share * (1 - share)
    return max(sum(arm.squares for arm in arms) / everybody - (total / everybody) ** 2, 0.0)


def means(strata: Sequence[Stratum], yes_or_no: bool) -> tuple[float, ...]:
    """The mean of each arm as if its shares had never changed; as counted where arms share no stratum."""
    found = effects(strata, yes_or_no)
    if found is not None:
        return tuple(max(mean, 0.0) for mean in found.means)
    sums = [sum(arms[place].total for arms in strata) for place in range(len(strata[0]))]
    return tuple(total / max(people(strata, place), 1) for place, total in enumerate(sums))


def effects(strata: Sequence[Stratum], yes_or_no: bool) -> Effects | None:
    """The arms against one another: least squares with a mean of each stratum and an effect of each arm. None
    where some arms have no stratum in common, by whatever way."""
    size = len(strata[0])
    inverse = [[0.0] * size for _ in range(size)]
    above = [0.0] * size
    weights = spreads = 0.0
    for arms in strata:
        everybody = sum(arm.people for arm in arms)
        if not everybody:
            continue
        mean = sum(arm.total for arm in arms) / everybody
        for place, arm in enumerate(arms):
            above[place] += arm.total - arm.people * mean
            inverse[place][place] += arm.people
            for beside, another in enumerate(arms):
                inverse[place][beside] -= arm.people * another.people / everybody
        weight = sum(a.people * b.people for a, b in combinations(arms, 2)) / everybody
        weights += weight
        spreads += weight * spread_of(arms, yes_or_no)
    root = _root([row[1:] for row in inverse[1:]])
    if root is None or not weights:
        return None
    against_first = [0.0, *_solved(root, above[1:])]
    counted = [people(strata, place) for place in range(size)]
    total = sum(arm.total for arms in strata for arm in arms)
    part = sum(many * by for many, by in zip(counted, against_first, strict=True))
    level = (total - part) / sum(counted)
    scale = 1 / sqrt(max(spreads / weights, 1e-300))
    return Effects(
        tuple(level + by for by in against_first), tuple(tuple(scale * each for each in row) for row in root)
    )


def _root(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """The lower root of a symmetric matrix (Cholesky's), None if the matrix is not positive."""
    size = len(matrix)
    root = [[0.0] * size for _ in range(size)]
    for row in range(size):
        for column in range(row + 1):
            left = matrix[row][column] - sum(root[row][k] * root[column][k] for k in range(column))
            if row != column:
                root[row][column] = left / root[column][column]
            elif left <= 1e-9 * max(matrix[row][row], 1.0):
                return None
            else:
                root[row][row] = sqrt(left)
    return root


def _solved(root: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """The x for which root · rootᵀ · x is the right side."""
    size = len(root)
    x = list(right)
    for row in range(size):
        x[row] = (x[row] - sum(root[row][k] * x[k] for k in range(row))) / root[row][row]
    for row in reversed(range(size)):
        x[row] = (x[row] - sum(root[k][row] * x[k] for k in range(row + 1, size))) / root[row][row]
    return x
