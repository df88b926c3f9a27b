"""How often splits between equal arms name a winner or leave their shares: `python bench/trials.py [TRIALS]`.

Prints one line for each case of docs/trials.md. Seeds are fixed, so the figures come out the same.
"""

import random
import sys
from collections.abc import Callable, Iterator

from engine.insight.strata import ArmCount
from engine.insight.trial import judge, reweigh

LOOKS, A_LOOK = 60, 200
DAYS, A_DAY = 120, 200

Worth = Callable[[random.Random], float]


def bought(share: float, tail: float) -> Worth:
    """So many buy, for sums that spread by `tail`, a standard deviation of their logarithms."""
    return lambda dice: dice.lognormvariate(3.5, tail) if dice.random() < share else 0.0


def said_yes(share: float) -> Worth:
    return lambda dice: float(dice.random() < share)


class Arms:
    """Two arms, whose people are kept apart by the weight under which they came."""

    def __init__(self) -> None:
        self._strata: dict[float, list[ArmCount]] = {}

    def come(self, dice: random.Random, people: int, weight: float, worth: Worth) -> None:
        """So many people, each in the first arm by this weight."""
        arms = self._strata.setdefault(weight, [ArmCount(label, 0, 0.0, 0.0) for label in "ab"])
        for _ in range(people):
            place = dice.random() >= weight
            was, found = arms[place], worth(dice)
            sums = (was.people + 1, was.total + found, was.squares + found**2, was.yes + (found > 0))
            arms[place] = ArmCount(was.label, *sums)

    def strata(self) -> list[list[ArmCount]]:
        return list(self._strata.values())


def named(seed: int, months: list[tuple[float, Worth]], after: int, yes_or_no: bool) -> bool:
    """Whether a winner is named in any look; the looks are spread over the months."""
    dice, arms = random.Random(seed), Arms()
    for weight, worth in months:
        for _ in range(LOOKS // len(months)):
            arms.come(dice, A_LOOK, weight, worth)
            if judge(arms.strata(), after, yes_or_no).best:
                return True
    return False


def extreme(seed: int, shares: list[float]) -> bool:
    """Whether one arm has nine of ten people after `DAYS`; `shares` say yes, by month."""
    dice, arms, weight = random.Random(seed), Arms(), 0.5
    for day in range(DAYS):
        arms.come(dice, A_DAY, weight, said_yes(shares[day // 30 % len(shares)]))
        found = reweigh(arms.strata(), random.Random(seed * 1000 + day))
        weight = weight if found is None else float(found["a"]) / 100
    return not 0.1 < weight < 0.9


def cases() -> Iterator[tuple[str, Callable[[int], bool], int]]:
    """Name, a trial by its seed, and a divisor of how many of them there are: adapting takes long."""
    edited = [(0.9, said_yes(0.02)), (0.5, said_yes(0.06))]
    yield "weights edited from 90/10 to 50/50, 2 and then 6 in 100 say yes", _keep(edited, 200, True), 1
    yield "yes or no, 95/5, 1 in 100, N 100", _keep([(0.95, said_yes(0.01))], 100, True), 1
    for weight, share, tail, after in (
        (0.95, 0.02, 1.5, 50),
        (0.95, 0.02, 1.5, 100),
        (0.95, 0.05, 1.0, 100),
        (0.9, 0.05, 1.0, 100),
        (0.98, 0.01, 2.0, 50),
        (0.5, 0.02, 1.5, 50),
    ):
        name = (
            f"amounts, {100 * weight:.0f}/{100 - 100 * weight:.0f}, {share:.0%} buy, tail {tail}, N {after}"
        )
        yield name, _keep([(weight, bought(share, tail))], after, False), 1
    yield "adapting, 3 and 12 in 100 by the month", lambda seed: extreme(seed, [0.03, 0.12]), 10
    yield "adapting, 6 in 100 always", lambda seed: extreme(seed, [0.06]), 10


def _keep(months: list[tuple[float, Worth]], after: int, yes_or_no: bool) -> Callable[[int], bool]:
    return lambda seed: named(seed, months, after, yes_or_no)


def main() -> None:
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for name, trial, divisor in cases():
        count = max(trials // divisor, 1)
        found = sum(trial(seed) for seed in range(count))
        print(f"{name}: {found} of {count} ({found / count:.2%})", flush=True)


if __name__ == "__main__":
    main()
