"""One customer of the coffee shop walking through its flows on a virtual clock: the real engine, with a mail
server that takes every mail at once and a consent service that does what flows ask of it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kafija import loaded

from dsl.graph import Split
from engine.core import choice
from engine.core.advance import advance
from engine.core.bundle import (
    Advanced,
    Agreed,
    Bundle,
    CodeBody,
    Effect,
    Fired,
    Happened,
    Learned,
    MailBody,
    MailEnded,
    Stimulus,
    TellBody,
    WithdrawBody,
)

RIGA = ZoneInfo("Europe/Riga")


class Customer:
    """Begins on Monday, 2 March 2026, at ten in Riga, having agreed to `topics`."""

    def __init__(self, *topics: str, contact: str = "a" * 32, at: str = "2026-03-02 10:00") -> None:
        self.now = _instant(at)
        self.bundle = Bundle(contact)
        self.mails: list[MailBody] = []
        self.told: list[str] = []
        self.codes: list[tuple[str, str]] = []
        self.withdrawn: list[str] = []
        self.ends: list[tuple[str, str, str]] = []  # flow, left or finished, reason or label
        self.skipped: list[tuple[str, str]] = []  # template, reason
        self._count = 0
        for topic in topics:
            self.agrees(topic)

    # what happens

    def agrees(self, topic: str) -> "Customer":
        """Confirms a topic, as the consent service tells it; the flows hear of it as `subscribed`."""
        self._take(Agreed(topic, True, "en", "example.com"))
        return self

    def withdraws(self, topic: str) -> "Customer":
        self._take(Agreed(topic, False))
        return self

    def is_known_by(self, **attributes: Any) -> "Customer":
        self._take(Learned(attributes))
        return self

    def does(self, event: str, **data: Any) -> "Customer":
        self._take(Happened(event, data))
        return self

    def waits(self, **span: float) -> "Customer":
        """`days=…`, `hours=…`, `minutes=…` of the wall clock in Riga go by."""
        wall = datetime.fromtimestamp(self.now / 1000, RIGA)
        return self._until(round((wall + timedelta(**span)).timestamp() * 1000))

    def until(self, moment: str) -> "Customer":
        """Time goes on to a moment in Riga."""
        return self._until(_instant(moment))

    # what came of it

    @property
    def templates(self) -> list[str]:
        """All mails so far, by the names of their templates."""
        return [mail.template for mail in self.mails]

    def timetable(self, flow: str) -> list[tuple[str, str]]:
        """The mails of a flow with their moments in Riga."""
        return [(mail.template, _shown(mail.at)) for mail in self.mails if mail.flow == flow]

    def is_in(self, flow: str) -> bool:
        return any(journey.flow == flow for journey in self.bundle.journeys)

    def end_of(self, flow: str) -> tuple[str, str]:
        """How the newest finished journey of a flow ended."""
        return next((what, why) for name, what, why in reversed(self.ends) if name == flow)

    @property
    def tags(self) -> list[str]:
        return list(self.bundle.attributes.get("tags", ()))

    def _until(self, moment: int) -> "Customer":
        while (due := min([self.bundle.watch, *(each.due for each in self.bundle.journeys)])) <= moment:
            self.now = max(self.now, due)
            if self.bundle.watch == due:
                self._take(Fired("", 0))
            else:
                together = [each for each in self.bundle.journeys if each.due == due]
                for journey in together:
                    self._take(Fired(journey.id, journey.epoch), more=journey is not together[-1])
        self.now = max(self.now, moment)
        return self

    def _take(self, data: Any, more: bool = False) -> None:
        self._count += 1
        stimulus = Stimulus(f"stimulus-{self._count}", self.bundle.contact, self.now, data)
        self._keep(advance(loaded(), self.bundle, stimulus, self.now, more))

    def _keep(self, advanced: Advanced) -> None:
        self.bundle = advanced.bundle
        for entry in advanced.entries:
            if entry.what in ("left", "finished"):
                self.ends.append((entry.flow, entry.what, entry.reason))
            elif entry.what == "skipped":
                self.skipped.append((entry.step, entry.reason))
        for effect in advanced.effects:
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect.body:
            case MailBody() as body:
                if not body.service and body.topic not in self.bundle.agreed:
                    self._ended(effect, body, "no_consent")
                    return
                self.mails.append(body)
                if body.report:
                    self._ended(effect, body)
            case TellBody(text=text):
                self.told.append(text)
            case CodeBody(coupon=coupon, code=code):
                self.codes.append((coupon, code))
            case WithdrawBody(topic=topic):
                self.withdrawn.append(topic)
                self.withdraws(topic)

    def _ended(self, effect: Effect, body: MailBody, reason: str = "") -> None:
        self._take(
            MailEnded(body.flow, body.journey, body.step, effect.key, body.template, body.topic, reason)
        )


def contact_on(flow: str, split: str, label: str) -> str:
    """The id of somebody who lands on an arm of a split."""
    graph = loaded().current[flow].graph
    node = next(node for node in graph.nodes if isinstance(node, Split) and node.step == split)
    return next(
        contact
        for contact in (f"{number:032x}" for number in range(1000))
        if choice.arm(flow, node, contact).label == label
    )


def _instant(wall: str) -> int:
    return round(datetime.fromisoformat(wall).replace(tzinfo=RIGA).timestamp() * 1000)


def _shown(instant: int) -> str:
    return f"{datetime.fromtimestamp(instant / 1000, RIGA):%Y-%m-%d %H:%M}"
