"""Waiting for somebody to save a file of the project."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

_ENDINGS = (".flow", ".html", ".mjml", ".txt", ".toml", ".csv")

Stamps: TypeAlias = Mapping[str, tuple[int, int]]
"""When each file was changed last (ns), and its size, by path."""


def stamps(folder: Path) -> Stamps:
    """The files that scenarios depend on, as they are now; hidden folders are passed over."""
    found: dict[str, tuple[int, int]] = {}
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and name.endswith(_ENDINGS):
                path = os.path.join(place, name)
                try:
                    known = os.stat(path)
                except OSError:  # gone between the two looks
                    continue
                found[path] = (known.st_mtime_ns, known.st_size)
    return found


def next_change(folder: Path, before: Stamps, pause: Callable[[], None]) -> list[str]:
    """Wait, with a `pause` between looks, until files differ from `before`; their paths within the folder. An
    editor that saves several files is waited for: the answer comes when a look finds nothing new."""
    after = stamps(folder)
    while after == before:
        pause()
        after = stamps(folder)
    while True:
        pause()
        settled = stamps(folder)
        if settled == after:
            break
        after = settled
    changed = {path for path in {*before, *after} if before.get(path) != after.get(path)}
    return sorted(os.path.relpath(path, folder) for path in changed)
