"""Imports, and undoing them, between all else that may happen: nobody who left is brought back."""

import itertools
import json

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select
from test_states_over_time import PEOPLE, TOPICS, Lives

from consent.contract import Ask, MailClass
from consent.contract.imports import Attested, Entry, Import, ImportFile, Stood
from consent.store.tables import leaves
from consent.subscriber.imported import begin, end, take
from consent.subscriber.taken_back import brought_by, take_back, undone

FILES = (ImportFile("people.csv", "a" * 64, "people"),)
WITHOUT_PURPOSE = ("complaint", "bounced.hard", "erasure.requested")


class Moves(Lives):
    """What is agreed to by an attestation is in the model like any consent; who may be brought is told by the
    leaves alone."""

    def __init__(self):
        super().__init__()
        self.ids = (f"{n:012x}" for n in itertools.count())
        self.imports = []

    def stays_away(self, person, topic):
        """Whether the last word about a topic was a stop."""
        rows = select(leaves.c.body).where(leaves.c.subject == self.subject(person)).order_by(leaves.c.seq)
        found = self.service.read(lambda reading: reading.conn.scalars(rows).all())
        told = [json.loads(body) for body in found]
        away = False
        for leaf in told:
            if leaf["type"] in WITHOUT_PURPOSE or (
                leaf["to"] in ("withdrawn", "refused") and leaf["purpose"] == topic
            ):
                away = True
            elif leaf["type"] == "confirmed" and leaf["purpose"] == topic:
                away = False
        return away

    def may(self, person, topic):
        """Whether a mail might go."""
        ask = Ask("f" * 32, 1, self.subject(person), MailClass.MARKETING, topic, "t")
        [decision] = self.do(self.client.decide([ask]))
        return decision.allowed

    @rule(person=PEOPLE, topic=TOPICS, stood=st.sampled_from([*Stood]), confirmed=st.booleans())
    def move_in(self, person, topic, stood, confirmed):
        """Somebody stands in another system's list, attested as well as can be."""
        away = self.stays_away(person, topic)
        said = Attested("b" * 64, "Anna", "2026-03-01", (topic,), "form", "words", "by hand")
        what = Import(next(self.ids), "csv", FILES, (topic,), "me", (), said)
        entry = Entry(0, 2, person, stood, confirmed_at=self.now - 1 if confirmed else 0)
        self.service.write(lambda tx: begin(tx, what, b"attestation"))
        self.service.write(lambda tx: take(tx, what.id, 0, [entry]))
        self.service.write(lambda tx: end(tx, what.id, {}))
        self.imports.append(what.id)
        allowed = self.may(person, topic)
        if away or stood in (Stood.UNSUBSCRIBED, Stood.BOUNCED, Stood.COMPLAINED):
            assert not allowed
        if stood in (Stood.BOUNCED, Stood.COMPLAINED):
            self.active -= {(person, one) for one in ("news", "offers")}
        elif allowed:
            self.active.add((person, topic))
        else:
            self.active.discard((person, topic))

    @rule(data=st.data())
    def undo(self, data):
        """An import is taken back."""
        if not self.imports:
            return
        id_ = data.draw(st.sampled_from(self.imports))
        self.imports.remove(id_)
        before = {(person, topic) for person, topic in self.active if self.may(person, topic)}
        people = self.service.read(lambda reading: brought_by(reading, id_, -1, 100))
        known = [one.subject for one in people]  # they stay in the model
        self.service.write(lambda tx: take_back(tx, id_, people, known))
        self.service.write(lambda tx: undone(tx, id_))
        after = {(person, topic) for person, topic in self.active if self.may(person, topic)}
        assert after <= before
        self.active -= before - after


TestMoves = Moves.TestCase
TestMoves.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)
