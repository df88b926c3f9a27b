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

_MOST_LIVES = 3
"""Lives in vain for each kill, at most: a point that is met no more is a fault of the test."""


def survive(worker: Worker, point: str, times: int, dice: random.Random, power: bool = False) -> Counter[str]:
    """Kill a shop so often at that point, in as many stories as that takes, and let each come to its end;
    whatever it was, that is the end of a story without kills. What came of it."""
    done: Counter[str] = Counter(kills=0)
    while done["kills"] < times:
        pipelining = dice.random() < 0.5
        story = worker.begin(PEOPLE, pipelining=pipelining, more=MORE, power=dice if power else None)
        while story.orders < PEOPLE and done["kills"] + story.kills < times:
            kill(story, point, dice)
        assert story.kills * _MOST_LIVES + 9 >= story.lives, f"{point}: it hardly ever comes to that"
        done += settle(worker, story, point)
    return done


def kill(story: Story, point: str, dice: random.Random) -> bool:
    """A life that is cut short there; False if it came to its end before."""
    if point == OUTSIDE:
        return story.live(milliseconds=dice.randint(20, 300))
    return story.live(point, dice.randint(1, POINTS[point][1] if point in POINTS else 2))


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
