"""A consent service with a clock and randomness that tests hold in hand, and people to go with it."""

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from dice import Dice
from kafija_log import ORIGIN
from postgres_server import Running
from sqlalchemy import func, select, update
from starlette.applications import Starlette
from starlette.routing import Mount

from consent.app.access import Access, make_key
from consent.app.front import Fronted
from consent.app.limits import Admission, Limits
from consent.app.routes import Tally, build_app
from consent.calls import PREFIX, Scope
from consent.client import InProcess
from consent.client.remote import Remote
from consent.contract import (
    Ask,
    Basis,
    Claimed,
    ConsentClient,
    MailClass,
    Outcome,
    Permit,
    Policy,
    Purpose,
    Settlement,
    SignUp,
    TemplateFacts,
    Visit,
)
from consent.keys import Keys
from consent.ledger.policy import publish
from consent.service import Service, open_service
from consent.store.server import Server
from consent.store.stops import Stop, stops_path
from consent.store.tables import leaves, metadata, subjects
from consent.timed.believed import believe

DAY = 86_400_000
URL = "https://kafija.example"


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio."""
    return "asyncio"


class Clock:
    """Ms UTC; begins on Monday 2 March 2026, 09:00."""

    def __init__(self) -> None:
        self.now = 1_772_442_000_000

    def __call__(self) -> int:
        return self.now

    def pass_(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms


def digest(name: str) -> str:
    """A template's digest."""
    return hashlib.sha256(name.encode()).hexdigest()


POLICY = Policy(
    purposes=(
        Purpose(
            topic="newsletter",
            basis=Basis.CONSENT,
            title={"en": "News", "lv": "Jaunumi"},
            wording={"en": "I want news by e-mail.", "lv": "Vēlos saņemt jaunumus."},
            controller="Kafija SIA",
        ),
        Purpose(
            topic="offers",
            basis=Basis.CONSENT,
            title={"en": "Offers"},
            wording={"en": "I want offers by e-mail, at most two a month."},
            controller="Kafija SIA",
            cap_count=2,
            cap_unit="month",
        ),
        Purpose(
            topic="orders", basis=Basis.CONTRACT, title={"en": "Orders"}, wording={}, controller="Kafija SIA"
        ),
    ),
    templates=(
        TemplateFacts("hello", digest("hello"), unsubscribe=True, imprint=True),
        TemplateFacts("coupon", digest("coupon"), unsubscribe=True, imprint=True, promotional=True),
        TemplateFacts("bare", digest("bare"), unsubscribe=False, imprint=True),
        TemplateFacts("unsigned", digest("unsigned"), unsubscribe=True, imprint=False),
        TemplateFacts("receipt", digest("receipt"), unsubscribe=False, imprint=True),
    ),
)


class World:
    """A service and its client, with the short cuts that tests want."""

    def __init__(self, service: Service, clock: Clock, keys: Keys) -> None:
        self.service = service
        self.client: ConsentClient = InProcess(service)
        self.clock = clock
        self.keys = keys
        self.policy = POLICY
        self._keys = itertools.count(1)

    def key(self) -> str:
        """A fresh mail key."""
        return hashlib.sha256(f"mail {next(self._keys)}".encode()).hexdigest()[:32]

    def ask(
        self,
        subject: str,
        topic: str | None = "newsletter",
        *,
        mail_class: MailClass = MailClass.MARKETING,
        template: str = "hello",
        key: str = "",
        attempt: int = 1,
        trigger: str | None = None,
    ) -> Ask:
        """An ask for a marketing mail on the newsletter, unless said otherwise."""
        key = key or self.key()
        named = f"<{key}@kafija.example>"
        return Ask(key, attempt, subject, mail_class, topic, digest(template), trigger, message_id=named)

    settled = staticmethod(lambda permit, outcome=Outcome.ACCEPTED, code=250: _settled(permit, outcome, code))
    token = staticmethod(lambda url: url.rpartition("/")[2])
    digest = staticmethod(digest)

    async def subject(self, email: str) -> str:
        """The id of an address."""
        [found] = await self.client.subjects([email])
        assert found is not None
        return found

    async def sign_up(self, email: str, *topics: str, language: str = "en") -> None:
        """Someone asks for topics (the newsletter)."""
        visit = Visit("192.0.2.7", "Browser 1.0", "https://kafija.example/")
        await self.client.sign_up(
            SignUp(email, topics or ("newsletter",), language, "footer", b"<form>", visit)
        )

    async def mail_proofs(self, outcome: Outcome = Outcome.ACCEPTED) -> list[tuple[str, str]]:
        """Send every queued proof mail; the confirm and refuse tokens of each."""
        asks = [proof.ask for proof in await self.client.proofs()]
        decided = await self.client.decide(asks)
        claimed = await self.client.claim("proofs", asks, [])
        assert len(claimed.permits) == len(asks)
        await self.client.settle(
            "proofs", [Settlement(p.key, p.attempt, outcome, 250) for p in claimed.permits]
        )
        return [(_token(one.links.confirm), _token(one.links.refuse)) for one in decided]

    async def join(self, email: str, *topics: str, language: str = "en") -> str:
        """Sign up, get the proof mail, confirm; the subject's id."""
        await self.sign_up(email, *topics, language=language)
        [(confirm, _)] = await self.mail_proofs()
        return (await self.client.confirm(confirm, Visit())).subject

    async def send(self, *asks: Ask, outcome: Outcome = Outcome.ACCEPTED, code: int = 250) -> Claimed:
        """Claim and settle."""
        claimed = await self.client.claim("engine", asks, [])
        await self.client.settle("engine", [_settled(permit, outcome, code) for permit in claimed.permits])
        return claimed

    def pass_rightly(self, ms: int) -> None:
        """Let time pass, and an operator say so: a store on a disk does not believe it else."""
        self.clock.pass_(ms)
        self.service.write(believe)

    def lose(self, subject: str, topic: str, kind: str) -> None:
        """Let a stop stand in the file of stops whose leaf the store never got."""
        assert self.service._stops is not None
        leaf = hashlib.sha256(f"lost {next(self._keys)}".encode()).hexdigest()
        self.service._stops.write([Stop(subject, topic, kind, self.clock.now, self.count("leaves"), leaf)])

    def damage(self, column: str = "address", to: bytes = b"\0", subject: str = "") -> None:
        """Let a sealed column of a subject, or of all, hold something else."""
        broken = update(subjects).values({column: to})
        self.service.write(
            lambda tx: tx.conn.execute(broken.where(subjects.c.id == subject) if subject else broken)
        )

    def unsubscribe_token(self, subject: str, topic: str = "newsletter") -> str:
        """The token of the link in a marketing mail."""
        return _token(self.service.parts.tokens.unsubscribe(subject, topic))

    def preferences_token(self, subject: str) -> str:
        """The token of a link for preferences."""
        return _token(self.service.parts.tokens.preferences(subject))

    def types(self) -> list[str]:
        """The types of all leaves, in order."""
        query = select(leaves.c.type).order_by(leaves.c.seq)
        return list(self.service.read(lambda reading: reading.conn.scalars(query).all()))

    def count(self, table: str) -> int:
        """How many rows a table has."""
        query = select(func.count()).select_from(metadata.tables[table])
        return int(self.service.read(lambda reading: reading.conn.scalar(query)))


