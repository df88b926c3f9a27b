"""What all pages of the studio share: templates, words for moments, the stylesheet."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from engine.core.calendar import NEVER
from engine.delivery.orders import in_force
from engine.insight.held_back import sentences
from engine.insight.words import LEAF_NAMES, STATES, reason_label, reason_words
from engine.store.database import StoreFault
from web.api.inbox import Inbox
from web.studio.guard import PAGE_POLICY
from web.studio.snapshot import Snapshot
from web.studio.sources import Sources

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Studio:
    """What every page is made from."""

    sources: Sources
    snapshot: Snapshot
    clock: ZoneInfo
    inbox: Inbox

    @classmethod
    def of(cls, sources: Sources, inbox: Inbox) -> "Studio":
        """The studio of a project."""
        clock = ZoneInfo(sources.time_zone)
        return cls(sources, Snapshot(sources.names, clock), clock, inbox)

    def page(self, request: Request, name: str, status: int = 200, **values: object) -> Response:
        """The page `name`, as HTML."""
        held, aside = self._held()
        frame = {
            "title": self.sources.title,
            "here": name,
            "path": request.url.path,
            "stylesheet": f"/studio/style.{stylesheet()[0]}.css",
            "clock": self.clock,
            "names": self.sources.names,
            "held": held,
            "aside": aside,
        }
        text = _templates().get_template(f"{name}.html").render(frame | values)
        return Response(text, status, {"Content-Security-Policy": PAGE_POLICY}, "text/html")

    def _held(self) -> tuple[list[str], int]:
        """What the operator holds back now, in sentences; and how many people are set aside."""
        try:
            with self.sources.records() as records:
                held = sentences(in_force(records.instructions()), self.clock)
                return held, len(records.set_aside())
        except StoreFault:  # the page says itself what it cannot show
            return [], 0

    def day(self, at: int) -> date:
        """The day of a moment on the project's clock."""
        return _local(at, self.clock).date()

    def missing(self, request: Request, what: str) -> Response:
        """404, in words."""
        return self.page(request, "missing", 404, what=what)


@cache
def stylesheet() -> tuple[str, bytes]:
    """A digest and the bytes of the one stylesheet: that of all pages, the studio's own, the drawing's."""
    parts = [
        files("web.ui").joinpath("style.css").read_bytes(),
        (FOLDER / "studio.css").read_bytes(),
        files("dsl.draw").joinpath("svg.css").read_bytes(),
    ]
    content = b"\n".join(parts)
    return sha256(content).hexdigest()[:16], content


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "count": lambda number: f"{number:,}",
        "reason": reason_label,
        "spaced": lambda name: name.replace("_", " "),
        "leaf": lambda type_: LEAF_NAMES.get(type_, type_),
        "month": lambda at, clock: _local(at, clock).strftime("%B %Y"),
        "because": reason_words,
        "coded": _coded,
        "state": lambda state: STATES.get(state, state),
        "day": _day,
        "hour": lambda at, clock: _local(at, clock).strftime("%H:%M"),
        "moment": lambda at, clock: f"{_day(at, clock)}, {_local(at, clock):%H:%M}",
        "short": lambda at, clock: f"{_local(at, clock).day} {_local(at, clock):%b %Y, %H:%M}",
        "machine": lambda at, clock: _local(at, clock).isoformat(timespec="seconds"),
    }
    environment.globals["NEVER"] = NEVER
    return environment


def _coded(text: str) -> Markup:
    """Words between backticks as code."""
    parts = (escape(part) for part in text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else part for number, part in enumerate(parts)
    )


def _local(at: int, clock: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at // 1000, clock)


def _day(at: int, clock: ZoneInfo) -> str:
    local = _local(at, clock)
    return f"{local:%A}, {local.day} {local:%B} {local.year}"
