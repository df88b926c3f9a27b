"""People, the shop and its misfortunes, in any order that Hypothesis can think of."""

import asyncio
import contextlib
import json
import tempfile
from collections import Counter
from itertools import chain, count
from pathlib import Path
from typing import Any

from handed_in import Event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from promise_flows import TOPICS, VERSIONS
from promise_ledger import Ledger
from promise_life import POINTS, Killed, Life, confirmation
from promise_remains import remains, sealed_of
from promise_schemas import Schemas
from promise_timers import adrift
from timeless import TimelessLoop

from consent.contract import LinkRefused, SignUp, Unavailable, Visit
from consent.proof.verify import verify
from engine.returns.intake import Return
from engine.run.simulate import VirtualClock

BEGIN = 1_772_434_800_000  # Monday, 2 March 2026, 09:00 in Riga
MINUTE = 60_000
PEOPLE = ("anna@example.com", "bela@example.com", "cita@example.com")
EVENTS = ("cart_updated", "order_placed", "checkout_started")
SPANS = tuple(MINUTE * minutes for minutes in (1, 65, 200, 1445, 3 * 1445, 8 * 1440, 31 * 1440))

THEM = "whoever was written to last"

people = st.sampled_from(PEOPLE)
readers = st.sampled_from((THEM, THEM, *PEOPLE))
topics = st.lists(st.sampled_from(TOPICS), min_size=1, unique=True)
acts = st.one_of(
    st.tuples(
        st.just("link"), readers, st.sampled_from((THEM, *TOPICS)), st.sampled_from(("one_click", "page"))
    ),
    st.tuples(st.just("everything"), readers),
    st.tuples(st.just("choose"), readers, st.lists(st.sampled_from(TOPICS), unique=True)),
    st.tuples(st.sampled_from(("complain", "bounce")), st.integers(0, 3)),
    st.tuples(st.just("confirm"), st.integers(0, 2)),
    st.tuples(st.just("erase"), readers),
    st.tuples(st.just("later"), st.sampled_from((1_000, 4_900, 6_000))),
)
mishaps = st.one_of(acts, st.tuples(st.just("kill"), st.booleans()))
Intrusion = tuple[str, tuple[Any, ...], bool]
intrusions = st.tuples(st.sampled_from((*POINTS, "data", "claimed")), mishaps, st.booleans())
spans = st.sampled_from(SPANS)
events = st.sampled_from(EVENTS)

STORIES = count(1)

COUNTED: Counter[str] = Counter()
"""What all machines of this process have met."""


