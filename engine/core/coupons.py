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
    was first given, however the coupon is edited meanwhile."""
    wanted = list(dict.fromkeys(names))
    if not turn.loaded.coupons.keys() >= set(wanted):
        return None
    listed = [name for name in wanted if _is_to_be_taken(turn, journey, step, name)]
    taken = turn.take_codes(listed)
    if taken is None:
        return None
    codes = {name: taken.get(name) or _code(turn, journey, step, name) for name in wanted}
    found: dict[str, Given] = {}
    for name, code in codes.items():
        journey, found[name] = _given(turn, flow, journey, step, name, code)
    return journey, found


def _is_to_be_taken(turn: Turn, journey: Journey, step: str, name: str) -> bool:
    """Whether it is a list that the step's code still has to come from."""
    return bool(turn.loaded.coupons[name].codes_from) and _slot(step, name) not in journey.given


def _code(turn: Turn, journey: Journey, step: str, name: str) -> str:
    """The code of an earlier round, or one that is made."""
    return journey.given.get(_slot(step, name)) or turn.loaded.code(name, journey.id, step)


def _given(
    turn: Turn, flow: Flow, journey: Journey, step: str, name: str, code: str
) -> tuple[Journey, Given]:
    declared, slot = turn.loaded.coupons[name], _slot(step, name)
    is_new = slot not in journey.codes or _is_to_be_taken(turn, journey, step, name)
    made = turn.now if is_new else journey.codes[slot]
    until = None if declared.valid is None else calendar.add(made, declared.valid, turn.clock_of(flow))
    if is_new:
        if journey.node in flow.again:
            codes, given = {**journey.codes, slot: made}, {**journey.given, slot: code}
            journey = replace(journey, codes=codes, given=given)
        body = CodeBody(journey.flow, journey.id, step, made, name, code, until, bool(declared.codes_from))
        turn.ask(Effect(turn.loaded.key(journey.id, slot, 0), journey.contact, "coupon", body))
        turn.note(journey.flow, journey.id, step, What.CODE, name)
    return journey, Given(code, until)


def _slot(step: str, name: str) -> str:
    return f"{step}\0{name}"
