"""The same promise, told from what people said and not from what the records made of it: whoever left by any
way, from any state, has left, and no list, no sale and no list taken back brings them to it again."""

import functools
import hashlib
import inspect
import itertools
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER, invariant, precondition, rule, run_state_machine_as_test
from test_no_way_back import DAY, PEOPLE, TOPICS, NoWayBack
from who_left import ADDRESSES, ALL

from consent.contract import Heard, LinkRefused, Sale, Visit
from consent.contract.imports import Attested, Brought, Entry, Import, ImportFile, Stood
from consent.store.stops import Stop
from consent.subscriber import hold, imported, taken_back
from consent.subscriber.replay import replay

LISTED = st.sampled_from([Stood.SUBSCRIBED, Stood.UNSUBSCRIBED, Stood.COMPLAINED, Stood.BOUNCED])
INTO = st.sampled_from([("news", "offers"), ("news",), ("offers",)])


class Leaving(NoWayBack):
    """The model takes people at their word: who said "everything" means what they never had as well."""

    def __init__(self):
        super().__init__()
        self.imports = []
        self.restricted = set()  # people of whom nothing may be used

    @rule(person=PEOPLE, topic=TOPICS, everything=st.booleans())
    def withdraw(self, person, topic, everything):
        """The link in a mail."""
        token = self.service.parts.tokens.unsubscribe(self.subject(person), topic).rpartition("/")[2]
        self.do(self.client.withdraw(token, "one_click", everything, Visit()))
        self.leave(person, ALL if everything else {topic})

    @rule(person=PEOPLE, data=st.data(), everything=st.booleans())
    def choose(self, person, data, everything):
        """The preferences page as somebody sees it, who ticks what they like or presses “stop everything”."""
        self.now += 1000  # links of before a change of address count no more, to the second
        token = self.service.parts.tokens.preferences(self.subject(person)).rpartition("/")[2]
        view = self.do(self.client.preferences(token))
        boxes = {one.topic: one for one in view.topics}
        if everything:
            self.do(self.client.choose(token, (), "", Visit()))
            self.leave(person, ALL)
        elif boxes:
            ticked = data.draw(st.sets(st.sampled_from(sorted(boxes))))
            self.do(self.client.choose(token, sorted(ticked), "en", Visit(), None, None, sorted(boxes)))
            had = {topic for topic, box in boxes.items() if box.state not in ("none", "refused", "expired")}
            self.leave(person, had - ticked)

    @rule(person=PEOPLE, topic=st.sampled_from(["", *ALL]))
    def operator(self, person, topic):
        """An operator enters what came by post."""
        self.do(self.client.record(self.subject(person), "withdrawn", "operator:mailto", topic))
        self.leave(person, {topic} if topic else ALL)

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def refuse(self, data):
        """“This wasn't me”, said of what the page names: whatever of it they do not get, no list and no sale
        brings them to, until they press the button of any mail themselves."""
        token = data.draw(st.sampled_from(sorted(self.links)))
        address, _ = self.links[token]
        view = self.do(self.client.confirmation(token))
        named = {one.topic for one in view.topics if not self.may(address, one.topic)}
        who = self.subject(address)
        try:
            self.do(self.client.refuse(token, Visit()))
        except LinkRefused:
            return
        for topic in named:
            self.left.setdefault((address, topic), (-1, who))

    @precondition(lambda self: self.notices)
    @rule(data=st.data())
    def keep_address(self, data):
        """The address of before says that it was nobody there who asked for another."""
        with suppress(LinkRefused):
            self.do(self.client.refuse(data.draw(st.sampled_from(self.notices)), Visit()))

    @rule(person=PEOPLE)
    def object(self, person):
        """To all marketing."""
        told = self.do(self.client.record(self.subject(person), "objected.marketing", "operator:mailto"))
        if told is Heard.NEW:
            self.leave_all(person)

    @rule(person=PEOPLE, lifted=st.booleans())
    def restrict(self, person, lifted):
        """They dispute what is kept of them, and until that is settled nothing of it is used."""
        subject = self.subject(person)
        what = "restriction.lifted" if lifted else "restricted"
        self.do(self.client.record(subject, what, "operator:rights_request"))
        self.restricted = {one for one in map(self.whole, self.restricted) if one != subject}
        if not lifted:
            self.restricted.add(subject)

    @rule(person=PEOPLE, days=st.sampled_from([1, 40, 2_000]))
    def hold(self, person, days):
        """A court wants to see what is kept of them: nothing of it is forgotten, and nothing of it mailed."""
        subject, until = self.subject(person), self.now + days * DAY
        with suppress(ValueError):  # longer than one may be
            self.service.write(lambda tx: hold.place(tx, subject, until, "a claim", "operator"))

    @rule(person=PEOPLE)
    def lift_hold(self, person):
        """And no longer."""
        subject = self.subject(person)
        with suppress(ValueError):  # there is none
            self.service.write(lambda tx: hold.lift(tx, subject, "operator"))

    @precondition(lambda self: self.mails)
    @rule(data=st.data(), kind=st.sampled_from(["hard", "soft"]))
    def bounce(self, data, kind):
        """A mail comes back: nobody's word, and it ends nobody's."""
        self.do(self.client.bounced(data.draw(st.sampled_from(sorted(self.mails))), kind))

    @rule(person=PEOPLE, order=st.integers(1, 4), days=st.integers(0, 900), objected=st.booleans())
    def buy(self, person, order, days, objected):
        """A sale, an old one too, or one that was told of before; some say no at the checkout."""
        at = self.now - days * DAY
        sale = Sale(self.subject(person), "similar", f"o-{order}", at, "coffee", "a box", objected=objected)
        self.do(self.client.bought([sale]))
        if objected:
            self.leave(person, {"similar"})

    @rule(person=PEOPLE, stood=LISTED, into=INTO, attested=st.booleans(), ago=st.sampled_from([0, 0, 1, 400]))
    def import_(self, person, stood, into, attested, ago):
        """A list of another system, the newest or an old one that turns up late."""
        id_ = self.key()
        said = Attested("d" * 64, "A. Liepa", "2026-03-02", into, "form", "I want", "by hand")
        files = (ImportFile("people.csv", "f" * 64, "people"),)
        what = Import(id_, "csv", files, into, "operator", attested=said if attested else None)
        stopped = self.now - ago * DAY if ago and stood is not Stood.SUBSCRIBED else 0
        entry = Entry(0, 2, person, stood, "en", self.now - 2 * DAY, stopped)
        try:
            self.service.write(lambda tx: imported.begin(tx, what, b"attestation"))
        except ValueError:
            return  # the topic is gone just now
        [taken] = self.service.write(lambda tx: imported.take(tx, id_, 0, [entry]))
        self.service.write(lambda tx: imported.end(tx, id_, {}))
        self.imports.append(id_)
        if stood is Stood.SUBSCRIBED:
            return
        if not stopped:  # nobody knows which came first
            assert taken.brought in (Brought.LEFT, Brought.ERASED), taken
        # That a mailbox failed is nobody's word: who proves that it works may be brought like anybody.
        if taken.brought is Brought.LEFT and stood is not Stood.BOUNCED:
            if stood is Stood.UNSUBSCRIBED:
                self.leave(person, into)
            else:
                self.leave_all(person)

    @precondition(lambda self: self.imports)
    @rule(data=st.data())
    def undo(self, data):
        """An import is taken back; whoever got a mail because of it can still leave by that mail."""
        id_ = data.draw(st.sampled_from(self.imports))
        mailed = {subject for subject in self.mails.values() if self.addresses(subject)}
        people = self.service.read(lambda reading: taken_back.brought_by(reading, id_, -1, 100))
        self.service.write(lambda tx: taken_back.take_back(tx, id_, people, ()))
        self.service.write(lambda tx: taken_back.undone(tx, id_))
        assert all(self.addresses(subject) for subject in mailed)

    @rule(person=PEOPLE, topic=TOPICS, kind=st.sampled_from(["withdrawn", "objected", "complaint"]))
    def restore(self, person, topic, kind):
        """An older store is put back, and the stops file knows more than it: of topics too with which the
        store knows them to stand nowhere."""
        self.stops += 1
        leaf = hashlib.sha256(f"lost {self.stops}".encode()).hexdigest()
        whole = kind == "complaint"
        line = Stop(self.subject(person), "" if whole else topic, kind, self.now, 10**9, leaf)
        self.service.write(lambda tx: replay(tx, [line]))
        if whole:
            self.leave_all(person)
        else:
            self.leave(person, {topic})

    @invariant()
    def what_is_disputed_is_not_used(self):
        """Whatever they had agreed to, and whoever became part of them."""
        of_them = set(map(self.whole, self.restricted))
        for person in ADDRESSES if of_them else ():
            if self.subject(person) in of_them:
                assert not any(self.may(person, topic) for topic in ALL), person


