"""What a model of leaving knows: who left what and when, and who has become part of whom."""

import asyncio
import hashlib
import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine

from consent.client import InProcess
from consent.keys import Keys
from consent.ledger.whose import living
from consent.service import open_service

_IN_MEMORY = Path("/dev/shm")
ADDRESSES = ("anna@kafija.example", "berta@kafija.example")
ALL = ("news", "offers", "similar")


class WhoLeft(RuleBasedStateMachine):
    """A service over a folder, and what the people there have said, by their addresses."""

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

        self.entropy, self.keys = entropy, replace(Keys.random(entropy), holds=(entropy(32),))
        # Where the system has it, a file system without a disk: here nothing loses its power.
        place = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="virta-back-", dir=place))
        self.open()
        self.number = itertools.count()
        self.left = {}  # (address, topic) → when, and who they were then
        self.of_all = set()  # of what was left: by a word about all marketing
        self.confirmed = {}  # (address, topic) → when, whoever it was
        self.links = {}  # token → the address it was mailed to, and when
        self.notices = []  # tokens by which somebody closes that they get another address
        self.ticks = itertools.count()
        self.mails = {}  # key of a mail that arrived → whom it was for
        self.ids = {}  # everybody who ever was, in order
        self.stops = 0

    def open(self):
        """The service, over what is in the folder."""
        self.service = open_service(
            self.folder / "consent.db",
            self.keys,
            origin="kafija.example/consent",
            public_url="https://kafija.example",
            team=(),
            clock=lambda: self.now,
            entropy=self.entropy,
        )
        self.client = InProcess(self.service)

    def do(self, coroutine):
        """Run to the end."""
        return self.loop.run_until_complete(coroutine)

    def key(self):
        """A fresh key."""
        return hashlib.sha256(f"mail {next(self.number)}".encode()).hexdigest()[:32]

    def subject(self, person):
        """The person's id."""
        found = self.do(self.client.subjects([person]))[0]
        self.ids[found] = None
        return found

    def addresses(self, subject):
        """By which whoever an id is part of now is known: by those that they had before too."""
        whole = self.whole(subject)
        return [address for address in ADDRESSES if self.subject(address) == whole]

    def whole(self, subject):
        """Whoever an id is part of now."""
        return self.service.read(lambda reading: living(reading, [subject])).get(subject, subject)

    def leave(self, person, topics):
        """They stop these."""
        subject = self.subject(person)
        self.leave_at(self.addresses(subject), subject, topics)

    def leave_all(self, person):
        """They say so of all marketing in one word."""
        subject = self.subject(person)
        self.leave_all_at(self.addresses(subject), subject)

    def leave_at(self, addresses, subject, topics):
        """Whoever has these addresses stops these topics."""
        who = self.whole(subject)
        self.left |= {(address, topic): (next(self.ticks), who) for address in addresses for topic in topics}

    def leave_all_at(self, addresses, subject):
        """Whoever has these addresses wants no marketing."""
        self.leave_at(addresses, subject, ALL)
        self.of_all |= {self.left[address, topic][0] for address in addresses for topic in ALL}

    def become_one(self, subject):
        """What was left at either address is left at both; but what they confirmed after a word about all
        marketing they have confirmed after it, at whichever address either was said."""
        for topic in ALL:
            own = max(self.confirmed.get((one, topic), -1) for one in ADDRESSES)
            ticks = [self.left[one, topic][0] for one in ADDRESSES if (one, topic) in self.left]
            ticks = [tick for tick in ticks if tick > own or tick not in self.of_all]
            for one in ADDRESSES:
                self.left.pop((one, topic), None)
                if ticks:
                    self.left[one, topic] = (max(ticks), subject)