def _settled(permit: Permit, outcome: Outcome, code: int) -> Settlement:
    return Settlement(permit.key, permit.attempt, outcome, code)


def _token(url: str) -> str:
    return url.rpartition("/")[2]


Opener = Callable[..., World]


@pytest.fixture
def open_world() -> Iterator[Opener]:
    """Opens services with the policy published, and closes them in the end. `path` None: in memory."""
    opened: list[Service] = []

    def open_one(
        path: Path | Server | None = None,
        *,
        clock: Clock | None = None,
        durable: bool = False,
        seed: str = "",
        keys: Keys | None = None,
        lost: bool = False,
    ) -> World:
        clock = clock or Clock()
        keys = keys or Keys.random(Dice("keys"))
        service = open_service(
            path,
            keys,
            origin=ORIGIN,
            public_url=URL,
            team=("Team@kafija.example",),
            clock=clock,
            entropy=Dice(seed),
            durable=durable,
            lost=lost,
        )
        opened.append(service)
        service.write(lambda tx: publish(tx, POLICY))
        return World(service, clock, keys)

    yield open_one
    for service in opened:
        service.close()


ON_BOTH = (
    "test_claims",
    "test_erasure",
    "test_hold",
    "test_hold_notice",
    "test_import_in_parts",
    "test_import_taken_back",
    "test_imported",
    "test_mail_evidence",
    "test_reports",
    "test_settlements",
    "test_signup",
    "test_withdrawal",
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What holds in SQLite holds on a PostgreSQL server, and what holds in process holds over HTTP: tests of
    the rooms named run there each time, the others with the slow ones."""
    if "world" in metafunc.fixturenames:
        always = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
        marks = () if always else pytest.mark.slow
        others = [pytest.param(name, marks=marks) for name in ("postgres", "http")]
        metafunc.parametrize("world", ["sqlite", *others], indirect=True)


@pytest.fixture
def keys() -> Keys | None:
    """Those of `world`, for modules that want others than any."""
    return None


@pytest.fixture
def world(request: pytest.FixtureRequest, open_world: Opener, tmp_path: Path, keys: Keys | None) -> World:
    """A service that need not last: in memory, or on a server; or one whose client speaks HTTP to it."""
    opened = open_world(request.getfixturevalue("server") if request.param == "postgres" else None, keys=keys)
    if request.param == "http":
        opened.client = over_http(opened, tmp_path)
    return opened


def over_http(world: World, folder: Path) -> Remote:
    """The engine's client of a service that answers by HTTP, without a network between them."""
    file, freely = folder / "access.json", Limits(10_000, 10_000, 10_000, 10_000)
    key = make_key(file, "engine", [Scope.ENGINE], Dice("engine"), 0)
    front = Fronted(world.service, Admission(freely, world.clock))
    app = build_app(front, Access(file), asyncio.Event(), Tally())
    transport = httpx2.ASGITransport(Starlette(routes=[Mount(PREFIX.rstrip("/"), app)]))
    return Remote("http://consent.example", key, transport=transport, clock=world.clock)


@pytest.fixture
def server(postgres: Running, schema: Callable[[], str], tmp_path: Path) -> Server:
    """A schema of its own."""
    return Server(postgres.url, schema(), tmp_path / "consent.stops")


@pytest.fixture(params=["file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | Server:
    """Where a store may lie that is closed and opened again, with its file of stops beside."""
    found: Path | Server = tmp_path / "consent.db"
    return found if request.param == "file" else request.getfixturevalue("server")


@pytest.fixture
def stops(place: Path | Server) -> Path:
    """The file of stops of the store at `place`."""
    return place.stops if isinstance(place, Server) else stops_path(place)


@pytest.fixture
def stored(open_world: Opener, tmp_path: Path) -> World:
    """A service in a file."""
    return open_world(tmp_path / "consent.db")
