"""The studio opened over a project's folder, and what is read on a page of it."""

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from engine.run.inbox import Inbox
from engine.store.store import Store
from virta.keys import read_keys
from virta.project.folder import load_sound_project
from virta.telling.studio import open_studio
from virta.wiring import wall_clock
from web.headers import SecurityHeaders


def opened(folder: Path) -> Iterator[TestClient]:
    """A browser on this machine, whose paths begin at the studio."""
    settings, compiled = load_sound_project(folder)
    keys = read_keys(settings, folder)
    assert compiled.program is not None
    with ExitStack() as stack:
        store = stack.enter_context(closing(Store(None, durable=False)))
        inbox = Inbox(store, compiled.program, wall_clock, lambda: None)
        opened_ = open_studio(folder, settings, compiled, keys, wall_clock, inbox)
        pages = stack.enter_context(opened_)
        app = SecurityHeaders(Starlette(routes=[Mount("/studio", pages)]))
        with TestClient(app, base_url="http://127.0.0.1:8025/studio", client=("127.0.0.1", 40000)) as client:
            yield client


def words(page: str) -> str:
    """What is read on a page, blanks evened out."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())