class Promise(RuleBasedStateMachine):
    """The whole system on a virtual clock. `COUNTED` says at the end what it has met."""

    def __init__(self, url: str = "") -> None:
        """`url` is that of a database on a server; without it the stores are in files."""
        super().__init__()
        self.schemas = Schemas(url, f"story{next(STORIES)}") if url else None
        self.runner = asyncio.Runner(loop_factory=TimelessLoop)
        self.place = tempfile.TemporaryDirectory(prefix="virta-promise-")
        self.clock = VirtualClock(BEGIN)
        self.ledger = Ledger()
        self.subjects: dict[str, str] = {}
        self.erased: set[str] = set()  # addresses, of people who may have come back since
        self.version = 0
        self.lives = 0
        self.events = 0
        self.sealed: list[bytes] = []  # of people who were erased
        self.proofs: list[str] = []  # links to confirm, as they came
        self.life = self._life(Path(self.place.name) / "life")

    def _life(self, folder: Path) -> Life:
        self.lives += 1
        return Life(folder, self.version, self.clock, self.ledger, self.lives, self.schemas)

    # ------------------------------------------------------------ what happens

    @initialize(wished=st.lists(topics, min_size=2, max_size=3))
    def opens(self, wished: list[list[str]]) -> None:
        """The shop opens, and most have agreed to something."""
        self.do(self._open())
        for address, theirs in zip(PEOPLE, wished, strict=False):
            self.do(self.wish(address, theirs))
        self.goes_on(0)
        for number in range(len(wished)):
            self.do(self._confirm(number))
        self.goes_on(0)

    @rule(address=people, wished=topics, span=spans)
    def signs_up(self, address: str, wished: list[str], span: int) -> None:
        """Somebody signs up, and uses the newest link to confirm that there is."""

        self.do(self.wish(address, wished))
        self.goes_on(0)
        self.do(self._confirm(0))
        self.goes_on(span)

    @rule(address=people, event=events, again=st.booleans(), span=spans)
    def happens(self, address: str, event: str, again: bool, span: int) -> None:
        """Something happens in the shop, which may tell it twice."""
        self.events += 1
        # their own words, which journeys, windows and mails then hold too
        data = {"order_id": f"{self.events} of {address}"} if event == "order_placed" else {}
        told = Event(f"event-{self.events} of {address}", event, address, self.clock(), data)

        async def tell() -> None:
            for _ in range(1 + again):
                assert await self.life.system.inbox.accept_events([told]) == [None]
            await self._learn_subject(address)

        self.do(tell())
        self.goes_on(span)

    @rule(address=people, event=events, what=intrusions, span=spans)
    def happens_meanwhile(self, address: str, event: str, what: Intrusion, span: int) -> None:
        """And in the midst of the work that it makes, somebody does something, or the process dies."""
        self.intrude(what)
        self.happens(address, event, False, span)

    @rule(one=intrusions, other=intrusions, span=spans)
    def time_passes(self, one: Intrusion, other: Intrusion, span: int) -> None:
        """Journeys go on, and in the midst of that this and that is done."""
        self.intrude(one)
        self.intrude(other)
        self.goes_on(span)

    def kills_when(self, word: str) -> None:
        """It dies as soon as a line with this word of the journal is committed."""
        self.life.dies_at = word

    def intrude(self, what: Intrusion) -> None:
        point, act, hasty = what
        self.life.meanwhile[point] = (lambda: self.act(act)), hasty

    @rule(act=acts, span=spans)
    def somebody_acts(self, act: tuple[Any, ...], span: int) -> None:
        """Somebody does something while nothing is going on."""
        self.do(self.act(act))
        self.goes_on(span)

    @rule(version=st.integers(0, len(VERSIONS) - 1), act=acts, lost=st.none() | st.booleans())
    def is_edited(self, version: int, act: tuple[Any, ...], lost: bool | None) -> None:
        """The flows are edited, and Virta is started again, in good order or not, with an act that it has not
        heard of yet."""
        self.do(self.act(act))
        if lost is None:
            self.do(self.life.close())
            left = self.life.folder
        else:
            self.do(self._kill(lost))
            left = self._bury()
        self.version = version
        self.life = self._life(left)
        self.do(self._open())
        self.goes_on(0)

    def goes_on(self, span: int) -> None:
        """All that can be done until then is done; whoever dies on the way is started again."""
        until = self.clock() + span
        while True:
            try:
                self.do(self.life.work(max(until, self.clock())))
                break
            except Killed:
                self._revive()
        self.do(self._look())

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_promise_is_kept(self) -> None:
        assert not self.ledger.faults, "; ".join(self.ledger.faults)

    def teardown(self) -> None:
        """In the end the log proves it, to whoever has no more than the export and the key."""
        try:
            if self.lives and hasattr(self.life, "system"):
                self.life.meanwhile.clear()
                self.goes_on(3 * 1440 * MINUTE)
                self.the_promise_is_kept()
                self._prove()
                self.do(self.life.close())
        finally:
            self.runner.close()
            self.place.cleanup()
            if self.schemas is not None:
                self.schemas.drop()
            COUNTED.update(self.ledger.counts)

    def _prove(self) -> None:
        archive = self.life.proof()
        assert archive.fp is not None
        verify(archive.fp, self.life.system.service.parts.signing.key())
        records = [json.loads(line) for line in archive.read("decisions.jsonl").splitlines()]
        allowed = {
            (entry["record"]["key"], entry["batch"]): entry["record"]
            for entry in records
            if entry["record"]["verdict"] == "allow"
        }
        for key in self.ledger.arrived:
            permit = self.ledger.permits[key]
            record = allowed[key, permit.leaf]
            assert record["subject"] == permit.subject
            if record["class"] == "marketing":
                assert 0 < record["consent_seq"] < permit.leaf
        self._positions([json.loads(line) for line in archive.read("leaves.jsonl").splitlines()])

    def _positions(self, leaves: list[dict[str, Any]]) -> None:
        """A mail that left behind a withdrawal stands before it in the log; both are there to be seen."""
        for stop in self.ledger.stops:
            for key in stop.left:
                permit = self.ledger.permits[key]
                behind = [
                    leaf
                    for leaf in leaves[permit.leaf :]
                    if leaf["subject"] == stop.subject
                    and leaf["at"] == stop.at
                    and leaf["type"] in ("withdrawn", "complaint", "bounced.hard", "erasure.requested")
                ]
                assert leaves[permit.leaf]["type"] == "decisions"
                assert behind, "the log does not show that the mail was claimed before the withdrawal"

    # ------------------------------------------------------------ how it is done

    def do(self, work: Any) -> None:
        self.runner.run(work)

    async def _open(self) -> None:
        while True:
            try:
                await self.life.open()
                return
            except Killed:
                await self.life.close()
                assert self.life.left is not None
                self.life = self._life(self.life.left)

    def _revive(self) -> None:
        self.life = self._life(self._bury())
        self.do(self._open())

    def _bury(self) -> Path:
        """The files of the life that was killed."""
        self.do(self.life.close())
        assert self.life.left is not None
        return self.life.left

    async def _kill(self, lost: bool) -> None:
        await self.life.kill()
        self.ledger.counts["killed"] += 1
        if lost:  # the attempt file is memory that was not written back
            assert self.life.left is not None
            (self.life.left / "attempts").unlink()

    async def _look(self) -> None:
        system = self.life.system
        await system.runner.step()
        people = await system.store.load(list(self.subjects.values()))
        open_ = await system.store.open_among(list(self.ledger.asked))
        self.ledger.rests(people, open_)
        away = [address for address in PEOPLE if address in self.erased and address not in self.subjects]
        for what in chain(remains(self.life, self.ledger.erased, away, self.sealed), adrift(self.life)):
            self.ledger.fault(what)

    async def wish(self, address: str, wished: list[str]) -> None:
        await self.life.system.consent.sign_up(SignUp(address, tuple(wished), "en", "footer"))
        await self._learn_subject(address)
        self.ledger.wishes(self.subjects[address], wished)

    async def _learn_subject(self, address: str) -> None:
        (subject,) = await self.life.system.consent.subjects([address])
        assert subject is not None
        if subject in self.ledger.erased:
            self.ledger.fault("somebody who was erased came back as who they were")
        self.subjects[address] = subject

    async def act(self, act: tuple[Any, ...]) -> None:
        match act:
            case ("kill", bool() as lost):
                await self._kill(lost)
            case ("later", int() as span):
                self.clock.set(self.clock() + span)
            case ("confirm", int() as number):
                await self._confirm(number)
            case ("complain" | "bounce" as kind, int() as number):
                await self._return(kind, number)
            case ("erase", str() as address):
                await self._erase(self.subjects.get(address) if address != THEM else self._them())
            case (_, str() as address, *rest) if address in self.subjects or address == THEM:
                await self._says(act[0], self.subjects.get(address) or self._them(), rest)

    def _them(self) -> str:
        return self.ledger.newest[0] or next(iter(self.subjects.values()), "")

    async def _erase(self, subject: str | None) -> None:
        """Somebody wants to be forgotten."""
        if subject is None or subject in self.ledger.erased:
            return
        addresses = [address for address, known in self.subjects.items() if known == subject]
        self.sealed += sealed_of(self.life, subject)
        await self.life.system.runner.erasing.erase(subject)
        self.ledger.erases(subject, self.clock())
        for address in addresses:
            del self.subjects[address]
        self.erased.update(addresses)

    async def _says(self, how: str, subject: str, rest: list[Any]) -> None:
        """Somebody withdraws, all or part, or chooses on the page behind the link for preferences."""
        consent, ledger, now = self.life.system.consent, self.ledger, self.clock()
        tokens = self.life.system.service.parts.tokens
        if subject in ledger.erased:
            how, rest = "nobody", []
        match how, rest:
            case "link", [named, by]:
                topic = named if named in TOPICS else self.ledger.newest[1]
                token = tokens.unsubscribe(subject, topic).rpartition("/")[2]
                await consent.withdraw(token, by, False, Visit())
                ledger.stop(subject, (topic,), now, by)
            case "everything", []:
                token = tokens.unsubscribe(subject, TOPICS[0]).rpartition("/")[2]
                await consent.withdraw(token, "page", True, Visit())
                ledger.stop(subject, TOPICS, now, "page, everything")
            case "choose", [chosen]:
                token = tokens.preferences(subject).rpartition("/")[2]
                await consent.choose(token, chosen, "", Visit())
                gone = set(TOPICS) - set(chosen)
                if gone:
                    ledger.stop(subject, gone, now, "preferences")
                ledger.wishes(subject, [topic for topic in chosen if (subject, topic) not in ledger.agreed])

    async def _confirm(self, number: int) -> None:
        """They use a link to confirm, the newest, or an older one."""
        links = [token for letter in self.life.letters if (token := confirmation(letter))]
        self.proofs += [token for token in links if token not in self.proofs]
        if number < len(self.proofs):
            with contextlib.suppress(LinkRefused):
                receipt = await self.life.system.consent.confirm(self.proofs[-1 - number], Visit())
                self.ledger.confirms(receipt.subject, receipt.topics, self.clock())

    async def _return(self, kind: str, number: int) -> None:
        """A mail is reported as unwanted, or comes back for good: one of the newest that arrived."""
        arrived = list(self.ledger.arrived)
        if number < len(arrived):
            key = arrived[-1 - number]
            said = "complaint" if kind == "complain" else "bounce"
            report = Return(said, "5.1.1", f"<{key}@kafija.example>", self.clock())
            with contextlib.suppress(Unavailable):  # of a mail that went this very moment: it is told again
                await self.life.system.intake.accept_returns([report])
