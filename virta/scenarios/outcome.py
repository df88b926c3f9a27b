"""What became of a scenario."""

from msgspec import Struct


class Told(Struct, frozen=True):
    """A sentence of the contact's story, at a moment on the contact's clock: `YYYY-MM-DD`, `HH:MM`."""

    day: str
    hour: str
    text: str


class Failure(Struct, frozen=True):
    """The line at which a scenario failed, as written; `line` counts from 1 in the scenario's file. `clock`
    is the zone of all times in it."""

    line: int
    text: str
    expected: str
    came: str
    clock: str
    story: tuple[Told, ...] = ()


class Reached(Struct, frozen=True, order=True):
    """A step of a flow that a journey met, and how it went on where there is a choice (else empty)."""

    flow: str
    step: str
    arm: str = ""


class Outcome(Struct, frozen=True):
    """A scenario that was played. `mails` counts what went out, `seconds` the time that it took."""

    name: str
    file: str
    line: int
    flows: tuple[str, ...]
    failure: Failure | None
    mails: int
    seconds: float
    reached: tuple[Reached, ...] = ()
