"""What a new version of the flows changes for the people who are under way in the old one."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from dsl.align import Alignment, Change, Comparison, align, compare
from dsl.graph import Graph, Program
from engine.core.bundle import Journey
from engine.insight.records import open_records
from engine.store.current import Current
from engine.store.database import StoreFault
from virta.settings import BrokenProject

_NOTHING = Program((), (), (), (), ())


class StepPlan(Struct, frozen=True):
    """One step. `sign` is `+` for a new one, `-` for one that is no more, `~` for one that says something
    else and blank for one that stays. `old` is its name before and `new` that of the step where its people
    will stand (null: at the end of the flow); `how` that was found: `moved`, `name`, `content`, or, for a
    step that is no more, `next` on the way, or `end`. `says` is what it says, as before unless it is new.
    `people` is how many stand there now, null where no store was asked."""

    sign: str
    old: str | None
    new: str | None
    how: str
    says: str
    changes: tuple[Change, ...]
    people: int | None


class Earlier(Struct, frozen=True):
    """People who stand at a step of a version before the last one, and where they will."""

    step: str
    new: str | None
    people: int


class FlowPlan(Struct, frozen=True):
    """One flow that is new (`+`), no more (`-`) or different (`~`). `people` are under way in it now. `head`
    is what its header lines say otherwise. `reordered` are steps that stand before or behind others otherwise
    than they did, `rerouted` those from which a way leads elsewhere."""

    sign: str
    flow: str
    people: int | None
    head: tuple[Change, ...] = ()
    steps: tuple[StepPlan, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    reordered: tuple[str, ...] = ()
    rerouted: tuple[str, ...] = ()


class DeclaredPlan(Struct, frozen=True):
    """A declaration beside flows, or a template, that is new, no more or different."""

    sign: str
    kind: str
    name: str
    changes: tuple[Change, ...]


class Plan(Struct, frozen=True):
    """`since` says what the folder was compared with: `store`, `folder`, or `nothing` where nothing has run
    yet. `people` are the journeys that will stand at another step than now, null where no store was asked."""

    changed: bool
    since: str
    people: int | None
    flows: tuple[FlowPlan, ...]
    declared: tuple[DeclaredPlan, ...]


class Running(Struct, frozen=True):
    """What runs: the program that was loaded last, the journeys under way, and the graphs they are in."""

    current: Current
    journeys: tuple[Journey, ...]
    graphs: dict[str, Graph]


def running(database: Path) -> Running | None:
    """What runs by the engine's database, which is only read; None: there is none. Raises `BrokenProject`."""
    if not database.is_file():
        return None
    try:
        with open_records(database) as records:
            current = records.current()
            if current is not None:
                return Running(current, tuple(records.journeys()), records.graphs())
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    raise BrokenProject(
        f"{database} comes from an earlier version of Virta, which did not write down what ran last. Start "
        "`virta serve` with the flows that run, or compare two folders with `virta plan --against FOLDER`."
    )


def nothing_yet() -> Current:
    """What runs where nothing has."""
    return Current(_NOTHING, {})


def plan(
    old: Current,
    new: Program,
    templates: Mapping[str, str],
    since: str,
    journeys: Iterable[Journey] | None = None,
    graphs: Mapping[str, Graph] | None = None,
) -> Plan:
    """Lay the new version beside the old one. `templates` are digests by name; `journeys` are those under
    way, None where nobody was asked."""
    compared = compare(old.program, new, old.templates, templates)
    standing: dict[str, list[Journey]] = {}
    for journey in journeys or ():
        standing.setdefault(journey.flow, []).append(journey)
    asked = journeys is not None
    flows = _flows(compared, old.program, new, standing, graphs or {}, asked)
    return Plan(
        compared.changed,
        since,
        sum(_going(flow) for flow in flows) if asked else None,
        tuple(flows),
        tuple(DeclaredPlan(each.sign, each.kind, each.name, each.changes) for each in compared.declared),
    )


def _going(flow: FlowPlan) -> int:
    """How many will stand at another step than now."""
    return sum(step.people or 0 for step in flow.steps if step.how in ("moved", "next", "end")) + sum(
        each.people for each in flow.earlier if each.new != each.step
    )


def _flows(
    compared: Comparison,
    old: Program,
    new: Program,
    standing: Mapping[str, list[Journey]],
    graphs: Mapping[str, Graph],
    asked: bool,
) -> list[FlowPlan]:
    was = {graph.flow: graph for graph in old.flows}
    now = {graph.flow: graph for graph in new.flows}

    def people(name: str) -> int | None:
        return len(standing.get(name, ())) if asked else None

    found = [FlowPlan("+", name, people(name)) for name in compared.added]
    found += [FlowPlan("-", name, people(name)) for name in compared.removed]
    for each in compared.flows:
        here, before = standing.get(each.flow, []), was[each.flow]
        counts = Counter(
            before.nodes[journey.node].step for journey in here if journey.graph == before.digest
        )
        found.append(
            FlowPlan(
                "~",
                each.flow,
                people(each.flow),
                each.heads,
                tuple(_steps(each, before, now[each.flow], counts if asked else None)),
                _earlier(here, before, now[each.flow], graphs),
                each.reordered,
                each.rerouted,
            )
        )
    return sorted(found, key=lambda each: each.flow)


def _steps(each: Alignment, old: Graph, new: Graph, counts: Counter[str] | None) -> list[StepPlan]:
    """Every step, in the order of the new version; those that are no more behind what they stood behind."""
    rows: dict[str, StepPlan] = {}
    behind: dict[str | None, list[StepPlan]] = {}
    last: str | None = None
    for one in each.placements:
        people = None if counts is None else counts[one.old]
        sign = "-" if one.removed else "~" if one.changes or one.how == "moved" else " "
        row = StepPlan(sign, one.old, one.new, one.how, one.says, one.changes, people)
        if one.removed:
            behind.setdefault(last, []).append(row)
        else:
            assert one.new is not None
            rows[one.new], last = row, one.new
    for added in each.added:
        rows[added.new] = StepPlan("+", None, added.new, "", added.says, (), None)
    ordered = list(behind.get(None, []))
    for node in new.nodes:
        ordered += [rows[node.step], *behind.get(node.step, [])]
    return ordered


def _earlier(
    journeys: Iterable[Journey], old: Graph, new: Graph, graphs: Mapping[str, Graph]
) -> tuple[Earlier, ...]:
    """Where those will stand who are in a version before the last one, and not in the new one already."""
    counts: Counter[tuple[str, str | None]] = Counter()
    places: dict[str, dict[str, str | None]] = {}
    for journey in journeys:
        if journey.graph in (old.digest, new.digest) or journey.graph not in graphs:
            continue
        graph = graphs[journey.graph]
        if journey.graph not in places:
            places[journey.graph] = {one.old: one.new for one in align(graph, new).placements}
        step = graph.nodes[journey.node].step
        counts[step, places[journey.graph][step]] += 1
    return tuple(
        Earlier(step, target, people)
        for (step, target), people in sorted(counts.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    )
