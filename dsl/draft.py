"""A project as it was read: what the checks look at and what the graph is made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from dsl.graph import Sale
from dsl.meaning.names import CONTACT_ALWAYS, Names
from dsl.meaning.scope import Scope, ValueType, value_type
from dsl.meaning.walk import Standing, conditions_of, flow_scope, standings
from dsl.nodes.flows import Declaration, Flow, Segment, Topic, WaitFor
from dsl.nodes.heads import GoalLine, LeaveOn, LeaveWhen, StartOnEvent
from dsl.nodes.scenarios import ScenarioNode
from dsl.nodes.schema import Coupon, Limits, Webhook
from dsl.nodes.terms import Expression, within
from dsl.read.sold import read_sales, read_similar
from dsl.read.spoken import SETTINGS
from dsl.templates.facts import Readings
from dsl.templates.files import Templates


@dataclass(frozen=True)
class Draft:
    """`names` is the symbol table; of things declared twice the first counts. `today` is the date in the
    project's time zone; `team`, `purposes`, `lists` and `words` as in the project."""

    declarations: tuple[Declaration, ...]
    names: Names
    templates: Templates
    languages: tuple[str, ...]
    currency: str
    today: date
    team: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    lists: Mapping[str, bytes] = field(default_factory=dict)
    words: Mapping[str, bytes] | None = None

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """All flows, also those whose name could not be read."""
        return tuple(each for each in self.declarations if isinstance(each, Flow))

    @cached_property
    def topics(self) -> tuple[Topic, ...]:
        """All topics."""
        return tuple(each for each in self.declarations if isinstance(each, Topic))

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """All segments."""
        return tuple(each for each in self.declarations if isinstance(each, Segment))

    @cached_property
    def coupons(self) -> tuple[Coupon, ...]:
        """All coupons."""
        return tuple(each for each in self.declarations if isinstance(each, Coupon))

    @cached_property
    def webhooks(self) -> tuple[Webhook, ...]:
        """All webhooks."""
        return tuple(each for each in self.declarations if isinstance(each, Webhook))

    @cached_property
    def conditions(self) -> tuple[tuple[Expression, tuple[Expression, ...]], ...]:
        """All whole conditions of segments and flows, and those behind the `where` of a line, each with all
        that is in it: itself first."""
        return tuple((whole, tuple(within(whole))) for whole in self._conditions())

    def _conditions(self) -> Iterator[Expression]:
        for segment in self.segments:
            yield segment.test
        for flow in self.flows:
            for head in flow.heads:
                if isinstance(head, LeaveWhen):
                    yield head.test
                elif isinstance(head, StartOnEvent | LeaveOn | GoalLine) and head.where is not None:
                    yield head.where
            for step in flow.all_steps:
                yield from conditions_of(step)
                if isinstance(step, WaitFor):
                    yield from (each.where for each in step.heard if each.where is not None)

    @cached_property
    def scenarios(self) -> tuple[ScenarioNode, ...]:
        """All scenarios."""
        return tuple(each for each in self.declarations if isinstance(each, ScenarioNode))

    @cached_property
    def sales(self) -> tuple[Sale, ...]:
        """The events that are sales, as the settings say."""
        return read_sales((self.words or {}).get(SETTINGS, b""))

    @cached_property
    def similar(self) -> Mapping[str, str]:
        """The topics that rest on sales, each with the category of its goods."""
        return read_similar((self.words or {}).get(SETTINGS, b""))

    @cached_property
    def limits(self) -> tuple[Limits, ...]:
        """All limits; more than one block of them is a fault."""
        return tuple(each for each in self.declarations if isinstance(each, Limits))

    @cached_property
    def readings(self) -> Readings:
        """The templates as they are rendered, each read once."""
        return Readings(self.templates)

    @cached_property
    def contact_type(self) -> ValueType:
        """A contact as templates see it: a record of all attributes."""
        known = {**self.names.attributes, **CONTACT_ALWAYS}
        return ValueType("record", fields=tuple((name, value_type(each)) for name, each in known.items()))

    def outside(self) -> Scope:
        """What is known outside of any journey."""
        return Scope(
            self.names,
            self.currency,
            no_trigger="There is no journey here, so there is no `trigger`.\n"
            "Write `contact.NAME` or `last EVENT.FIELD`.",
        )

    def inside(self, flow: Flow) -> Scope:
        """What is known everywhere in a flow's journeys."""
        found = self._scopes.get(id(flow))
        if found is None:
            found = self._scopes[id(flow)] = flow_scope(flow, self.names, self.currency)
        return found

    def standings(self, flow: Flow) -> tuple[Standing, ...]:
        """A flow's steps in written order, each with its name and scope."""
        found = self._standings.get(id(flow))
        if found is None:
            found = self._standings[id(flow)] = tuple(standings(flow, self.names, self.currency))
        return found

    @cached_property
    def _scopes(self) -> dict[int, Scope]:
        return {}

    @cached_property
    def _standings(self) -> dict[int, tuple[Standing, ...]]:
        return {}
