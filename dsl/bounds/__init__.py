"""What the compiler knows of flows: how many mails, how much time, and what limits leave of it.

Mails are bounded from above by what the graph allows, whatever conditions say; no bound looks into them. Time
is that of the clock: a day is a day, though it may last 23 or 25 hours; a month is 28 to 31 days, counted to
the side on which a bound may err.
"""

from dsl.bounds.asking import StepNeeds, step_needs, unreached
from dsl.bounds.flow import FlowBounds, Peak, of_flow
from dsl.bounds.together import Together, of_marketing, of_topic
from dsl.bounds.words import sentence

__all__ = [
    "FlowBounds",
    "Peak",
    "StepNeeds",
    "Together",
    "of_flow",
    "of_marketing",
    "of_topic",
    "sentence",
    "step_needs",
    "unreached",
]
