"""The table of all flows."""

from starlette.requests import Request
from starlette.responses import Response

from web.studio.frame import Studio

TABLE = ("entered", "not reachable", "mails", "skipped", "left", "unknown", "finished", "under way")


def get_overview(request: Request, studio: Studio) -> Response:
    """The figures of every flow: those of `virta simulate`."""
    with studio.sources.records() as records:
        counted = studio.snapshot.of(records)
    rows = list(counted.figures.values())
    posted = len(studio.sources.mailbox.posted())
    return studio.page(
        request,
        "overview",
        rows=rows,
        mails=sum(row.sent for row in rows),
        people=len({entry.contact for entry in counted.mails.values()}),
        posted=posted,
        first=counted.first,
        last=counted.last,
    )
