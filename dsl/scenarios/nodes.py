"""What the parser reads of a scenario: its lines as written, each with its place."""

from dataclasses import dataclass
from typing import TypeAlias

from dsl.finding import Span
from dsl.graph import Duration
from dsl.terms import Expression, Name, Path, TextValue

# ---------------------------------------------------------------- values


@dataclass(frozen=True, slots=True)
class RecordNode:
    """`(sku "a1", quantity 2)`."""

    fields: "tuple[tuple[Name, Offered], ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class ListNode:
    """`[…, …]`."""

    items: "tuple[Offered, ...]"
    span: Span


Offered: TypeAlias = Expression | RecordNode | ListNode
Offer: TypeAlias = tuple[Name, Offered]

# ---------------------------------------------------------------- the head


@dataclass(frozen=True, slots=True)
class FlowLine:
    flow: Name
    span: Span


@dataclass(frozen=True, slots=True)
class AgreedLine:
    topic: Name
    span: Span


@dataclass(frozen=True, slots=True)
class TaggedLine:
    tag: TextValue
    span: Span


@dataclass(frozen=True, slots=True)
class AttributeLine:
    name: Name
    value: Offered
    span: Span


@dataclass(frozen=True, slots=True)
class ContactBlock:
    """Who the scenario is about. `damaged`: a line of it could not be read."""

    lines: tuple[AgreedLine | TaggedLine | AttributeLine, ...]
    damaged: bool
    span: Span


@dataclass(frozen=True, slots=True)
class ChooseLine:
    label: Name
    split: Name
    span: Span


# ---------------------------------------------------------------- what happens


@dataclass(frozen=True, slots=True)
class Happens:
    event: Name
    late: Duration | None
    values: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class OpensMail:
    mail: Name


@dataclass(frozen=True, slots=True)
class ClicksMail:
    mail: Name
    link: TextValue | None


@dataclass(frozen=True, slots=True)
class WithdrawsTopic:
    topic: Name


@dataclass(frozen=True, slots=True)
class SetsAttribute:
    """`value` None: the attribute becomes unknown."""

    path: Path
    value: Offered | None


@dataclass(frozen=True, slots=True)
class StartsFlow:
    flow: Name


ActNode: TypeAlias = Happens | OpensMail | ClicksMail | WithdrawsTopic | SetsAttribute | StartsFlow

# ---------------------------------------------------------------- what is expected


@dataclass(frozen=True, slots=True)
class WordingLine:
    """`part` is subject or text."""

    part: str
    operator: str
    words: TextValue
    span: Span


@dataclass(frozen=True, slots=True)
class SendExpected:
    mail: Name
    wordings: tuple[WordingLine, ...]


@dataclass(frozen=True, slots=True)
class NoSendExpected:
    mail: Name | None


@dataclass(frozen=True, slots=True)
class CountExpected:
    """`mails` is None where the number means nothing."""

    mails: int | None


@dataclass(frozen=True, slots=True)
class SkipExpected:
    mail: Name
    reason: Name


@dataclass(frozen=True, slots=True)
class StepExpected:
    step: Name


@dataclass(frozen=True, slots=True)
class LeftExpected:
    pass


@dataclass(frozen=True, slots=True)
class FinishExpected:
    label: Name | None


@dataclass(frozen=True, slots=True)
class ArmExpected:
    label: Name
    split: Name


@dataclass(frozen=True, slots=True)
class ConditionExpected:
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


@dataclass(frozen=True, slots=True)
class AtMoment:
    """`moment` is YYYY-MM-DDTHH:MM; None where it means nothing."""

    moment: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class AfterTime:
    """`duration` is None where it means nothing."""

    duration: Duration | None
    span: Span


@dataclass(frozen=True, slots=True)
class SceneLine:
    """One act or expectation. `text` is the line as written, without its indentation and comment; `does` is
    None where the line could not be read."""

    when: AtMoment | AfterTime | None
    does: ActNode | ExpectationNode | None
    text: str
    span: Span


ScenarioLine: TypeAlias = FlowLine | ContactBlock | ChooseLine | SceneLine


@dataclass(frozen=True, slots=True)
class ScenarioNode:
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
