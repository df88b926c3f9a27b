"""Whatever people, senders and the clock do, in whatever order: no permit without a confirmation after the
last stop."""

import asyncio
import hashlib
import io
import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from consent.client import InProcess
from consent.contract import (
    Ask,
    Basis,
    Heard,
    LinkRefused,
    MailClass,
    Outcome,
    Policy,
    Purpose,
    Settlement,
    SignUp,
    TemplateFacts,
    Visit,
)
from consent.export.archive import write_archive
from consent.keys import Keys
from consent.proof.verify import verify
from consent.service import open_service

HOUR = 3_600_000
PEOPLE = st.sampled_from([f"person{n}@kafija.example" for n in range(3)])
TOPICS = st.sampled_from(["news", "offers"])


class Lives(RuleBasedStateMachine):
    """The model keeps, per person and topic, whether the last word was a confirmation; the service must
    agree."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = 1_772_442_000_000
        draw = itertools.count()

        def entropy(size):
            found = b""
            while len(found) < size:
                found += hashlib.sha256(str(next(draw)).encode()).digest()
            return found[:size]

        self.service = open_service(
            None,
            Keys.random(entropy),
            origin="kafija.example/consent",
            public_url="https://kafija.example",
            team=(),
            clock=lambda: self.now,
            entropy=entropy,
        )
        self.client = InProcess(self.service)
        self.keys = (hashlib.sha256(f"mail {n}".encode()).hexdigest()[:32] for n in itertools.count())
        self.active = set()
        self.links = {}  # confirm token → (person, topics, when it lapses)
        self.in_flight = {}  # key → (attempt, person)
        self.again = {}  # key → (attempt, person, topic)
        self.went = {}  # key of a permitted mail → person
        self.arrived = {}  # key → attempts that arrived, or may have
        self.reported = set()  # (key, kind) that was told once

    def do(self, coroutine):
        """Run to the end."""
        return self.loop.run_until_complete(coroutine)

    def subject(self, person):
        """The person's id."""
        return self.do(self.client.subjects([person]))[0]

    @initialize()
    def publish(self):
        """Two topics and one template."""
        purposes = tuple(
            Purpose(t, Basis.CONSENT, {"en": t}, {"en": t}, "Kafija SIA") for t in ("news", "offers")
        )
        template = TemplateFacts("t", "t", unsubscribe=True, imprint=True)
        self.do(self.client.publish(Policy(purposes, (template,))))

    @rule(person=PEOPLE, topics=st.sets(TOPICS, min_size=1))
    def sign_up(self, person, topics):
        """Someone enters an address."""
        self.do(self.client.sign_up(SignUp(person, tuple(topics), "en", "form")))

    @rule()
    def mail_proofs(self):
        """Proof mails go out."""
        asks = [proof.ask for proof in self.do(self.client.proofs())]
        if not asks:
            return
        links = {one.key: one.links for one in self.do(self.client.decide(asks))}
        permits = self.do(self.client.claim("proofs", asks, [])).permits
        self.do(
            self.client.settle(
                "proofs", [Settlement(one.key, one.attempt, Outcome.ACCEPTED) for one in permits]
            )
        )
        for one in permits:
            token = links[one.key].confirm.rpartition("/")[2]
            view = self.do(self.client.confirmation(token))
            assert view.valid
            self.links[token] = (one.recipient, {topic.topic for topic in view.topics})

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def confirm(self, data):
        """Someone presses the button, perhaps again, perhaps too late."""
        token = data.draw(st.sampled_from(sorted(self.links)))
        person, _ = self.links[token]
        view = self.do(self.client.confirmation(token))
        if not view.valid:
            with pytest.raises(LinkRefused, match=view.reason):
                self.do(self.client.confirm(token, Visit()))
            return
        receipt = self.do(self.client.confirm(token, Visit()))
        assert set(receipt.topics) == {topic.topic for topic in view.topics}
        self.active |= {(person, topic) for topic in receipt.topics}

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def refuse(self, data):
        """Someone says that it was not them."""
        token = data.draw(st.sampled_from(sorted(self.links)))
        try:
            self.do(self.client.refuse(token, Visit()))
        except LinkRefused:
            return

    @rule(person=PEOPLE, topic=TOPICS, everything=st.booleans())
    def withdraw(self, person, topic, everything):
        """Someone presses unsubscribe."""
        url = self.service.parts.tokens.unsubscribe(self.subject(person), topic)
        self.do(self.client.withdraw(url.rpartition("/")[2], "one_click", everything, Visit()))
        self.active -= {(person, one) for one in (("news", "offers") if everything else (topic,))}

    @rule(person=PEOPLE, topics=st.sets(TOPICS))
    def choose(self, person, topics):
        """Someone sets their topics."""
        url = self.service.parts.tokens.preferences(self.subject(person))
        self.do(self.client.choose(url.rpartition("/")[2], tuple(topics), "en", Visit()))
        self.active -= {(person, topic) for topic in ("news", "offers") if topic not in topics}

    @rule(person=PEOPLE, topic=st.sampled_from(["news", "offers", ""]), key=st.sampled_from("abc"))
    def withdraw_by_flow(self, person, topic, key):
        """A flow unsubscribes them; the same key again does nothing."""
        heard = self.do(self.client.withdraw_by_flow(self.subject(person), topic, "win_back", key * 32))
        told = (key * 32, "withdrawn")
        assert (heard is Heard.NEW) is (told not in self.reported)
        if heard is Heard.NEW:
            self.reported.add(told)
            self.active -= {(person, one) for one in ((topic,) if topic else ("news", "offers"))}

    @precondition(lambda self: self.went)
    @rule(data=st.data(), kind=st.sampled_from(["complaint", "hard", "soft"]))
    def report(self, data, kind):
        """A provider tells of a mail, perhaps again, perhaps of an old one."""
        key = data.draw(st.sampled_from(sorted(self.went)))
        call = self.client.complained(key) if kind == "complaint" else self.client.bounced(key, kind)
        heard = self.do(call)
        if not self.arrived[key]:
            assert heard is Heard.UNKNOWN
            return
        assert (heard is Heard.NEW) is ((key, kind) not in self.reported)
        self.reported.add((key, kind))
        if heard is Heard.NEW and kind != "soft":
            self.active -= {(self.went[key], topic) for topic in ("news", "offers")}

    @rule(hours=st.sampled_from([1, 24, 73, 24 * 8, 24 * 31]))
    def wait(self, hours):
        """Time passes."""
        self.now += hours * HOUR

    @rule(person=PEOPLE, topic=TOPICS)
    def claim(self, person, topic):
        """A mail wants to go."""
        key = next(self.keys)
        self.try_claim(key, 1, person, topic)

    @precondition(lambda self: self.again)
    @rule(data=st.data())
    def claim_again(self, data):
        """A deferred mail wants to go again."""
        key = data.draw(st.sampled_from(sorted(self.again)))
        attempt, person, topic = self.again[key]
        if self.try_claim(key, attempt, person, topic):
            del self.again[key]

    def try_claim(self, key, attempt, person, topic):
        """Claim, and compare with the model."""
        ask = Ask(key, attempt, self.subject(person), MailClass.MARKETING, topic, "t")
        busy = any(one == person for _, one, _ in self.in_flight.values())
        claimed = self.do(self.client.claim("engine", [ask], []))
        expected = (person, topic) in self.active and not busy
        assert bool(claimed.permits) is expected, (claimed, self.active)
        for permit in claimed.permits:
            assert permit.recipient == person
            self.in_flight[key] = (attempt, person, topic)
            self.went[key] = person
            self.arrived.setdefault(key, set()).add(attempt)
        return bool(claimed.permits)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), outcome=st.sampled_from(list(Outcome)))
    def settle(self, data, outcome):
        """An attempt ends."""
        key = data.draw(st.sampled_from(sorted(self.in_flight)))
        attempt, person, topic = self.in_flight.pop(key)
        self.do(self.client.settle("engine", [Settlement(key, attempt, outcome)]))
        if outcome in (Outcome.REFUSED, Outcome.RELEASED):
            self.arrived[key].discard(attempt)
        if outcome in (Outcome.DEFERRED, Outcome.RELEASED):
            self.again[key] = (attempt + 1, person, topic)

    @invariant()
    def what_is_in_flight_is_unsettled(self):
        """Claims and settlements add up."""
        unsettled = self.do(self.client.unsettled("engine"))
        assert sorted(unsettled) == sorted((key, attempt) for key, (attempt, _, _) in self.in_flight.items())

    def teardown(self):
        """The log that came of it is checked by the auditor's own tool."""
        file = io.BytesIO()
        self.service.read(lambda reading: write_archive(reading, file))
        assert verify(file, self.service.parts.signing.key()).authenticated
        self.service.close()
        self.loop.close()


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)
