"""Whom a release newly reaches: who will get a mail by it that they would not have got."""

from collections.abc import Iterable, Iterator, Mapping

from dsl.align import align
from dsl.graph import END, Graph, Program, Send, StartAt, StartEvery, StartOnEvent, StartOnSegment
from dsl.wording.flows import ways
from engine.core.bundle import replace
from engine.core.conditions import Scene
from engine.core.loaded import Loaded
from engine.insight.records import Records
from engine.store.releases import Backfill
from virta.planning.plan import Standing


def newly_mailed(records: Records, new: Program, graphs: Mapping[str, Graph], standing: Standing) -> set[str]:
    """People under way before whom a mail lies that the version they are in does not have; `standing` says at
    which places there are any. Only those at such places are read."""
    now = {graph.flow: graph for graph in new.flows}
    before = {
        (flow, digest): _before_new_mails(graphs[digest], now[flow])
        for flow, digest in {(flow, digest) for flow, digest, _ in standing}
        if flow in now and digest in graphs
    }
    places = [place for place in standing if place[2] in before.get(place[:2], ())]
    return set(records.at(places)) if places else set()


def called_up(old: Program, new: Program) -> frozenset[str]:
    """The segments whose members new starts by the calendar reach."""
    known = {start for graph in old.flows for start in _planned(graph)}
    return frozenset(start.segment for graph in new.flows for start in _planned(graph) if start not in known)


def members(records: Records, loaded: Loaded, old: Program, names: Iterable[str], now: int) -> Iterator[str]:
    """Who is in one of these segments now (ms UTC), by their definitions in the program that is loaded, as
    far as history is known."""
    wanted = set(names)
    known = {segment.name: segment for segment in old.segments}
    if all(known.get(watched.segment.name) == watched.segment for watched in loaded.segments):
        yield from (contact for contact, belongs in records.members() if wanted.intersection(belongs))
        return
    for bundle in records.bundles():
        if bundle.restricted is not None:  # what is known of them is not to be used
            continue
        bundle = replace(bundle, segments=frozenset())
        for watched in loaded.segments:  # each behind those that it asks for
            if watched.test(Scene(bundle, now, loaded.clock(bundle))):
                bundle = replace(bundle, segments=bundle.segments | {watched.segment.name})
        if wanted & bundle.segments:
            yield bundle.contact


def of_the_past(records: Records, loaded: Loaded, old: Program, asked: Backfill, now: int) -> Iterator[str]:
    """For whom a flow may start for the past, before its own rules have a say."""
    starts = loaded.current[asked.flow].graph.starts
    events = {start.event for start in starts if isinstance(start, StartOnEvent)}
    if events:
        yield from records.doers(events, asked.since)
        return
    joined = [start.segment for start in starts if isinstance(start, StartOnSegment) and start.joining]
    yield from members(records, loaded, old, joined, now)


def _planned(graph: Graph) -> list[StartAt | StartEvery]:
    return [start for start in graph.starts if isinstance(start, StartAt | StartEvery)]


def _before_new_mails(old: Graph, new: Graph) -> frozenset[int]:
    """The steps of the old version whose people will have a new mail before them."""
    placed = align(old, new).placements
    names = {node.step: index for index, node in enumerate(new.nodes)}
    templates = {node.template for node in old.nodes if isinstance(node, Send)}
    fresh = {
        index
        for index, node in enumerate(new.nodes)
        if isinstance(node, Send) and node.template not in templates
    }
    found = set()
    for index, each in enumerate(placed):
        if each.new is None:
            continue
        here = names[each.new]
        ahead = _ahead(new, here) | (set() if not each.removed else {here})
        if fresh & ahead:
            found.add(index)
    return frozenset(found)


def _ahead(graph: Graph, start: int) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        for _, target in ways(graph.nodes[waiting.pop()]):
            if target != END and target not in found:
                found.add(target)
                waiting.append(target)
    return found
