"""Whatever anybody does, in whatever order and by whatever door: whoever withdrew, objected or complained is
sent no marketing, until they themselves confirm anew; at none of their addresses, and not as a part of
somebody else."""

import hashlib
import io
import itertools
import shutil
import sqlite3
from contextlib import closing, suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from who_left import ADDRESSES, ALL, WhoLeft

from consent.contract import (
    Ask,
    Basis,
    Heard,
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
from consent.contract.imports import Attested, Entry, Import, ImportFile, Stood
from consent.export.archive import write_archive
from consent.ledger.subjects import load
from consent.proof.verify import verify
from consent.store.stops import Stop
from consent.subscriber import imported
from consent.subscriber.replay import replay

DAY = 86_400_000
PEOPLE = st.sampled_from(ADDRESSES)
TOPICS = st.sampled_from(ALL)
ASKED = st.sampled_from(["news", "offers"])
STOPPING = ["withdrawn", "objected.marketing", "objected.profiling"]
SAID = [*STOPPING, "restricted", "restriction.lifted", "request.received", "rectified", "exported"]


def purposes(wording):
    """Two topics that rest on consent, one that rests on sales."""
    asked = [Purpose(t, Basis.CONSENT, {"en": t}, {"en": f"{wording} {t}"}, "Kafija SIA") for t in ALL[:2]]
    bought = Purpose("similar", Basis.SOFT_OPT_IN, {"en": "similar"}, {}, "Kafija SIA", similar="coffee")
    return (*asked, bought)


class NoWayBack(WhoLeft):
    """The model knows who left what, and forgets it only when they press the button in a fresh proof mail."""

    @initialize()
    def begin(self):
        """The first words."""
        self.publish("I want", ())
        self.back_up()

    @rule(
        wording=st.sampled_from(["I want", "I would like", "Send me"]),
        editorial=st.sampled_from([(), ("news", "offers")]),
        without=st.sampled_from(["", "news"]),
    )
    def change_words(self, wording, editorial, without):
        """The administrator changes words, says what they mean, leaves a topic out, brings it back."""
        self.publish(wording, editorial, without)

    def publish(self, wording, editorial, without=""):
        """Publish."""
        kept = tuple(one for one in purposes(wording) if one.topic != without)
        facts = (TemplateFacts("t", "t", unsubscribe=True, imprint=True),)
        self.do(self.client.publish(Policy(kept, facts, editorial=editorial)))

    @rule(person=PEOPLE, topics=st.sets(ASKED, min_size=1))
    def page_sign_up(self, person, topics):
        """Somebody, perhaps somebody else, enters the address."""
        with suppress(ValueError):  # the topic is gone just now
            self.do(self.client.sign_up(SignUp(person, tuple(topics), "en", "form", b"<form>")))

    @rule(outcome=st.sampled_from([Outcome.ACCEPTED, Outcome.DEFERRED]))
    def mail_proofs(self, outcome):
        """Proof mails go out."""
        asks = [proof.ask for proof in self.do(self.client.proofs())]
        decided = {one.key: one.links for one in self.do(self.client.decide(asks))} if asks else {}
        claimed = self.do(self.client.claim("proofs", asks, []))
        self.do(
            self.client.settle("proofs", [Settlement(p.key, p.attempt, outcome) for p in claimed.permits])
        )
        for permit in claimed.permits:
            links = decided[permit.key]
            if links.confirm:
                self.links[links.confirm.rpartition("/")[2]] = (permit.recipient, next(self.ticks))
            else:
                self.notices.append(links.refuse.rpartition("/")[2])

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def confirm(self, data):
        """The one way back: their own button, in a mail that was asked for after they left."""
        self.press(data.draw(st.sampled_from(sorted(self.links))))

    def press(self, token):
        """The button behind a link."""
        with suppress(LinkRefused):
            receipt = self.do(self.client.confirm(token, Visit("192.0.2.7")))
            if receipt.type == "address.changed":
                self.become_one(receipt.subject)
                return
            _, mailed = self.links[token]
            word = next(self.ticks)
            for address, topic in itertools.product(self.addresses(receipt.subject), ALL):
                if topic in receipt.topics:
                    self.confirmed[address, topic] = word
                when, who = self.left.get((address, topic), (mailed, receipt.subject))
                # Whoever comes back behind an erasure, or to an address that was left, is somebody else.
                if who != receipt.subject or (when < mailed and topic in receipt.topics):
                    del self.left[address, topic]

    @precondition(lambda self: self.links)
    @rule(data=st.data())
    def refuse(self, data):
        """“This wasn't me.”"""
        with suppress(LinkRefused):
            tokens = sorted(self.links) + self.notices
            self.do(self.client.refuse(data.draw(st.sampled_from(tokens)), Visit()))

    @rule(person=PEOPLE, to=PEOPLE)
    def ask_to_move(self, person, to):
        """Somebody asks for another address, on the page behind a fresh link."""
        self.now += 2_000
        token = self.service.parts.tokens.preferences(self.subject(person)).rpartition("/")[2]
        self.do(self.client.ask_to_move(token, to, Visit("192.0.2.7")))

    @rule(person=PEOPLE, topics=st.sets(ASKED, min_size=1))
    def sign_up_and_confirm(self, person, topics):
        """Somebody goes the whole way at once."""
        self.page_sign_up(person, topics)
        self.press_newest(person)

    @rule(person=PEOPLE, to=PEOPLE)
    def move(self, person, to):
        """The same with another address."""
        self.ask_to_move(person, to)
        self.press_newest(to)

    def press_newest(self, address):
        """The mails go, and the one that came last to an address is answered."""
        self.mail_proofs(Outcome.ACCEPTED)
        mailed = [(when, token) for token, (to, when) in self.links.items() if to == address]
        if mailed:
            self.press(max(mailed)[1])

    @rule(stays=PEOPLE, goes=PEOPLE)
    def merge(self, stays, goes):
        """A shop says that two of its contacts are one person."""
        subject = self.subject(stays)
        if self.do(self.client.merge(subject, self.subject(goes), "shop")) is Heard.NEW:
            self.become_one(subject)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), topic=TOPICS)
    def old_link(self, data, topic):
        """The link in a mail that went to somebody who may have become part of somebody else since."""
        old = data.draw(st.sampled_from(list(self.ids)))
        token = self.service.parts.tokens.unsubscribe(old, topic).rpartition("/")[2]
        addresses = self.addresses(old)
        with suppress(*() if addresses else (LinkRefused,)):  # of whoever is known it always counts
            self.do(self.client.withdraw(token, "page", False, Visit()))
            self.leave_at(addresses, old, {topic})

    @rule(person=PEOPLE, topic=TOPICS, everything=st.booleans())
    def withdraw(self, person, topic, everything):
        """The link in a mail."""
        token = self.service.parts.tokens.unsubscribe(self.subject(person), topic).rpartition("/")[2]
        self.do(self.client.withdraw(token, "one_click", everything, Visit()))
        known = {one for one in ALL if self.stands(person, one) != "none"}
        self.leave(person, known if everything else {topic})

    @rule(person=PEOPLE, topics=st.sets(ASKED))
    def choose(self, person, topics):
        """The preferences page: what is not ticked is left, what is ticked is only asked for."""
        token = self.service.parts.tokens.preferences(self.subject(person)).rpartition("/")[2]
        going = {one for one in ALL if self.stands(person, one) not in ("none", "refused", "expired")}
        with suppress(ValueError):
            self.do(self.client.choose(token, tuple(topics), "en", Visit()))
            self.leave(person, going - topics)

    @rule(person=PEOPLE, what=st.sampled_from(SAID), topic=st.sampled_from(["", *ALL]))
    def operator(self, person, what, topic):
        """An operator enters what came by post."""
        subject = self.subject(person)
        known = {one for one in ALL if self.stands(person, one) != "none"}
        heard = self.do(self.client.record(subject, what, "operator:rights_request", topic))
        if heard is not Heard.NEW:
            return
        if what == "withdrawn":
            self.leave(person, {topic} if topic else known)
        if what == "objected.marketing":
            self.leave_all(person)

    @rule(person=PEOPLE, topic=st.sampled_from(["", *ALL]))
    def flow(self, person, topic):
        """A flow unsubscribes its reader, as far as they agreed."""
        before = {one for one in ALL if self.may(person, one)}
        self.do(self.client.withdraw_by_flow(self.subject(person), topic, "win_back", self.key()))
        self.leave(person, before & ({topic} if topic else set(ALL)))

    @precondition(lambda self: self.mails)
    @rule(data=st.data())
    def complain(self, data):
        """Somebody's mail program says “spam”."""
        key = data.draw(st.sampled_from(sorted(self.mails)))
        heard = self.do(self.client.complained(key))
        if heard is Heard.NEW:
            subject = self.mails[key]
            self.leave_all_at(self.addresses(subject), subject)

    @rule(person=PEOPLE, days=st.integers(0, 900), order=st.integers(1, 4), objected=st.booleans())
    def buy(self, person, days, order, objected):
        """A sale, an old one too, or one that was told of before; some say no at the checkout."""
        at = self.now - days * DAY
        sale = Sale(self.subject(person), "similar", f"o-{order}", at, "coffee", "a box", objected=objected)
        with suppress(ValueError):
            self.do(self.client.bought([sale]))

    @rule(
        person=PEOPLE,
        stood=st.sampled_from([Stood.SUBSCRIBED, Stood.UNSUBSCRIBED, Stood.COMPLAINED]),
        attested=st.booleans(),
    )
    def import_(self, person, stood, attested):
        """A list of another system, with or without an attestation."""
        id_ = self.key()
        said = Attested("d" * 64, "A. Liepa", "2026-03-02", ALL[:2], "form", "I want", "by hand")
        files = (ImportFile("left.csv", "e" * 64, "left"), ImportFile("on.csv", "f" * 64, "on"))
        what = Import(id_, "csv", files, ALL[:2], "operator", attested=said if attested else None)
        entry = Entry(0 if stood is not Stood.SUBSCRIBED else 1, 2, person, stood, "en", self.now - DAY)

        def work(tx):
            imported.begin(tx, what, b"attestation")
            taken = imported.take(tx, id_, 0, [entry])
            imported.end(tx, id_, {})
            return taken

        with suppress(ValueError):
            self.service.write(work)

    @rule(person=PEOPLE, topic=TOPICS, kind=st.sampled_from(["withdrawn", "complaint"]))
    def restore(self, person, topic, kind):
        """An older store is put back, and the stops file knows more than it."""
        self.stops += 1
        leaf = hashlib.sha256(f"lost {self.stops}".encode()).hexdigest()
        line = Stop(self.subject(person), topic if kind == "withdrawn" else "", kind, self.now, 10**9, leaf)
        known = self.stands(person, topic) not in ("none", "refused", "expired")
        self.service.write(lambda tx: replay(tx, [line]))
        if kind == "complaint":
            self.leave_all(person)
        elif known:
            self.leave(person, {topic})

    @rule()
    def back_up(self):
        """The store is kept as it is."""
        with closing(sqlite3.connect(self.folder / "consent.db")) as store:
            (self.folder / "kept.db").unlink(missing_ok=True)
            store.execute("VACUUM INTO ?", (str(self.folder / "kept.db"),))

    @rule()
    def put_back(self):
        """It is put back, and with it whole people may be lost; the files of stops and marks go on."""
        self.service.close()
        for end in ("-wal", "-shm"):
            (self.folder / f"consent.db{end}").unlink(missing_ok=True)
        shutil.copy(self.folder / "kept.db", self.folder / "consent.db")
        self.open()
        # Of people who were lost a mark on their address is left, whatever it was that they had said.
        people = [self.whole(who) for _, who in self.left.values()]
        there = self.service.read(lambda reading: load(reading, people))
        self.of_all |= {tick for tick, who in self.left.values() if self.whole(who) not in there}

    @rule(person=PEOPLE)
    def erase(self, person):
        """Everything of them goes; whoever enters the address next is somebody else, who is not written to
        either until they confirm."""
        subject = self.subject(person)
        addresses = self.addresses(subject)
        self.do(self.client.erase(subject, "operator"))
        self.leave_all_at(addresses, subject)

    @rule(hours=st.sampled_from([1, 24, 71, 96, 31 * 24, 800 * 24, 1200 * 24]))
    def time(self, hours):
        """Time passes, and what is due by it is done."""
        self.now += hours * DAY // 24
        while self.do(self.client.keep_times()).more:
            pass

    @rule(person=PEOPLE, topic=TOPICS)
    def mail(self, person, topic):
        """A mail goes, if it may."""
        ask = Ask(self.key(), 1, self.subject(person), MailClass.MARKETING, topic, "t")
        for permit in self.do(self.client.claim("engine", [ask], [])).permits:
            self.do(self.client.settle("engine", [Settlement(permit.key, 1, Outcome.ACCEPTED)]))
            self.mails[permit.key] = permit.subject
            assert (permit.recipient, topic) not in self.left

    def stands(self, person, topic):
        """The state in the person's own eyes."""
        token = self.service.parts.tokens.unsubscribe(self.subject(person), topic).rpartition("/")[2]
        view = self.do(self.client.unsubscription(token))
        return next((one.state for one in view.topics if one.topic == topic), "none")

    def may(self, person, topic):
        """Whether marketing may go now."""
        ask = Ask(self.key(), 1, self.subject(person), MailClass.MARKETING, topic, "t")
        return self.do(self.client.decide([ask]))[0].allowed

    @invariant()
    def whoever_left_is_left_alone(self):
        """The promise."""
        for person, topic in sorted(self.left):
            assert not self.may(person, topic), (person, topic)

    def teardown(self):
        """The auditor's own tool finds nothing wrong with the log that came of it."""
        file = io.BytesIO()
        try:
            self.service.read(lambda reading: write_archive(reading, file))
            assert verify(file, self.service.parts.signing.key()).authenticated
        finally:
            self.service.close()
            self.loop.close()
            shutil.rmtree(self.folder)


TestNoWayBack = NoWayBack.TestCase
TestNoWayBack.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)
