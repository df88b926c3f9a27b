"""What was done to a shop and what came of it, by the point at which it was killed."""

import random
from collections import Counter
from collections.abc import Mapping

from points import POINTS
from shop import CONNECTIONS
from story import Story
from workers import Worker

OUTSIDE = "from outside, at random"
COLUMNS = {
    "kills": "kills",
    "accepted": "accepted",
    "unknown": "unknown",
    "lost": "lost",
    "doubled": "doubled",
    "calls": "calls",
    "again": "again",
    "emitted": "emitted",
    "tells": "tells",
    "withdrawn": "withdrawn",
}
PEOPLE, MORE = 40, 2
"""Of each shop, and of each life."""

_MOST_IN_VAIN = 2
"""Lives one after the other that came to their end: then the story is over."""

RARELY = 20
"""Kills at a point to which a story comes once or not at all."""


def survive(worker: Worker, point: str, times: int, dice: random.Random, power: bool = False) -> Counter[str]:
    """Kill a shop so often at that point, in as many stories as that takes, and let each come to its end;
    whatever it was, that is the end of a story without kills. What came of it."""
    done: Counter[str] = Counter(kills=0)
    rare = False
    while done["kills"] < (min(times, RARELY) if rare else times):
        pipelining = dice.random() < 0.5
        story = worker.begin(PEOPLE, pipelining=pipelining, more=MORE, power=dice if power else None)
        in_vain = 0
        while story.orders < PEOPLE and done["kills"] + story.kills < times and in_vain < _MOST_IN_VAIN:
            in_vain = 0 if kill(story, point, dice, first=rare or in_vain > 0) else in_vain + 1
        assert story.kills, f"{point}: it never comes to that"
        rare = rare or story.kills <= _MOST_IN_VAIN < times - done["kills"]
        done += settle(worker, story, point)
    return done


def kill(story: Story, point: str, dice: random.Random, first: bool = False) -> bool:
    """A life cut short there, at the `first` time or a later one; False if it came to its end before."""
    if point == OUTSIDE:
        return story.live(milliseconds=dice.randint(20, 300))
    most = POINTS[point][1] if point in POINTS else 2
    return story.live(point, 1 if first else dice.randint(1, most))


def settle(worker: Worker, story: Story, what: str) -> Counter[str]:
    """Let a story come to its end, and compare it with one without kills. What came of everything."""
    story.end()
    ends = story.ends()
    found = ends.count()
    if story.power is None:
        unknown = found["unknown"] + found["tells_unknown"]
        assert unknown <= story.kills * CONNECTIONS, f"{what}: too much is unknown"
    assert ends.state() == worker.undisturbed(story.people), f"{what}: it ended otherwise"
    return found + Counter(kills=story.kills, lives=story.lives, stories=1)


def table(title: str, done: Mapping[str, Counter[str]]) -> str:
    """A line for each point, and their sum."""
    width = max(map(len, done)) + 2
    lines = ["  ".join([f"{title:<{width}}", *(f"{name:>9}" for name in COLUMNS.values())])]
    together = sum(done.values(), Counter[str]())
    for point, found in [*done.items(), ("together", together)]:
        lines.append("  ".join([f"{point:<{width}}", *(f"{found[name]:>9}" for name in COLUMNS)]))
    return "\n".join(lines)
