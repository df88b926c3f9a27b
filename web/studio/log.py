"""The consent service's log: its newest leaves, and how anybody can check it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from web.studio.frame import Studio
from web.studio.sources import LogLeaf

_LEAVES_AT_ONCE = 100
_LINES = 30
_MOST_LEAVES = 2_000
_SHORTEST_RUN = 3


@dataclass(frozen=True, slots=True)
class Run:
    """Leaves that follow on each other, newest first, shown in one line; a run of several is of one type and
    about nobody."""

    leaves: Sequence[LogLeaf]


def get_log(request: Request, studio: Studio) -> Response:
    """The newest leaves, or those before the position in the address."""
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    page = studio.sources.people.log(before, _LEAVES_AT_ONCE)
    leaves = list(page.leaves)
    while leaves and leaves[-1].seq and len(runs_of(leaves)) < _LINES and len(leaves) < _MOST_LEAVES:
        leaves += studio.sources.people.log(leaves[-1].seq, _LEAVES_AT_ONCE).leaves
    runs = runs_of(leaves)[:_LINES]
    subjects = {run.leaves[0].subject for run in runs if run.leaves[0].subject}
    return studio.page(
        request,
        "log",
        log=page,
        before=before,
        runs=runs,
        oldest=runs[-1].leaves[-1].seq if runs else 0,
        addresses=studio.sources.people.addresses(sorted(subjects)),
    )


def runs_of(leaves: Sequence[LogLeaf]) -> list[Run]:
    """The leaves in lines: three and more of a type that are about nobody are one."""
    found = []
    for (_, nobody), part in groupby(leaves, key=lambda leaf: (leaf.type, not leaf.subject)):
        run = list(part)
        if nobody and len(run) >= _SHORTEST_RUN:
            found.append(Run(run))
        else:
            found += [Run([leaf]) for leaf in run]
    return found
