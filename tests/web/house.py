"""The whole web application over a real consent service, and a client that speaks HTTP to it."""

import hashlib
import re
import sqlite3
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from starlette.applications import Starlette

from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.app.pace import Pace
from consent.client import InProcess
from consent.contract import Ask, Basis, MailClass, Outcome, Policy, Purpose, Settlement, TemplateFacts
from consent.service import Service
from dsl.graph import EventType, FieldType, Finish, Graph, Needs, Program, StartByRequest, StartOnEvent
from engine.mail.measured import Marks
from engine.returns.intake import Intake
from engine.run.inbox import Inbox
from engine.run.measurement import Measurement
from engine.run.shown import ShownMails
from engine.store.batch import Batch
from engine.store.handed import Handed
from engine.store.store import Received, Store
from web.api import inbox as api
from web.api.keys import ApiKeys, Scope
from web.app import build_app
from web.brand import Brand

URL = "https://kafija.example"
KEY = "test-key-for-everything"
MONDAY = 1_772_442_000_000  # 2 March 2026, 09:00 UTC
HOUR = 3_600_000
DAY = 24 * HOUR
LANGUAGES = ("en", "lv", "fi", "uz")

NEWSLETTER = Purpose(
    topic="newsletter",
    basis=Basis.CONSENT,
    title={"en": "News and tips", "lv": "Jaunumi un padomi"},
    wording={
        "en": "I want news & tips by e-mail, at most four a month.",
        "lv": "Vēlos e-pastā saņemt jaunumus, ne vairāk kā četras vēstules mēnesī.",
    },
    controller="SIA Kafija",
)
OFFERS = Purpose(
    topic="offers",
    basis=Basis.CONSENT,
    title={"en": "Offers"},
    wording={"en": "I want offers by e-mail, at most two a month."},
    controller="SIA Kafija",
)
ORDERS = Purpose(
    topic="orders", basis=Basis.CONTRACT, title={"en": "Orders"}, wording={}, controller="SIA Kafija"
)
GIFT = TemplateFacts("gift", "9" * 64, unsubscribe=True, imprint=True)
POLICY = Policy(purposes=(NEWSLETTER, OFFERS, ORDERS), templates=(GIFT,))
TEXT, MONEY, NUMBER = FieldType("text"), FieldType("money"), FieldType("number")
ITEM = FieldType("record", fields=(("sku", TEXT), ("quantity", NUMBER), ("price", MONEY)))
PROGRAM = Program(
    attributes=(("first_name", TEXT), ("visits", NUMBER), ("birthday", FieldType("date"))),
    events=(
        EventType(
            "order_placed",
            (("order_id", TEXT), ("total", MONEY), ("items", FieldType("list", item=ITEM))),
        ),
        EventType("email_opened", (), built_in=True),
    ),
    topics=(),
    segments=(),
    flows=(
        Graph(
            "tasting", "Tasting", None, "service", (StartByRequest(),), (Finish("finish"),), Needs()
        ).sealed(),
        Graph(
            "thanks", "Thanks", None, "service", (StartOnEvent("order_placed"),), (Finish("finish"),), Needs()
        ).sealed(),
    ),
)
BRAND = Brand(
    name="Kafija",
    controller="SIA Kafija",
    contact="dati@kafija.example",
    imprint="SIA Kafija, Miera iela 1, Rīga LV-1001",
    time_zone="Europe/Riga",
)


