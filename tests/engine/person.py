"""One person walking through flows: feeds what happens to the core, fires timers when they are due, hands
over mails, and keeps what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from engine.core.advance import advance
from engine.core.bundle import (
    Advanced,
    Agreed,
    Bundle,
    Effect,
    Entry,
    Fired,
    Happened,
    Journey,
    Learned,
    MailBody,
    MailEnded,
    Recall,
    Stimulus,
)
from engine.core.calendar import NEVER
from engine.core.loaded import Loaded

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MONDAY = 1_772_434_800_000  # 2 March 2026, 09:00 in Riga (07:00 UTC)
ANNA = "a" * 32


def at(text: str) -> int:
    """The instant of an ISO time in UTC, in ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


class Person:
    """`mailer` says how mails end: `at once` hands over at the same instant, `held` leaves them open until
    `hand_over`. Time passes by `pass_` and `until`, which fire what is due."""

    def __init__(
        self, loaded: Loaded, contact: str = ANNA, now: int = MONDAY, mailer: str = "at once"
    ) -> None:
        self.loaded = loaded
        self.now = now
        self.mailer = mailer
        self.bundle = Bundle(contact)
        self.effects: list[Effect] = []
        self.recalls: list[Recall] = []
        self.entries: list[Entry] = []
        self.open: dict[str, Effect] = {}
        self._count = 0

    # what happens

    def agrees(self, topic: str) -> "Person":
        return self.take(Agreed(topic, True))

    def withdraws(self, topic: str) -> "Person":
        return self.take(Agreed(topic, False))

    def learns(self, **attributes: Any) -> "Person":
        return self.take(Learned(attributes))

    def happens(self, event: str, *, late: bool = False, at: int | None = None, **data: Any) -> "Person":
        return self.take(Happened(event, data, late), at)

    def fires(
        self, journey: Journey, epoch: int | None = None, mail_open: bool | None = None, more: bool = False
    ) -> "Person":
        """A timer, perhaps one that is stale."""
        is_open = journey.mail in self.open if mail_open is None else mail_open
        return self.take(Fired(journey.id, journey.epoch if epoch is None else epoch, is_open), more=more)

    def hand_over(self, key: str, reason: str = "") -> "Person":
        """A held mail ends."""
        body = self.open.pop(key).body
        return self.take(
            MailEnded(body.flow, body.journey, body.step, key, body.template, body.topic, reason)
        )

    def take(self, data: Any, at: int | None = None, more: bool = False) -> "Person":
        self._count += 1
        id_ = f"stimulus-{self._count}"
        if isinstance(data, Fired):  # as the runner names them
            id_ = f"{data.journey}-{data.epoch}" if data.journey else f"watch-{at}"
        when = self.now if at is None else at
        stimulus = Stimulus(id_, self.bundle.contact, when, data, frozenset(self.open))
        self._keep(advance(self.loaded, self.bundle, stimulus, self.now, more))
        return self

    def _keep(self, advanced: Advanced) -> None:
        self.bundle = advanced.bundle
        self.effects += advanced.effects
        self.recalls += advanced.recalls
        self.entries += advanced.entries
        for effect in advanced.effects:
            if effect.kind == "mail":
                self.open[effect.key] = effect
        for effect in advanced.effects:
            if self.mailer == "at once" and effect.key in self.open:
                assert isinstance(effect.body, MailBody)
                if effect.body.report:
                    self.hand_over(effect.key)
                else:
                    del self.open[effect.key]

    # time

    def next_due(self) -> int:
        """The earliest deadline."""
        return min([self.bundle.watch, *(journey.due for journey in self.bundle.journeys)])

    def pass_(self, milliseconds: int) -> "Person":
        return self.until(self.now + milliseconds)

    def until(self, moment: int) -> "Person":
        """Let time pass up to and including `moment`; timers fire in order."""
        while (due := self.next_due()) <= moment:
            self.now = max(self.now, due)
            if self.bundle.watch == due:
                self.take(Fired("", 0), due)
            else:
                together = [journey for journey in self.bundle.journeys if journey.due == due]
                for journey in together:
                    self.fires(journey, more=journey is not together[-1])
        self.now = max(self.now, moment)
        return self

    # what came of it

    def journey(self, flow: str) -> Journey:
        """The one journey of a flow."""
        (found,) = (journey for journey in self.bundle.journeys if journey.flow == flow)
        return found

    def step(self, flow: str) -> str:
        """Where the one journey of a flow stands."""
        journey = self.journey(flow)
        return self.loaded.graphs[journey.graph].graph.nodes[journey.node].step

    @property
    def mails(self) -> list[str]:
        """The templates of all mails asked for, in order."""
        return [effect.body.template for effect in self.effects if effect.kind == "mail"]

    @property
    def recalled(self) -> list[str]:
        """The keys of mails called back."""
        return [recall.key for recall in self.recalls]

    def story(self, flow: str = "") -> list[str]:
        """The journal of a flow as `what`, `what step` or `what step reason`."""
        return [
            " ".join(word for word in (entry.what, entry.step, entry.reason) if word)
            for entry in self.entries
            if entry.flow == flow
        ]

    @contextmanager
    def nothing_new(self) -> Iterator[None]:
        """Whatever happens within asks for no mail and writes no line."""
        before = len(self.effects), len(self.recalls), len(self.entries)
        yield
        assert (len(self.effects), len(self.recalls), len(self.entries)) == before


__all__ = ["DAY", "HOUR", "MINUTE", "MONDAY", "NEVER", "Person", "at"]
