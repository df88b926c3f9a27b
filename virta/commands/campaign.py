"""`virta cancel` and `virta throttle`: what a campaign does while it sends."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from dsl.graph import Graph, StartAt, StartEvery
from engine.core import schedule
from engine.delivery.orders import Cancel, Throttle
from engine.insight.records import open_records
from engine.store.database import StoreFault
from engine.store.server import Place
from virta.database_url import engine_place
from virta.operating.ordering import give, look, now
from virta.operating.telling import Output, tell
from virta.settings import BrokenProject, read_settings

_EARLIEST = ZoneInfo("Etc/GMT-14")
"""Nowhere does a day begin sooner."""

_DAYS_BACK = 400 * 86_400_000

_Folder = Annotated[Path, Parameter(help="The project's folder.")]
_Format = Annotated[Output, Parameter(name="--format", help="How to print.")]


def cancel(
    flow: Annotated[str, Parameter(help="The flow.")],
    folder: _Folder = Path(),
    *,
    mailed: Annotated[
        Literal["go-on", "end"], Parameter(help="What people do who have been mailed: go on, or end too.")
    ] = "go-on",
    issue: Annotated[
        date | None, Parameter(help="Only those who began on this day, on the flow's clock.")
    ] = None,
    output: _Format = "text",
) -> int:
    """End the journeys of a flow in which nothing has been mailed yet, and let nobody enter any more by the
    start by the calendar that has come last. Later starts come as they would."""
    settings = read_settings(folder.resolve())
    store = engine_place(folder, settings)
    waiting = look(store, flow).of(flow)
    through = issue.isoformat() if issue is not None else _last_start(store, flow)
    day = issue.isoformat() if issue is not None else ""
    given = give(store, Cancel(flow, "end" if mailed == "end" else "go on", day, through))
    lines = [
        f"Cancelled: of {waiting.people:,} journeys under way in {flow} "
        + ("all end." if mailed == "end" else "those end in which nothing has been mailed; the others go on.")
    ]
    if through:
        lines.append(
            f"Nobody enters any more by its start of {through}, whatever their clock; later ones come."
        )
    return tell(given, waiting, output, lines)


def throttle(
    flow: Annotated[str, Parameter(help="The flow.")],
    per_hour: Annotated[str, Parameter(help="How many mails an hour, as in 500; `off`: as many as can.")],
    folder: _Folder = Path(),
    *,
    output: _Format = "text",
) -> int:
    """Let so many marketing mails of a flow leave in an hour, evenly, until it is told otherwise. A mail that
    waits for its turn is not late by that."""
    settings = read_settings(folder.resolve())
    store = engine_place(folder, settings)
    number = _number(per_hour)
    waiting = look(store, flow).of(flow)
    says = f"{flow} sends at most {number:g} mails an hour" if number else f"{flow} sends as fast as it can"
    mails = "1 mail waits" if waiting.marketing == 1 else f"{waiting.marketing:,} mails wait"
    return tell(give(store, Throttle(flow, number)), waiting, output, [f"{says}. {mails}."])


def _number(text: str) -> float:
    if text == "off":
        return 0.0
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 1e9:
        raise BrokenProject(f"`{text}` is no number of mails an hour; write one as in 500, or `off`.")
    return number


def _last_start(store: Place, flow: str) -> str:
    """The day of the start by the calendar that has come last anywhere, or, if none has, that comes first;
    empty: the flow has none."""
    try:
        with open_records(store) as records:
            graphs = [graph for graph in records.graphs().values() if graph.flow == flow]
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    return max((_last_of(graph) for graph in graphs), default="")


def _last_of(graph: Graph) -> str:
    last, present = "", now()
    for start in graph.starts:
        if isinstance(start, StartEvery | StartAt):
            for name, at in schedule.occasions(start, present - _DAYS_BACK, _EARLIEST):
                if at <= present or isinstance(start, StartAt):
                    last = max(last, name)
                else:
                    break
    return last
