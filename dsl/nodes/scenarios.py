"""What the parser reads of a scenario: its lines as written, each with its place."""

from typing import TypeAlias

from msgspec import Struct

from dsl.found.finding import Span
from dsl.graph import Duration
from dsl.nodes.terms import Expression, Name, Path, TextValue

# ---------------------------------------------------------------- values


class RecordNode(Struct, frozen=True):
    """`(sku "a1", quantity 2)`."""

    fields: "tuple[tuple[Name, Offered], ...]"
    span: Span


class ListNode(Struct, frozen=True):
    """`[…, …]`."""

    items: "tuple[Offered, ...]"
    span: Span


Offered: TypeAlias = Expression | RecordNode | ListNode
Offer: TypeAlias = tuple[Name, Offered]

# ---------------------------------------------------------------- the head


class FlowLine(Struct, frozen=True):
    flow: Name
    span: Span


class AgreedLine(Struct, frozen=True):
    topic: Name
    span: Span


class TaggedLine(Struct, frozen=True):
    tag: TextValue
    span: Span


class AttributeLine(Struct, frozen=True):
    name: Name
    value: Offered
    span: Span


class ContactBlock(Struct, frozen=True):
    """Who the scenario is about. `damaged`: a line of it could not be read."""

    lines: tuple[AgreedLine | TaggedLine | AttributeLine, ...]
    damaged: bool
    span: Span


class ChooseLine(Struct, frozen=True):
    label: Name
    split: Name
    span: Span


# ---------------------------------------------------------------- what happens


class Happens(Struct, frozen=True):
    event: Name
    late: Duration | None
    values: tuple[Offer, ...]


class OpensMail(Struct, frozen=True):
    mail: Name


class ClicksMail(Struct, frozen=True):
    mail: Name
    link: TextValue | None


class WithdrawsTopic(Struct, frozen=True):
    topic: Name


class SetsAttribute(Struct, frozen=True):
    """`value` None: the attribute becomes unknown."""

    path: Path
    value: Offered | None


class StartsFlow(Struct, frozen=True):
    flow: Name


ActNode: TypeAlias = Happens | OpensMail | ClicksMail | WithdrawsTopic | SetsAttribute | StartsFlow

# ---------------------------------------------------------------- what is expected


class WordingLine(Struct, frozen=True):
    """`part` is subject or text."""

    part: str
    operator: str
    words: TextValue
    span: Span


class SendExpected(Struct, frozen=True):
    mail: Name
    wordings: tuple[WordingLine, ...]


class NoSendExpected(Struct, frozen=True):
    mail: Name | None


class CountExpected(Struct, frozen=True):
    """`mails` is None where the number means nothing."""

    mails: int | None


class SkipExpected(Struct, frozen=True):
    mail: Name
    reason: Name


class StepExpected(Struct, frozen=True):
    step: Name


class LeftExpected(Struct, frozen=True):
    pass


class FinishExpected(Struct, frozen=True):
    label: Name | None


class ArmExpected(Struct, frozen=True):
    label: Name
    split: Name


class ConditionExpected(Struct, frozen=True):
    test: Expression


ExpectationNode: TypeAlias = (
    SendExpected
    | NoSendExpected
    | CountExpected
    | SkipExpected
    | StepExpected
    | LeftExpected
    | FinishExpected
    | ArmExpected
    | ConditionExpected
)

# ---------------------------------------------------------------- the whole


class AtMoment(Struct, frozen=True):
    """`moment` is YYYY-MM-DDTHH:MM; None where it means nothing."""

    moment: str | None
    span: Span


class AfterTime(Struct, frozen=True):
    """`duration` is None where it means nothing."""

    duration: Duration | None
    span: Span


class SceneLine(Struct, frozen=True):
    """One act or expectation. `text` is the line as written, without its indentation and comment; `does` is
    None where the line could not be read."""

    when: AtMoment | AfterTime | None
    does: ActNode | ExpectationNode | None
    text: str
    span: Span


ScenarioLine: TypeAlias = FlowLine | ContactBlock | ChooseLine | SceneLine


class ScenarioNode(Struct, frozen=True):
    """`lines` are the header lines and the others in written order."""

    title: TextValue | None
    lines: tuple[ScenarioLine, ...]
    span: Span

    @property
    def flows(self) -> tuple[FlowLine, ...]:
        return tuple(line for line in self.lines if isinstance(line, FlowLine))

    @property
    def contacts(self) -> tuple[ContactBlock, ...]:
        return tuple(line for line in self.lines if isinstance(line, ContactBlock))

    @property
    def choices(self) -> tuple[ChooseLine, ...]:
        return tuple(line for line in self.lines if isinstance(line, ChooseLine))

    @property
    def scenes(self) -> tuple[SceneLine, ...]:
        return tuple(line for line in self.lines if isinstance(line, SceneLine))

    @property
    def damaged(self) -> bool:
        """Whether a line at the scenario's own level could not be read."""
        return any(scene.does is None for scene in self.scenes)
