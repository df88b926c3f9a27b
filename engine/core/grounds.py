"""What decided: the values for which a condition held or did not, as the journal tells them.

They are gathered when the decision has been made, and only of the parts on which it rests: of an `and` that
does not hold the first part that does not. What may be known with an agreement only is not written down,
for the agreement may end; that it was not known is.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct

from dsl import graph as g
from engine.core import windows
from engine.core.conditions import Reading, Scene, condition, currency_of, reading
from engine.core.record import Ground

Telling: TypeAlias = Callable[[Scene, bool], tuple[Ground, ...]]
"""What decided in a scene; the flag says whether the condition held."""

_LONGEST = 80
"""Letters of a text that the journal keeps."""
_MOST = 8
"""Members of a list, and values of one decision, that it keeps."""


class Wording(Struct, frozen=True):
    """How values and conditions are written in the language."""

    value: Callable[[g.Value], str]
    condition: Callable[[g.Condition], str]


def grounds(asked: g.Condition, wording: Wording | None, currency: str = "") -> Telling:
    """What tells the grounds of a condition: nothing without a `wording`, and nothing of one that asks for no
    value, which the decision tells whole."""
    if wording is None or _is_whole(asked):
        return nothing
    return _telling(asked, wording, currency)


def grounds_of_value(asked: g.Value, wording: Wording | None, currency: str = "") -> Telling:
    """The same of a value that decides by itself."""
    return nothing if wording is None else _of_values((asked,), wording, currency)


def nothing(scene: Scene, held: bool) -> tuple[Ground, ...]:
    """The grounds of what has none."""
    return ()


def _is_whole(asked: g.Condition) -> bool:
    if isinstance(asked, g.Not):
        return _is_whole(asked.part)
    return isinstance(asked, g.History | g.InSegment | g.AgreedTo | g.Tagged | g.MailTest)


def _telling(asked: g.Condition, wording: Wording, currency: str) -> Telling:
    match asked:
        case g.And(parts=parts) | g.Or(parts=parts):
            return _of_parts(parts, isinstance(asked, g.Or), wording, currency)
        case g.Not(part=part):
            inner = _telling(part, wording, currency)
            return lambda scene, held: inner(scene, not held)
        case g.Compare(operator=operator, left=left, right=right):
            sides, enough = (left, right), (operator in (">", ">="), operator in ("<", "<="))
            return _of_values(sides, wording, currency_of(sides, currency), enough)
        case g.Between(value=value, low=low, high=high):
            among = (value, low, high)
            return _of_values(among, wording, currency_of(among, currency))
        case g.OneOf(value=value, among=among):
            every = (value, *among)
            return _of_values(every, wording, currency_of(every, currency))
        case g.Known(value=value):
            return _of_values((value,), wording, currency)
        case g.TimeSince(value=value):
            return _of_values((value,), wording, "")
        case _:
            words = wording.condition(asked)
            return lambda scene, held: (Ground(words, held, True),)


def _of_parts(parts: tuple[g.Condition, ...], decisive: bool, wording: Wording, currency: str) -> Telling:
    """Of parts of which one decides if it is `decisive`, and else all."""
    each = tuple((condition(part, currency), _telling(part, wording, currency)) for part in parts)

    def tell(scene: Scene, held: bool) -> tuple[Ground, ...]:
        if held is decisive:
            return next(telling(scene, held) for test, telling in each if test(scene) is held)
        return _once(ground for _, telling in each for ground in telling(scene, held))

    return tell


def _of_values(
    sides: tuple[g.Value, ...], wording: Wording, currency: str, enough: tuple[bool, ...] = ()
) -> Telling:
    """Of whatever is asked for in the sides of a comparison. `enough`: of a count there, what is known of it
    will do."""
    leaves = tuple(
        leaf
        for place, side in enumerate(sides)
        for leaf in _leaves(side, currency, wording, bool(enough) and enough[place])
    )

    each = tuple(_of_leaf(*leaf) for leaf in leaves)
    if len(each) == 1:
        return each[0]
    return lambda scene, held: _once(ground for telling in each for ground in telling(scene, held))


def _of_leaf(words: str, kept: Callable[[Any], Any], read: Reading) -> Telling:
    unknown = (Ground(words),)

    def tell(scene: Scene, held: bool) -> tuple[Ground, ...]:
        value = read(scene)
        if value is None:
            return unknown
        if kept is _withheld or type(value) is dict:
            return ()
        return (Ground(words, kept(value)),)

    return tell


def _once(grounds: Iterable[Ground]) -> tuple[Ground, ...]:
    return tuple(dict.fromkeys(grounds))[:_MOST]


def _leaves(
    value: g.Value, currency: str, wording: Wording, at_least: bool = False
) -> Iterator[tuple[str, Callable[[Any], Any], Reading]]:
    """What is asked for in a value: its words, the form in which it is kept, and how it is read."""
    match value:
        case g.Arithmetic(left=left, right=right):
            yield from _leaves(left, currency, wording)
            yield from _leaves(right, currency, wording)
        case g.Negative(value=inner):
            yield from _leaves(inner, currency, wording)
        case g.Attribute() | g.Trigger() | g.Received() | g.Field() | g.YearsSince():
            kept = Decimal if isinstance(value, g.YearsSince) else _short
            yield wording.value(value), kept, reading(value, currency, at_least)
        case g.History(kind=kind, event=event):
            kept = Decimal if kind == "count" else _short
            kept = _withheld if event in windows.PURPOSE_OF else kept
            yield wording.value(value), kept, reading(value, currency, at_least)
        case g.Predicted():
            yield wording.value(value), _withheld, reading(value, currency)


def _withheld(value: Any) -> None:
    """The form of what is known with an agreement only."""


def _short(value: Any) -> Any:
    """The value, cut where it is long; an `int` stays a moment, numbers are `Decimal`."""
    if type(value) is Decimal:
        return value
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    if isinstance(value, list | tuple):
        return tuple(_short(member) for member in value[:_MOST] if not isinstance(member, dict))
    return value
