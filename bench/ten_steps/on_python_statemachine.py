"""python-statemachine: a machine of ten states and a last one; it has no store, so each step is loaded from,
and put into, the plainest one. Nothing tells it when to go on: a loop goes step by step over all journeys."""

import sys
import tempfile

from journey import COUNT, done, journeys, ready, walk
from plain_store import PlainStore
from statemachine import State, StateMachine


class Ten(StateMachine):
    """The states are the steps that come next."""

    s0 = State(initial=True, value=0)
    s1, s2, s3, s4 = State(value=1), State(value=2), State(value=3), State(value=4)
    s5, s6, s7, s8 = State(value=5), State(value=6), State(value=7), State(value=8)
    s9, over = State(value=9), State(value=10, final=True)
    go = (
        s0.to(s1) | s1.to(s2) | s2.to(s3) | s3.to(s4) | s4.to(s5)
        | s5.to(s6) | s6.to(s7) | s7.to(s8) | s8.to(s9) | s9.to(over)
    )  # fmt: skip

    def before_go(self, source: State) -> None:
        """The step itself."""
        walk(self.model.journey, source.value)


class Model:
    """What the machine works on: a person's journey and where it stands."""

    def __init__(self, journey, state):
        self.journey, self.state = journey, state


def main(count: int) -> None:
    every = journeys(count)
    with tempfile.TemporaryDirectory() as folder:
        store = PlainStore(folder)
        ready()
        for journey in every:
            store.put(journey["id"], (journey, 0))
        for _ in range(COUNT):
            for journey in every:
                machine = Ten(Model(*store.take(journey["id"])))
                machine.go()
                store.put(journey["id"], (machine.model.journey, machine.model.state))
        done([store.take(journey["id"])[0] for journey in every])


main(int(sys.argv[1]))
