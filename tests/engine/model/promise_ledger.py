"""What people said and what was done about it, in the order in which it was committed; whatever breaks the
promise is written down as a fault.

The promise (`protocol.md`): no permit is claimed after a withdrawal has committed. One claimed earlier may
still leave, one per subject, its final dot within five seconds, and both positions show it. Nothing is mailed
twice. No journey on a marketing topic goes on after the withdrawal of its topic. Of who is erased nothing is
written any more, no permit of any kind is claimed, and nothing is different for anybody else.

It knows the project's topics and nothing of how the system works: no table, no leaf, no state of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from promise_flows import TOPICS

from consent.contract import Ask, Claimed, Heard, MailClass
from engine.core.bundle import Bundle, Effect, Entry, MailBody
from engine.core.record import What

PERMIT_LIFE = 5_000
_LATE_NEWS = frozenset((What.SENT, What.SKIPPED, What.UNKNOWN, What.TOLD, What.CALLED))
"""What may be written of a journey that is over: how errands ended that had been asked for before."""


@dataclass(slots=True)
class Stop:
    """A withdrawal. `topics` are those that it ends, `everything` whether it silences the address; `number`
    is its place in the order of all things, `at` in ms UTC."""

    subject: str
    topics: frozenset[str]
    everything: bool
    number: int
    at: int
    left: list[str] = field(default_factory=list)  # keys of mails that left behind it
    erasing: bool = False

    def concerns(self, topic: str, marketing: bool) -> bool:
        return self.erasing or topic in self.topics or (self.everything and marketing)


@dataclass(frozen=True, slots=True)
class Issued:
    """A permit that was claimed."""

    number: int
    leaf: int
    at: int
    subject: str
    topic: str
    mail_class: MailClass


@dataclass(slots=True)
class Walk:
    """A journey, by what the journal said of it."""

    subject: str
    flow: str
    topic: str
    over: bool = False
    doomed: bool = False


@dataclass(slots=True)
class Ledger:
    """Tell it everything at the moment at which it is committed. `counts` say how often what was met."""

    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    stops: list[Stop] = field(default_factory=list)
    permits: dict[str, Issued] = field(default_factory=dict)
    arrived: dict[str, int] = field(default_factory=dict)  # by key, the place in the order of all things
    agreed: dict[tuple[str, str], int] = field(default_factory=dict)  # since when (ms UTC)
    bounced: set[str] = field(default_factory=set)
    erased: dict[str, int] = field(default_factory=dict)  # subject → the place in the order of all things
    forgotten: set[str] = field(default_factory=set)  # of them, those of whom the engine has heard it
    wished: dict[tuple[str, str], int] = field(default_factory=dict)
    stopped: dict[tuple[str, str], int] = field(default_factory=dict)
    walks: dict[str, Walk] = field(default_factory=dict)
    asked: dict[str, Effect] = field(default_factory=dict)  # mails, by key
    steps: dict[tuple[str, str], str] = field(default_factory=dict)  # journey and step → key
    told: dict[tuple[str, str], str] = field(default_factory=dict)  # journey and step → what became of it
    known: dict[tuple[str, str], int] = field(default_factory=dict)  # `agreed` as the engine heard it last
    given_up: dict[tuple[str, str], int] = field(default_factory=dict)  # by a flow, and when (ms UTC)
    newest: tuple[str, str] = ("", TOPICS[0])  # who is being written to, and on which topic
    number: int = 0
    heard: int = 0

    def fault(self, words: str) -> None:
        self.faults.append(words)

    def _next(self) -> int:
        self.number += 1
        return self.number

    # ------------------------------------------------------------ what people say

    def wishes(self, subject: str, topics: Iterable[str]) -> None:
        """They asked for these topics, and have not confirmed."""
        number = self._next()
        self.wished.update({(subject, topic): number for topic in topics})

    def confirms(self, subject: str, topics: Iterable[str], at: int) -> None:
        """They used the link, and the service says that they have agreed."""
        for topic in topics:
            if self.stopped.get((subject, topic), 0) > self.wished.get((subject, topic), 0):
                self.fault(f"a link from before a withdrawal brought {topic} back")
            self.agreed.setdefault((subject, topic), at)
        self.bounced.discard(subject)
        self.counts["confirmed"] += 1

    def stop(self, subject: str, topics: Iterable[str], at: int, how: str, everything: bool = False) -> None:
        """They withdrew these topics, or (`everything`) no marketing may go to the address at all."""
        number = self._next()
        ended = frozenset(TOPICS if everything else topics)
        going = frozenset(topic for topic in ended if (subject, topic) in self.agreed)
        for topic in ended:
            self.agreed.pop((subject, topic), None)
            self.stopped[subject, topic] = number
        self.stops.append(Stop(subject, going, everything, number, at))
        self.counts[f"stopped by {how}"] += 1
        self.counts["stopped while agreed"] += bool(going)

    def bounces(self, subject: str, at: int) -> None:
        """The mailbox is gone."""
        self.stop(subject, (), at, "bounce", everything=True)
        self.bounced.add(subject)

    def erases(self, subject: str, at: int) -> None:
        """They are erased: nothing may go to them at all, and nothing is kept."""
        self.stop(subject, (), at, "erasure", everything=True)
        self.stops[-1].erasing = True
        self.erased[subject] = self.number
        self.bounced.discard(subject)

    def flow_withdraws(self, subject: str, topic: str, at: int | None, now: int, heard: Heard) -> None:
        """A flow withdraws on somebody's behalf what they had agreed to when it said so."""
        since = self.agreed.get((subject, topic))
        if heard is Heard.NEW and since is not None and (at is None or since <= at):
            self.stop(subject, (topic,), now, "flow")

    # ------------------------------------------------------------ permits and mails

    def decides(self, asks: Sequence[Ask]) -> None:
        """Mails to these are about to go."""
        for ask in asks:
            if ask.mail_class is not MailClass.PROOF:
                topic = ask.topic or ""
                self.newest = ask.subject, topic if topic in TOPICS else TOPICS[0]

    def claims(self, asks: Sequence[Ask], claimed: Claimed, now: int) -> None:
        """The service gave these permits."""
        number = self._next()
        asked = {ask.key: ask for ask in asks}
        for permit in claimed.permits:
            ask, before = asked[permit.key], self.permits.get(permit.key)
            if before is not None and before.leaf == permit.leaf:
                continue  # told once more, and no new one
            topic = ask.topic or ""
            if ask.subject in self.erased:
                self.fault("a permit was claimed for somebody who was erased")
            if ask.mail_class is MailClass.MARKETING and (ask.subject, topic) not in self.agreed:
                self.fault(f"a permit for {topic} was claimed after its withdrawal")
            if ask.mail_class is MailClass.SERVICE and ask.subject in self.bounced:
                self.fault("a permit was claimed for a mailbox that is gone")
            if permit.key in self.arrived:
                self.fault("a permit was claimed for a mail that had gone")
            if permit.deadline != now + PERMIT_LIFE:
                self.fault("a permit lives for another time than five seconds")
            self.permits[permit.key] = Issued(number, permit.leaf, now, ask.subject, topic, ask.mail_class)
            self.counts["permits"] += 1
        self.counts["denials"] += len(claimed.denied)

    def takes(self, key: str, let: int, now: int) -> None:
        """The mail server got the final dot of a mail. Its content was let come at place `let`."""
        if key in self.arrived:
            self.fault("a mail went twice")
        self.arrived[key] = self._next()
        permit = self.permits.get(key)
        if permit is None:
            self.fault("a mail went without a permit")
            return
        self.counts[f"mails of {permit.mail_class.value}"] += 1
        if now > permit.at + PERMIT_LIFE:
            self.fault("a final dot came later than five seconds after the claim")
        marketing = permit.mail_class is MailClass.MARKETING
        for stop in self.stops:
            if stop.subject != permit.subject or stop.number < permit.number:
                continue
            if stop.number <= let and (stop.topics or stop.everything):
                self.fault("a mail left although the feed had told of the withdrawal before its content")
            if stop.concerns(permit.topic, marketing):
                stop.left.append(key)
                self.counts["left behind a withdrawal"] += 1
                if len(stop.left) > 1:
                    self.fault("two mails left behind one withdrawal")
                if now > stop.at + PERMIT_LIFE:
                    self.fault("a mail left more than five seconds behind a withdrawal")

    # ------------------------------------------------------------ journeys

    def hears(self) -> None:
        """The engine is about to read what has changed: all that has been said until now."""
        for stop in self.stops[self.heard :]:
            for walk in self.walks.values():
                if walk.subject == stop.subject and walk.topic in TOPICS and not walk.over:
                    walk.doomed |= stop.concerns(walk.topic, True)
        self.heard = len(self.stops)
        self.forgotten = set(self.erased)
        self.known = dict(self.agreed)

    def commits(self, entries: Sequence[Entry], effects: Sequence[Effect], topics: Mapping[str, str]) -> None:
        """The engine committed these; `topics` are those of the flows as they are loaded."""
        for entry in entries:
            if entry.contact in self.forgotten:
                self.fault(f"it was written of somebody who was erased: {entry.what}")
            if entry.what == What.ENTERED:
                topic = topics[entry.flow]
                if topic in TOPICS and (entry.contact, topic) not in self.known:
                    self.fault(f"a flow on {topic} began for somebody who had not agreed to it")
                self.walks[entry.journey] = Walk(entry.contact, entry.flow, topic)
            self._walked(entry)
        for effect in effects:
            if effect.contact in self.forgotten:
                self.fault("something was asked for of somebody who was erased")
            if isinstance(effect.body, MailBody):
                self._asks(effect, effect.body)

    def _walked(self, entry: Entry) -> None:
        if entry.what in (What.SENT, What.SKIPPED, What.UNKNOWN) and entry.journey:
            self.told[entry.journey, entry.step] = entry.what
        if entry.what == What.UNSUBSCRIBED:
            self.given_up[entry.contact, entry.reason] = entry.at
        walk = self.walks.get(entry.journey)
        if walk is None or entry.what in _LATE_NEWS:
            return
        if entry.what in (What.LEFT, What.FINISHED):
            walk.over = True
            self.counts["journeys ended by a withdrawal"] += walk.doomed and entry.what == What.LEFT
        if walk.doomed and entry.what != What.LEFT:
            self.fault(f"a journey on {walk.topic} went on after its withdrawal: {entry.what} {entry.step}")

    def _asks(self, effect: Effect, body: MailBody) -> None:
        if self.walks[body.journey].doomed:
            self.fault("a mail was asked for by a journey whose topic had been withdrawn")
        if self.steps.setdefault((body.journey, body.step), effect.key) != effect.key:
            self.fault(f"the step {body.step} of one journey asked for a mail twice")
        self.asked[effect.key] = effect

    def rests(self, people: Mapping[str, Bundle], open_: Iterable[str]) -> None:
        """Nothing is left to be done now. `people` are as the engine knows them, `open_` mails that wait."""
        for contact, bundle in people.items():
            standing = {journey.id for journey in bundle.journeys}
            for id_, walk in self.walks.items():
                if walk.subject == contact and not walk.over and id_ not in standing:
                    self.fault(f"a journey on {walk.topic} is gone without a word")
            for journey in bundle.journeys:
                walk = self.walks[journey.id]
                if walk.over or walk.doomed:
                    self.fault(f"a journey on {walk.topic} stands although it is over")
                elif walk.topic in TOPICS and (contact, walk.topic) not in self.agreed:
                    self.fault(f"a journey on {walk.topic} stands without an agreement")
            agreed = {topic for topic in TOPICS if (contact, topic) in self.agreed}
            if set(TOPICS) & bundle.agreed != agreed:
                self.fault(f"the engine takes {set(bundle.agreed)} for agreed, and it is {agreed}")
        for (contact, topic), at in self.given_up.items():
            if self.agreed.get((contact, topic), at + 1) <= at:
                self.fault(f"a flow withdrew {topic}, and it is agreed to all the same")
        for key in self.asked.keys() - set(open_):
            body = self.asked[key].body
            assert isinstance(body, MailBody)
            if self.asked[key].contact in self.erased:
                continue
            became = self.told.get((body.journey, body.step))
            if became is None:
                self.fault(f"nobody says what became of the mail {body.step}")
            elif (became == What.SENT) > (key in self.arrived):
                self.fault(f"the mail {body.step} is told as sent, and never came")
            elif became == What.SKIPPED and key in self.arrived:
                self.fault(f"the mail {body.step} is told as skipped, and came")
