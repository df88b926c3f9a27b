"""What flows take for agreed, from the feed of changes alone, is what the consent service says: after any
history, topic by topic, personalisation and measurement too; and so is whether what is known may be used."""

import asyncio
import itertools
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from dice import Dice
from flows import loaded
from hypothesis import example, given
from hypothesis import strategies as st

from consent.client import InProcess
from consent.contract import (
    Ask,
    Basis,
    LinkRefused,
    MailClass,
    Outcome,
    Policy,
    Purpose,
    Sale,
    Settlement,
    SignUp,
    TemplateFacts,
    Visit,
)
from consent.keys import Keys
from consent.ledger.subjects import load
from consent.service import open_service
from engine.core.advance import advance
from engine.core.bundle import Bundle
from engine.run.changes import GONE, stimuli_of

T = TypeVar("T")
DAY = 86_400_000
ADDRESSES = ("anna@kafija.example", "berta@kafija.example")
ASKED = ("news", "personalisation", "measurement")
TOPICS = (*ASKED, "similar")
FLOWS = loaded('topic similar "Similar"\n    for marketing\n    consent "I want more."\n')


class TwoSides:
    """A consent service in a folder, and what the engine makes of its feed."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.now = 1_772_442_000_000
        dice = Dice("two sides")
        self.service = open_service(
            folder / "consent.db",
            Keys.random(dice),
            origin="kafija.example/consent",
            public_url="https://kafija.example",
            team=(),
            clock=lambda: self.now,
            entropy=dice,
        )
        self.client = InProcess(self.service)
        self.numbers = itertools.count(1)
        self.heard = -1
        self.people: dict[str, Bundle] = {}
        self.bounced: set[str] = set()
        self.quieter: set[str] = set()  # who got another mailbox behind a bounce: flows wait for their word
        self.publish("I want")

    def close(self) -> None:
        self.service.close()
        self.loop.close()

    def do(self, asked: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(asked)

    def publish(self, wording: str, without: str = "") -> None:
        asked = [Purpose(t, Basis.CONSENT, {"en": t}, {"en": f"{wording} {t}"}, "Kafija SIA") for t in ASKED]
        bought = Purpose("similar", Basis.SOFT_OPT_IN, {"en": "similar"}, {}, "Kafija SIA", similar="coffee")
        kept = tuple(one for one in (*asked, bought) if one.topic != without)
        facts = (TemplateFacts("t", "t", unsubscribe=True, imprint=True),)
        self.do(self.client.publish(Policy(kept, facts)))

    def subject(self, address: str) -> str:
        (found,) = self.do(self.client.subjects([address]))
        assert found is not None
        return found

    def act(self, what: str, address: str) -> None:
        """What somebody, or time, does."""
        self.now += 40 * DAY  # no cool-down holds a mail back
        who = self.subject(address)
        match what.split():
            case ["join", *topics]:
                self.do(self.client.sign_up(SignUp(address, tuple(topics), "en", "form", b"<form>")))
                self.press()
            case ["word", word, *topic]:
                self.do(self.client.record(who, word, "operator", *topic))
            case ["said", word]:
                key = self.mail(who)
                if key and word == "complaint":
                    self.do(self.client.complained(key))
                elif key:
                    self.do(self.client.bounced(key, "hard"))
            case ["flow", topic]:
                key = f"{next(self.numbers):032x}"
                self.do(self.client.withdraw_by_flow(who, topic, "sunset", key, self.now))
            case ["buys"]:
                sale = Sale(who, "similar", str(next(self.numbers)), self.now, "coffee", "a box")
                self.do(self.client.bought([sale]))
            case ["moves"]:
                token = self.service.parts.tokens.preferences(who).rpartition("/")[2]
                to = f"new{next(self.numbers)}@kafija.example"
                self.do(self.client.ask_to_move(token, to, Visit()))
                self.press()
            case ["merges"]:
                others = [self.subject(one) for one in ADDRESSES]
                if others[0] != others[1]:
                    self.do(self.client.merge(*others, "operator"))
            case ["erased"]:
                self.do(self.client.erase(who, "operator"))
            case ["words", wording]:
                self.publish(wording)
            case ["ends", topic]:
                self.publish("I want", topic)
                self.now += 31 * DAY
                self.keep()
                self.publish("I want")
            case ["years"]:
                self.now += 1000 * DAY
                self.keep()

    def keep(self) -> None:
        while self.do(self.client.keep_times()).more:
            pass

    def press(self) -> None:
        """Every mail that asks to confirm goes, and the button in it is pressed."""
        asks = [proof.ask for proof in self.do(self.client.proofs())]
        decided = self.do(self.client.decide(asks)) if asks else []
        claimed = self.do(self.client.claim("proofs", asks, []))
        done = [Settlement(one.key, one.attempt, Outcome.ACCEPTED) for one in claimed.permits]
        self.do(self.client.settle("proofs", done))
        for one in decided:
            try:
                if one.links.confirm:
                    self.do(self.client.confirm(one.links.confirm.rpartition("/")[2], Visit()))
            except LinkRefused:
                continue

    def mail(self, who: str) -> str:
        """The key of a mail on news that arrived; empty: none may go."""
        key = f"{next(self.numbers):032x}"
        ask = Ask(key, 1, who, MailClass.MARKETING, "news", "t", message_id=f"<{key}@kafija.example>")
        for permit in self.do(self.client.claim("engine", [ask], [])).permits:
            self.do(self.client.settle("engine", [Settlement(permit.key, 1, Outcome.ACCEPTED)]))
            return key
        return ""

    def hear(self) -> None:
        """The engine hears what is new."""
        while changes := self.do(self.client.changes(self.heard)):
            self.heard = changes[-1].seq
            for change in changes:
                if change.type == "bounced.hard":
                    self.bounced.add(change.subject)
                elif change.type == "address.changed" and change.subject in self.bounced:
                    self.quieter.add(change.subject)
                if change.type in GONE:
                    self.people[change.subject] = Bundle(change.subject)
            for stimulus in stimuli_of(changes):
                known = self.people.get(stimulus.contact, Bundle(stimulus.contact))
                self.people[stimulus.contact] = advance(FLOWS, known, stimulus, self.now).bundle

    def compare(self) -> None:
        """Whatever the one side says, the other says; flows never take more for agreed than is."""
        for contact, bundle in self.people.items():
            known = self.service.read(lambda reading, who=contact: load(reading, [who]))
            if contact not in known or not bundle.created:
                continue
            subject = known[contact]
            theirs = {topic for topic in TOPICS if subject.gets(topic)}
            assert bundle.agreed <= theirs
            assert bundle.agreed == theirs or contact in self.quieter
            assert (bundle.restricted is not None) == (subject.restricted > 0)


JOINS = ["join news", "join news personalisation", "join news personalisation measurement"]
WORDS = ["withdrawn", "objected.marketing", "objected.profiling", "restricted", "restriction.lifted"]
ACTS = [
    *JOINS,
    *(f"word {word}" for word in WORDS),
    *(f"word withdrawn {topic}" for topic in ASKED),
    *("said complaint", "said bounce", "flow news", "buys", "moves", "merges", "erased", "years"),
    *("words Send", "ends news", "ends measurement"),
]


@example(["join news personalisation measurement", "word objected.marketing", "join news"])
@example(["join news personalisation measurement", "said complaint", "join news personalisation"])
@example(["join news measurement", "said bounce", "moves", "join news"])
@example(
    ["join news", "word restricted", "years", "join news measurement", "word restriction.lifted", "years"]
)
@example(["buys", "word withdrawn", "buys", "join news", "word objected.marketing", "buys"])
@given(st.lists(st.sampled_from(ACTS), max_size=8))
def test_what_flows_take_for_agreed_is_what_the_consent_service_says(acts: list[str]) -> None:
    """Of two people, who may become one."""
    with tempfile.TemporaryDirectory(prefix="virta-sides-") as folder:
        sides = TwoSides(Path(folder))
        try:
            for number, act in enumerate(acts):
                sides.act(act, ADDRESSES[number % 5 == 4])
                sides.hear()
                sides.compare()
        finally:
            sides.close()


@pytest.mark.parametrize("act", ACTS)
def test_each_way_of_leaving_is_heard_by_both(act: str) -> None:
    """Behind an agreement to all, and before another."""
    with tempfile.TemporaryDirectory(prefix="virta-sides-") as folder:
        sides = TwoSides(Path(folder))
        try:
            for each in ("join news personalisation measurement", "buys", act, "join news"):
                sides.act(each, ADDRESSES[0])
                sides.hear()
                sides.compare()
        finally:
            sides.close()
