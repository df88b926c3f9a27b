"""Coupons' codes, made or taken from a list, as a step gives them."""

from collections.abc import Iterable

from msgspec import Struct

from engine.core import calendar
from engine.core.bundle import CodeBody, Effect, Journey, replace
from engine.core.flow import Flow
from engine.core.record import What
from engine.core.turn import Turn


class Given(Struct, frozen=True):
    """A code and when it ends (ms UTC; None: never)."""

    code: str
    until: int | None


def give(
    turn: Turn, flow: Flow, journey: Journey, step: str, names: Iterable[str]
) -> tuple[Journey, dict[str, Given]] | None:
    """The codes of a step, by coupon; None if there is none of one of them: it is not declared any more, or
    its list is empty. Then nothing is given. Repeats of a step share the code, which is valid from when it
    was first given."""
    wanted = list(dict.fromkeys(names))
    if any(_is_out(turn, journey, step, name) for name in wanted):
        return None
    codes = {name: _code(turn, journey, step, name) for name in wanted}
    found: dict[str, Given] = {}
    for name, code in codes.items():
        journey, found[name] = _given(turn, flow, journey, step, name, code)
    return journey, found


def _is_out(turn: Turn, journey: Journey, step: str, name: str) -> bool:
    """Whether there is no code for the step."""
    declared = turn.loaded.coupons.get(name)
    if declared is None:
        return True
    return bool(declared.codes_from) and _slot(step, name) not in journey.listed and not turn.has_code(name)


def _code(turn: Turn, journey: Journey, step: str, name: str) -> str:
    if not turn.loaded.coupons[name].codes_from:
        return turn.loaded.code(name, journey.id, step)
    return journey.listed.get(_slot(step, name)) or turn.take_code(name)


def _given(
    turn: Turn, flow: Flow, journey: Journey, step: str, name: str, code: str
) -> tuple[Journey, Given]:
    declared, slot = turn.loaded.coupons[name], _slot(step, name)
    known = journey.codes.get(slot)
    made = turn.now if known is None else known
    until = None if declared.valid is None else calendar.add(made, declared.valid, turn.clock_of(flow))
    if known is None:
        if journey.node in flow.again:
            listed = {**journey.listed, slot: code} if declared.codes_from else journey.listed
            journey = replace(journey, codes={**journey.codes, slot: made}, listed=listed)
        listed_too = bool(declared.codes_from)
        body = CodeBody(journey.flow, journey.id, step, made, name, code, until, listed_too)
        turn.ask(Effect(turn.loaded.key(journey.id, slot, 0), journey.contact, "coupon", body))
        turn.note(journey.flow, journey.id, step, What.CODE, name)
    return journey, Given(code, until)


def _slot(step: str, name: str) -> str:
    return f"{step}\0{name}"
