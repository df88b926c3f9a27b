"""What a new version of the flows changes for the people who are under way in the old one."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct

from dsl.align import Alignment, Change, Comparison, align, compare
from dsl.graph import Graph, Program
from engine.insight.records import open_records
from engine.store.database import StoreFault, exists
from engine.store.releases import Content, Release
from engine.store.server import Place
from virta.release.differences import differences
from virta.release.rewording import Rewording, rewordings
from virta.settings import BrokenProject

Standing = Counter[tuple[str, str, int]]
"""How many journeys stand where: by flow, graph and node."""


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


class BackfillPlan(Struct, frozen=True):
    """A flow that is to start for the past: for so many people, before its own rules have a say."""

    flow: str
    people: int


class Unrecorded(Struct, frozen=True):
    """A flow or segment that looks further back at an event than it is recorded. `length` is how far, as in
    `365 days` (null: at all of the past), `first` the day of the first record (null: there is none)."""

    kind: str
    name: str
    event: str
    length: str | None
    first: str | None


class Plan(Struct, frozen=True):
    """`since` says what the folder was compared with: `store`, `folder`, or `nothing` where nothing has run
    yet; `release` is the number of the release that runs (0: none). `people` are the journeys that will stand
    at another step than now, `reach` the people who will newly get a mail by it; both null where no store was
    asked. `reworded` are topics and purposes whose words to agree to change. `digest` is that of what would
    be done, counts of people aside. `unrecorded` is what new questions to the past cannot know."""

    changed: bool
    since: str
    people: int | None
    flows: tuple[FlowPlan, ...]
    declared: tuple[DeclaredPlan, ...]
    release: int = 0
    reach: int | None = None
    backfills: tuple[BackfillPlan, ...] = ()
    reworded: tuple[Rewording, ...] = ()
    digest: str = ""
    unrecorded: tuple[Unrecorded, ...] = ()


class Running(Struct, frozen=True):
    """What runs: the release, where its people stand, and the graphs they are in."""

    release: Release
    standing: Standing
    graphs: dict[str, Graph]


def running(database: Place) -> Running | None:
    """What runs by the engine's database, which is only read; None: there is none. Raises `BrokenProject`."""
    try:
        if not exists(database):
            return None
        with open_records(database) as records:
            release = records.release()
            if release is not None:
                return Running(release, records.people(), records.graphs())
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    raise BrokenProject(
        f"{database} comes from an earlier version of Virta, which did not write down what ran last. Start "
        "`virta serve` with the flows that run, or compare two folders with `virta plan --against FOLDER`."
    )


def plan(
    old: Content,
    new: Content,
    since: str,
    standing: Standing | None = None,
    graphs: Mapping[str, Graph] | None = None,
    release: int = 0,
) -> Plan:
    """Lay the new version beside the old one. `standing` are the journeys under way, None where nobody was
    asked; `release` is the number of the one that runs."""
    compared = compare(old.program, new.program, _digests(old), _digests(new))
    flows = _flows(compared, old.program, new.program, standing, graphs or {})
    declared = [DeclaredPlan(each.sign, each.kind, each.name, each.changes) for each in compared.declared]
    declared += [
        DeclaredPlan(each.sign, each.kind, each.name, each.changes) for each in differences(old, new)
    ]
    return Plan(
        old.digest != new.digest,
        since,
        None if standing is None else sum(_going(flow) for flow in flows),
        tuple(flows),
        tuple(declared),
        release,
        reworded=tuple(rewordings(old, new)),
        digest=digest_of(release, old.digest, new.digest),
    )


def digest_of(release: int, *parts: str) -> str:
    """By what a plan is known: what runs, what shall run, and what else it holds. Where each step's people
    go follows from that; how many they are may change."""
    return hashlib.sha256(msgspec.json.encode((release, parts))).hexdigest()[:12]


def _digests(content: Content) -> dict[str, str]:
    """The templates that the folder holds, by name."""
    every = content.templates
    return {template.name: template.digest for template in every if template.name not in content.inherited}


def _going(flow: FlowPlan) -> int:
    """How many will stand at another step than now."""
    return sum(step.people or 0 for step in flow.steps if step.how in ("moved", "next", "end")) + sum(
        each.people for each in flow.earlier if each.new != each.step
    )


def _flows(
    compared: Comparison,
    old: Program,
    new: Program,
    standing: Standing | None,
    graphs: Mapping[str, Graph],
) -> list[FlowPlan]:
    was = {graph.flow: graph for graph in old.flows}
    now = {graph.flow: graph for graph in new.flows}
    totals: Counter[str] = Counter()
    for (flow, _, _), count in (standing or {}).items():
        totals[flow] += count

    def people(name: str) -> int | None:
        return None if standing is None else totals[name]

    found = [FlowPlan("+", name, people(name)) for name in compared.added]
    found += [FlowPlan("-", name, people(name)) for name in compared.removed]
    for each in compared.flows:
        before = was[each.flow]
        here = [(place, count) for place, count in (standing or {}).items() if place[0] == each.flow]
        counts: Counter[str] = Counter()
        for (_, graph, node), count in here:
            if graph == before.digest:
                counts[before.nodes[node].step] += count
        found.append(
            FlowPlan(
                "~",
                each.flow,
                people(each.flow),
                each.heads,
                tuple(_steps(each, before, now[each.flow], counts if standing is not None else None)),
                tuple(_earlier(here, before, now[each.flow], graphs)),
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
    here: Iterable[tuple[tuple[str, str, int], int]], old: Graph, new: Graph, graphs: Mapping[str, Graph]
) -> Iterator[Earlier]:
    """Where those will stand who are in a version before the last one, and not in the new one already."""
    counts: Counter[tuple[str, str | None]] = Counter()
    places: dict[str, dict[str, str | None]] = {}
    for (_, digest, node), people in here:
        if digest in (old.digest, new.digest) or digest not in graphs:
            continue
        graph = graphs[digest]
        if digest not in places:
            places[digest] = {one.old: one.new for one in align(graph, new).placements}
        step = graph.nodes[node].step
        counts[step, places[digest][step]] += people
    for (step, target), count in sorted(counts.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        yield Earlier(step, target, count)
