"""The table of all flows."""

from collections.abc import Sequence
from decimal import Decimal

from starlette.requests import Request
from starlette.responses import Response

from engine.insight.figures import FlowFigures
from web.studio.frame import Studio


def get_overview(request: Request, studio: Studio) -> Response:
    """The figures of every flow: those of `virta simulate`."""
    with studio.sources.records() as records:
        counted = studio.snapshot.of(records)
    flows = studio.sources.names.flows
    rows = sorted(counted.figures.values(), key=lambda row: (flows[row.flow].title or row.flow).casefold())
    return studio.page(
        request,
        "overview",
        rows=rows,
        mails=sum(row.sent for row in rows),
        people=len({entry.contact for entry in counted.mails.values()}),
        total=_total(rows),
        first=counted.first,
        last=counted.last,
    )


def _total(rows: Sequence[FlowFigures]) -> FlowFigures:
    """The sums of all flows; a person may stand in several."""
    total = FlowFigures("")
    for row in rows:
        total.entered += row.entered
        total.not_entered += row.not_entered
        total.sent += row.sent
        total.skipped += row.skipped
        total.unknown += row.unknown
        total.left += row.left
        total.finished += row.finished
        total.held_out += row.held_out
        if row.converted is not None:
            total.converted = (total.converted or 0) + row.converted
        for currency, amount in row.revenue.items():
            total.revenue[currency] = total.revenue.get(currency, Decimal(0)) + amount
    return total