class Clock:
    """Milliseconds UTC, moved by hand."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> int:
        return self.now


class House:
    """Application, services and the short cuts that tests want."""

    def __init__(self, service: Service, store: Store, path: Path, clock: Clock) -> None:
        self.service = service
        self.store = store
        self.path = path
        self.clock = clock
        self.consent: InProcess = InProcess(service)
        self.inbox = Inbox(store, PROGRAM, clock, lambda: None)
        self.marks = Marks(URL, b"m" * 32)
        self.measurement = Measurement(store, self.inbox, self.marks, clock)
        self.shown = ShownMails(store, self.consent, self.marks, clock, 90)
        self.returns = Intake(self.consent, store, self.inbox, clock)
        self.keys = ApiKeys.of([(KEY, Scope), ("events-only", ("events",))])
        self.app = self.served(self.inbox, self.keys)
        self.http = self.browser()

    def count(self, limits: Limits, pace: Pace | None = None) -> None:
        """From here on the world comes in within these limits."""
        self.consent = Fronted(self.service, Admission(limits, self.clock), pace)
        self.app = self.served(self.inbox, self.keys)
        self.http = self.browser()

    def served(self, inbox: api.Inbox, keys: ApiKeys, brand: Brand = BRAND) -> Starlette:
        """The application with an inbox, keys and a brand of one's own."""
        return build_app(
            self.consent,
            inbox,
            self.returns,
            self.measurement,
            self.shown,
            keys,
            brand,
            languages=LANGUAGES,
            url=URL,
            clock=self.clock,
        )

    async def received(self) -> list[Received]:
        """What stands in the engine's inbox, oldest first."""
        rows, *_ = await self.store.gather(0, self.clock.now, 10_000)
        return rows

    def browser(self, ip: str = "192.0.2.7", **headers: str) -> httpx2.AsyncClient:
        """A client at `ip`, with headers of its own."""
        transport = httpx2.ASGITransport(self.app, client=(ip, 50123))
        return httpx2.AsyncClient(transport=transport, base_url=URL, headers=headers)

    async def sign_up(self, email: str, *topics: str, language: str = "en") -> httpx2.Response:
        """Get the form, fill it in as a browser does, send it."""
        shown = await self.http.get("/signup", params={"language": language})
        return await self.http.post(
            "/signup", data={**hidden(shown.text), "email": email, "topic": list(topics or ("newsletter",))}
        )

    async def mailed(self) -> list[tuple[str, str]]:
        """Send all queued proof mails; the paths of the links to confirm and to refuse in each."""
        asks = [proof.ask for proof in await self.consent.proofs()]
        decided = await self.consent.decide(asks)
        claimed = await self.consent.claim("proofs", asks, [])
        await self.consent.settle(
            "proofs", [Settlement(p.key, p.attempt, Outcome.ACCEPTED, 250) for p in claimed.permits]
        )
        return [(path(one.links.confirm), path(one.links.refuse)) for one in decided]

    async def join(self, email: str, *topics: str, language: str = "en") -> str:
        """Sign up and confirm by the pages; the subject's id."""
        await self.sign_up(email, *topics, language=language)
        [(confirm, _)] = await self.mailed()
        assert (await self.http.post(confirm)).status_code == 200
        [subject] = await self.consent.subjects([email])
        assert subject is not None
        return subject

    async def of_each_kind(self) -> tuple[str, ...]:
        """Names at example.com that a sign-up may be for, with what they stand for; `new` is nobody yet."""
        await self.join("active@example.com")
        withdrawn = await self.join("withdrawn@example.com")
        await self.http.post(self.unsubscribe(withdrawn), data={"stop": "all"})
        await self.sign_up("refused@example.com")
        [(_, refuse)] = await self.mailed()
        await self.http.post(refuse)
        await self.sign_up("waiting@example.com")
        return ("new", "waiting", "active", "withdrawn", "refused", "ACTIVE")

    def ask(self, subject: str, key: str) -> Ask:
        """For a mail of the flow `welcome` on the newsletter."""
        return Ask(key, 1, subject, MailClass.MARKETING, "newsletter", GIFT.digest)

    async def mail(self, subject: str, key: str) -> None:
        """Hand such a mail over, now."""
        claimed = await self.consent.claim("engine", [self.ask(subject, key)], [])
        assert len(claimed.permits) == 1, claimed.denied
        await self.consent.settle("engine", [Settlement(key, 1, Outcome.ACCEPTED, 250)])
        batch = Batch()
        batch.handed.append(Handed(key, subject, self.clock.now, "welcome", "first", "gift", "newsletter"))
        await self.store.commit(batch)

    def unsubscribe(self, subject: str, topic: str = "newsletter") -> str:
        """The path of the unsubscribe link in a mail on `topic`."""
        return path(self.service.parts.tokens.unsubscribe(subject, topic))

    def preferences(self, subject: str) -> str:
        """The path of a fresh link for preferences."""
        return path(self.service.parts.tokens.preferences(subject))

    async def states(self, subject: str) -> dict[str, str]:
        """Where a person stands with each topic on offer."""
        view = await self.consent.preferences(self.preferences(subject).rpartition("/")[2])
        return {topic.topic: topic.state for topic in view.topics}

    def everything_stored(self) -> str:
        """A digest of every row of the consent store."""
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as store:
            dump = "\n".join(store.iterdump())
        store.close()
        return hashlib.sha256(dump.encode()).hexdigest()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query of the consent store gives."""
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as store:
            found = store.execute(query).fetchall()
        store.close()
        return found


def path(url: str) -> str:
    """The path of a URL that belongs to the house."""
    assert url.startswith(f"{URL}/")
    return urlsplit(url).path


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form on a page."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def joined(page: str) -> str:
    """A page without what keeps words with a hyphen on one line."""
    return re.sub(r'<span class="unbroken">(.*?)</span>', r"\1", page)


def heading(page: str) -> str:
    """The text of the page's first heading."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert found, page
    return unescape(found[1]).strip()