TestLeaving = Leaving.TestCase
TestLeaving.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)


LONG = settings(
    max_examples=300,
    stateful_step_count=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


@pytest.mark.slow
def test_leaving_at_length():
    """In so many stories that each way is met, and of all pairs nine in ten, the one after the other: what it
    leaves, the other finds. Seldom there are those that need a mail which arrived."""
    met = Counter()

    class Counted(Leaving):
        """Knows which rules it followed, in order."""

        def __init__(self):
            super().__init__()
            self.story = []

        def teardown(self):
            """Each pair of rules of the story, the one somewhere behind the other."""
            met.update(itertools.combinations(self.story, 2))
            super().teardown()

    def noted(way):
        """A rule that notes itself in the story."""

        @functools.wraps(way)
        def followed(machine, *given, **named):
            machine.story.append(way.__name__)
            return way(machine, *given, **named)

        return followed

    ways = {
        name: one for name, way in inspect.getmembers(Leaving) if (one := getattr(way, RULE_MARKER, None))
    }
    for name, one in ways.items():
        way = noted(one.function)
        setattr(way, RULE_MARKER, replace(one, function=way))
        setattr(Counted, name, way)
    run_state_machine_as_test(Counted, settings=LONG)
    assert len(ways) >= 25
    missed = [pair for pair in itertools.product(ways, ways) if pair not in met]
    assert {one for pair in met for one in pair} == ways.keys()
    assert len(missed) * 10 <= len(ways) ** 2, (len(missed), sorted(missed))
