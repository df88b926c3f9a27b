"""Checks of meaning, one subject a file: each is a function from a draft to findings."""

from collections.abc import Callable, Iterable

from dsl.checks.actions import check_actions
from dsl.checks.advice import check_advice
from dsl.checks.bounds import check_bounds
from dsl.checks.changes import check_changes
from dsl.checks.conditions import check_conditions
from dsl.checks.coupons import check_coupons
from dsl.checks.cycles import check_cycles
from dsl.checks.heads import check_heads
from dsl.checks.limits import check_limits
from dsl.checks.loops import check_loops
from dsl.checks.moves import check_moves
from dsl.checks.never import check_never
from dsl.checks.newcomers import check_newcomers
from dsl.checks.own_event import check_own_event
from dsl.checks.purposes import check_purposes
from dsl.checks.sales import check_sales
from dsl.checks.schedules import check_schedules
from dsl.checks.segments import check_segments
from dsl.checks.sends import check_sends
from dsl.checks.service import check_service
from dsl.checks.side_by_side import check_side_by_side
from dsl.checks.starts import check_starts
from dsl.checks.steps import check_steps
from dsl.checks.template_links import check_links
from dsl.checks.templates import check_templates
from dsl.checks.topics import check_topics
from dsl.checks.translations import check_translations
from dsl.checks.waits import check_waits
from dsl.checks.webhooks import check_webhooks
from dsl.checks.winners import check_winners
from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.graph import Program

ALL: tuple[Callable[[Draft], Iterable[Finding]], ...] = (
    check_topics,
    check_translations,
    check_sales,
    check_coupons,
    check_webhooks,
    check_limits,
    check_conditions,
    check_segments,
    check_never,
    check_newcomers,
    check_heads,
    check_starts,
    check_own_event,
    check_side_by_side,
    check_schedules,
    check_moves,
    check_cycles,
    check_steps,
    check_waits,
    check_loops,
    check_changes,
    check_actions,
    check_winners,
    check_purposes,
    check_sends,
    check_service,
    check_templates,
    check_links,
    check_advice,
)
"""Every check, in no order that matters."""

OF_PROGRAMS: tuple[Callable[[Draft, Program], Iterable[Finding]], ...] = (check_bounds,)
"""Checks of what a project without errors compiles to. None of them finds an error."""
