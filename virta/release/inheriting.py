"""Templates that a release takes over from the one before, because people under way still come to them."""

from collections.abc import Collection

from msgspec.structs import replace

from consent.contract import Policy
from dsl.graph import Send
from engine.store.releases import Content
from virta.planning.plan import Running


def inheriting(runs: Running, target: Content) -> Content:
    """The content with those templates that it has no more, and that people under way in flows that are no
    more still come to: such a flow goes on to its end as it was."""
    target, old = bare(target), runs.release.content
    flows = {graph.flow for graph in target.program.flows}
    left = [
        runs.graphs[digest]
        for flow, digest, _ in runs.standing
        if flow not in flows and digest in runs.graphs
    ]
    asked = {node.template for graph in left for node in graph.nodes if isinstance(node, Send)}
    names = frozenset(asked - {template.name for template in target.templates})
    kept = frozenset(each.name for each in old.templates) & names
    if not kept:
        return target
    paths = {file.path for file in target.files}
    files = [file for file in old.files if file.path not in paths and (file.partial or file.name in kept)]
    return replace(
        target,
        templates=(*target.templates, *(each for each in old.templates if each.name in kept)),
        files=(*target.files, *files),
        policy=_with(target, old, kept),
        inherited=kept,
    )


def _with(target: Content, old: Content, kept: Collection[str]) -> Policy:
    facts = (each for each in old.policy.templates if each.name in kept)
    return replace(target.policy, templates=(*target.policy.templates, *facts))


def bare(content: Content) -> Content:
    """The content as its folder held it."""
    gone = content.inherited
    if not gone:
        return content
    policy = content.policy
    return replace(
        content,
        templates=tuple(each for each in content.templates if each.name not in gone),
        files=tuple(file for file in content.files if file.partial or file.name not in gone),
        policy=replace(policy, templates=tuple(each for each in policy.templates if each.name not in gone)),
        inherited=frozenset(),
    )
