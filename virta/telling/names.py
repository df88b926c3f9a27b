"""The names that a project gives to things, for telling people's stories."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from dsl.graph import Graph
from engine.core.mailkey import mail_key
from engine.insight.story import Names
from virta.keys import read_keys_apart
from virta.project.folder import load_project


def names_of(folder: Path, graphs: Mapping[str, Graph]) -> Names:
    """The names in the project in `folder`; while its texts have errors those of the graphs that ran. Raises
    `BrokenProject` where settings or keys are faulty."""
    settings, compiled = load_project(folder)
    key = partial(mail_key, read_keys_apart(settings, folder).journey)
    if compiled.program is not None:
        return Names.of(compiled.program, key)
    return Names({graph.flow: graph for graph in graphs.values()}, {}, {}, key)
