"""What a `wait until` waits for: one line of the grammar, told apart by what stands in it."""

from typing import Literal, TypeAlias, cast

from dsl.found.finding import Finding
from dsl.meaning.scope import Scope
from dsl.meaning.typing_rules import type_of
from dsl.nodes.flows import WaitUntil
from dsl.nodes.terms import Literal as Written
from dsl.nodes.terms import Path

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Awaited: TypeAlias = Literal["time", "weekday", "date", "condition", "other", "unreadable"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def weekday(step: WaitUntil) -> Weekday | None:
    """The day of the week that a step waits for."""
    until = step.until
    if isinstance(until, Path) and len(until.parts) == 1 and until.text in WEEKDAYS:
        return cast(Weekday, until.text)
    return None


def time_of(step: WaitUntil) -> str:
    """HH:MM of a step that waits for a time of day, else nothing."""
    return str(step.until.value) if isinstance(step.until, Written) and step.until.kind == "time" else ""


def awaited(step: WaitUntil, scope: Scope, findings: list[Finding]) -> Awaited:
    """What a step waits for; faults within it go to `findings`."""
    if weekday(step):
        return "weekday"
    if isinstance(step.until, Written) and step.until.kind == "time":
        return "time"
    match type_of(step.until, scope, findings).kind:
        case "condition":
            return "condition"
        case "date" | "moment":
            return "date"
        case "anything":
            return "unreadable"
    return "other"
