"""What a simulation gives: the table of the flows, for people and for programs."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table

from engine.insight.figures import FlowFigures
from engine.insight.holdout import Comparison
from engine.insight.words import reason_label

_WIDE = 120  # columns, where no terminal says how many there are


class FlowRow(Struct, frozen=True):
    """One line of the table. `goal` is None where the flow names none; `revenue` is by currency. `holdout`
    has both sides of one, where anybody was held out of a flow with a goal."""

    flow: str
    entered: int
    not_reachable: int
    mails: int
    skipped: dict[str, int]
    unknown: int
    left: dict[str, int]
    finished: int
    under_way: int
    goal: int | None
    revenue: dict[str, Decimal]
    holdout: Comparison | None = None


class Report(Struct, frozen=True):
    """What a simulation gives. `people` are all who do something in the acts; `undone` counts, by kind, the
    acts for which there was no mail; `mails` are those that the mail server took, `proof_mails` and what
    flows told the team (`team_mails`) among them; `seconds` is the time it took on the machine."""

    people: int
    signed_up: int
    acts: int
    undone: dict[str, int]
    mails: int
    proof_mails: int
    team_mails: int
    seconds: float
    flows: tuple[FlowRow, ...]


def row_of(row: FlowFigures) -> FlowRow:
    """The figures of one flow as a line of the table."""
    others = {reason: count for reason, count in row.skipped.items() if count}
    return FlowRow(
        row.flow,
        row.entered,
        row.not_reachable,
        row.sent,
        others,
        row.unknown,
        dict(row.left),
        row.finished,
        row.waiting,
        row.converted,
        row.revenue,
        row.compared,
    )


_COLUMNS: tuple[tuple[str, Callable[[FlowRow], int]], ...] = (
    ("entered", lambda row: row.entered),
    ("not\nreachable", lambda row: row.not_reachable),
    ("mails", lambda row: row.mails),
    ("skipped", lambda row: sum(row.skipped.values())),
    ("unknown", lambda row: row.unknown),
    ("left", lambda row: sum(row.left.values())),
    ("finished", lambda row: row.finished),
    ("under\nway", lambda row: row.under_way),
    ("goal", lambda row: row.goal or 0),
)


def show(report: Report) -> None:
    """The report for people: the figures, then why mails were skipped and why people left."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    console.print(_figures(report.flows))
    for heading, reasons in (("skipped", _skipped), ("left", _left)):
        if any(reasons(row) for row in report.flows):
            console.print(_why(heading, report.flows, reasons))
    for row in report.flows:
        if row.holdout is not None:
            console.print(_compared(row.flow, row.holdout), soft_wrap=True)
    console.print(
        f"{_counted(report.people, 'person', 'people')}, of whom {report.signed_up:,} signed up; "
        f"{_counted(report.acts, 'act', 'acts')}; "
        f"{_counted(report.mails, 'mail', 'mails')}: {_mails(report)}; "
        f"{report.seconds:.1f} s, {report.mails / report.seconds:,.0f} mails/s.",
        soft_wrap=True,
    )
    if report.undone:
        undone = ", ".join(f"{count:,} {kind}" for kind, count in report.undone.items())
        console.print(
            f"Asked for and not done: {undone}. Nobody had got a mail by then that could be opened, clicked, "
            "returned or answered so.",
            soft_wrap=True,
        )


def _figures(flows: tuple[FlowRow, ...]) -> Table:
    table = Table(box=box.SIMPLE, header_style="bold", padding=(0, 1, 0, 0), show_footer=len(flows) > 1)
    table.add_column("flow", "in all", no_wrap=True)
    for name, of in _COLUMNS:
        table.add_column(name, f"{sum(map(of, flows)):,}", justify="right", no_wrap=True)
    table.add_column("revenue", _money(_added(flows)), justify="right", no_wrap=True)
    for row in flows:
        counts = ["–" if name == "goal" and row.goal is None else f"{of(row):,}" for name, of in _COLUMNS]
        table.add_row(row.flow, *counts, _money(row.revenue))
    return table


def _why(heading: str, flows: tuple[FlowRow, ...], reasons: Callable[[FlowRow], dict[str, int]]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 1))
    table.add_column(heading, no_wrap=True)
    table.add_column("why", overflow="fold")
    for row in flows:
        counts = reasons(row)
        if counts:
            table.add_row(row.flow, ", ".join(_told(counts)))
    table.add_row()
    return table


def _compared(flow: str, both: Comparison) -> str:
    """Both sides of a holdout in a sentence."""
    treated = _share(both.treated_reached, both.treated)
    return f"{flow}: {treated} reached the goal after entering; of those held out, " + _share(
        both.held_out_reached, both.held_out
    )


def _share(some: int, of: int) -> str:
    share = f" ({some / of:.1%})" if of else ""
    return f"{some:,} of {_counted(of, 'person', 'people')}{share}"


def _skipped(row: FlowRow) -> dict[str, int]:
    return row.skipped


def _left(row: FlowRow) -> dict[str, int]:
    return row.left


def _told(counts: dict[str, int]) -> Iterator[str]:
    """The most frequent reason first."""
    for reason, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        yield f"{count:,} {reason_label(reason)}"


def _added(flows: tuple[FlowRow, ...]) -> dict[str, Decimal]:
    added: dict[str, Decimal] = {}
    for row in flows:
        for currency, amount in row.revenue.items():
            added[currency] = added.get(currency, Decimal(0)) + amount
    return added


def _money(revenue: dict[str, Decimal]) -> str:
    return "\n".join(f"{amount:,} {currency}" for currency, amount in sorted(revenue.items())) or "–"


def _mails(report: Report) -> str:
    flows = report.mails - report.proof_mails - report.team_mails
    parts = [f"{flows:,} of flows", f"{report.proof_mails:,} to confirm"]
    return ", ".join([*parts, f"{report.team_mails:,} to the team"] if report.team_mails else parts)


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
