"""`kill -9` at every row of the protocol's table of crashes, against a sink that others wrote."""

import random
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from points import POINTS
from story import Story

Teller = Callable[..., Story]
OUTSIDE = "from outside, at random"


def plan(each: int, dice: random.Random) -> Iterator[str]:
    """The points in random order, each so many times."""
    wanted = [point for point in [*POINTS, OUTSIDE] for _ in range(each)]
    dice.shuffle(wanted)
    return iter(wanted)


def kill(story: Story, point: str, dice: random.Random) -> bool:
    """A life that is cut short there; False if it came to its end before."""
    if point == OUTSIDE:
        return story.live(milliseconds=dice.randint(20, 400))
    return story.live(point, dice.randint(1, POINTS[point][1]))


def test_undisturbed_life_sends_everything_once(tell: Teller) -> None:
    """What the stories of crashes are measured against."""
    story = tell(12)
    story.end()
    assert story.check() == {"accepted": 12 * 5}
    assert len(story.sink.lines()) == 12 * 5


def test_each_point_is_survived(tell: Teller) -> None:
    """Two kills at each point, in two stories; then nothing is lost and nothing went twice."""
    dice = random.Random(20)
    done = tell_stories(tell, 2, dice, people=40)
    assert all(done[point] >= 2 for point in [*POINTS, OUTSIDE]), done


@pytest.mark.slow
def test_hundreds_of_kills_are_survived(tell: Teller, capsys: pytest.CaptureFixture[str]) -> None:
    """At least twenty at each point and from outside; the counts are printed."""
    dice = random.Random(2)
    done = tell_stories(tell, 20, dice, people=160)
    with capsys.disabled():
        print("\n\nkill -9                          times")
        for point in [*POINTS, OUTSIDE]:
            print(f"  {point:<30} {done[point]:>5}")
        kills = sum(done[point] for point in [*POINTS, OUTSIDE])
        print(f"  {'together':<30} {kills:>5}")
        print(f"mails accepted {done['accepted']}, unknown {done['unknown']}, stories {done['stories']}")
    assert kills >= 200
    assert all(done[point] >= 20 for point in [*POINTS, OUTSIDE]), done


def tell_stories(tell: Teller, each: int, dice: random.Random, people: int) -> Counter[str]:
    """Stories until every point was met so often; each is checked at its end. How often, and what came of
    the mails."""
    done: Counter[str] = Counter()
    wanted = plan(each, dice)
    point = next(wanted, None)
    while point is not None:
        story = tell(people, pipelining=done["stories"] % 2 == 0)
        while point is not None and story.orders < people:
            if kill(story, point, dice):
                done[point] += 1
                point = next(wanted, None)
        story.end()
        done += story.check()
        done["stories"] += 1
    return done
