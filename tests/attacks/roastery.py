"""The coffee shop of examples/ behind a port, and each of its mails, sent to a person of its own."""

import asyncio
import contextlib
import email
import email.policy
import re
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import httpx2
import uvicorn
from dice import Dice
from kafija import LANGUAGES, MUCH, compiled, settings
from msgspec.structs import replace
from starlette.types import ASGIApp

from consent.contract import Ask, MailClass, Outcome, Permit, Settlement, SignUp, Visit
from consent.keys import Keys
from dsl.graph import Send
from engine.calls.recorder import Recorder
from engine.core.bundle import MailBody
from engine.mail.kept import Kept
from engine.mail.letters import Letters
from engine.mail.message import Letter, build, wire
from engine.store.batch import Batch
from engine.store.handed import Handed
from virta.consent_door import admission_of
from virta.consent_settings import Consent
from virta.keys import ProjectKeys
from virta.mailing import letters_of, marks_of
from virta.settings import Api
from virta.wiring import System, World, open_system

TOPICS = ("news", "offers", "guide", "personalisation", "measurement")
KEY = "the shop's own key"
VISIT = Visit("192.0.2.7", "Mozilla/5.0", "")
_URL = re.compile(r"""https?://[^\s<>"']+""")


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail as it arrived: its name, its language, and every web address in it."""

    name: str
    language: str
    links: tuple[str, ...]


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Roastery:
    """The shop, `url` being where it is reached. `clock` gives ms UTC."""

    def __init__(
        self, system: System, letters: Letters, url: str, folder: Path, clock: Callable[[], int]
    ) -> None:
        self.system = system
        self.url = url
        self._letters = letters
        self._folder = folder
        self._clock = clock
        self._number = 0

    def browser(self, ip: str = "192.0.2.9", **headers: str) -> httpx2.AsyncClient:
        """A client at `ip` that speaks to the shop's pages without a socket between."""
        transport = httpx2.ASGITransport(self.system.pages, client=(ip, 50123))
        return httpx2.AsyncClient(transport=transport, base_url=self.url, headers=headers)

    async def everything(
        self, languages: Sequence[str] = LANGUAGES, names: Collection[str] = ()
    ) -> list[Sent]:
        """Each mail, or those with these `names`, in each language, to a person of its own who agreed to all
        there is; and a proof mail that was followed, and one that was not."""
        program = compiled().program
        assert program is not None
        sends = {
            node.template: (graph.flow, node.topic)
            for graph in program.flows
            for node in graph.nodes
            if isinstance(node, Send) and (not names or node.template in names)
        }
        found = []
        for language in languages:
            for name, (flow, topic) in sorted(sends.items()):
                _, subject = await self._join(language)
                found.append(await self._send(name, language, flow, topic, subject))
            used, _ = await self._join(language)
            unused, _ = await self._asked(language)
            found += [used, unused]
        return found

    async def _asked(self, language: str) -> tuple[Sent, str]:
        """A proof mail, and the token that confirms."""
        self._number += 1
        consent = self.system.consent
        wish = SignUp(f"person-{self._number}@example.com", TOPICS, language, "footer", b"", VISIT)
        await consent.sign_up(wish)
        [proof] = await consent.proofs()
        [decision] = await consent.decide([proof.ask])
        letter = self._letters.proof(language, proof.wording, decision)
        permit = await self._permit(proof.ask)
        return self._arrived("confirm", language, letter, permit), decision.links.confirm.rpartition("/")[2]

    async def _join(self, language: str) -> tuple[Sent, str]:
        """Somebody who confirmed; their proof mail, and their id."""
        sent, token = await self._asked(language)
        receipt = await self.system.consent.confirm(token, VISIT)
        return sent, receipt.subject

    async def _send(self, name: str, language: str, flow: str, topic: str, subject: str) -> Sent:
        key = f"{self._number:032x}"
        service = topic not in TOPICS
        class_ = MailClass.SERVICE if service else MailClass.MARKETING
        ask = Ask(key, 1, subject, class_, topic, self._letters.digest(name), trigger="t")
        [decision] = await self.system.consent.decide([ask])
        assert decision.allowed, (name, decision.reason)
        body = MailBody(
            flow=flow,
            journey="j",
            step=name,
            template=name,
            topic=topic,
            service=service,
            at=self._clock(),
            trigger_id="t",
            attributes={"id": subject, "language": language, **MUCH["attributes"]},
            trigger=MUCH["trigger"],
            received={},
            values=MUCH["values"],
        )
        letter = self._letters.letter(body, decision)
        permit = await self._permit(replace(ask, variant=decision.variant, measured=decision.measured))
        await self._handed(key, subject, body, letter)
        return self._arrived(name, language, letter, permit)

    async def _permit(self, ask: Ask) -> Permit:
        consent = self.system.consent
        claimed = await consent.claim("harness", [ask], [])
        assert claimed.denied == ()
        [permit] = claimed.permits
        await consent.settle("harness", [Settlement(ask.key, 1, Outcome.ACCEPTED, 250)])
        return permit

    async def _handed(self, key: str, subject: str, body: MailBody, letter: Letter) -> None:
        batch = Batch()
        batch.handed.append(
            Handed(key, subject, self._clock(), body.flow, body.step, body.template, body.topic)
        )
        await self.system.store.commit(batch)
        if letter.kept:
            await self.system.store.keep_mails([Kept(key, subject, self._clock(), True, letter.kept)])

    def _arrived(self, name: str, language: str, letter: Letter, permit: Permit) -> Sent:
        """All web addresses in the finished message: in its header, its HTML and its text."""
        data = wire(
            build(permit.key, letter, "kafija.example", self._clock()), permit.recipient, permit.headers
        )
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        texts = [str(value) for value in parsed.values()]
        texts += [part.get_content() for part in parsed.walk() if not part.is_multipart()]
        links = dict.fromkeys(unescape(link) for text in texts for link in _URL.findall(text))
        return Sent(name, language, tuple(links))

    async def stored(self) -> dict[str, str]:
        """All that the shop has on its disk: each row of each table, and the bytes of each other file."""
        await self.system.measurement.finish()
        found: dict[str, str] = {}
        for path in sorted(self._folder.rglob("*")):
            if path.suffix == ".db":
                with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
                    found[path.name] = "\n".join(store.iterdump())
            elif path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock")):
                found[path.name] = path.read_bytes().hex()
        return found


@contextlib.asynccontextmanager
async def opened(
    folder: Path,
    clock: Callable[[], int],
    pages: Callable[[ASGIApp], ASGIApp] = lambda app: app,
    limits: Consent | None = None,
) -> AsyncIterator[Roastery]:
    """The shop, answering on a port until the end; `pages` may put something before its pages, and `limits`
    are those of its sign-ups. In the same folder it is the same shop, in another life."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        there = replace(settings(), url=url, api=(Api(key=KEY),), consent=limits or Consent())
        keys = ProjectKeys(Keys.random(Dice("keys")), b"j" * 32)
        world = World(Recorder(), clock, Dice(), admission=admission_of(there, clock))
        system = await open_system(folder, there, compiled(), keys, world)
        letters = letters_of(compiled(), there, marks_of(there, keys))
        config = uvicorn.Config(pages(system.pages), log_config=None, lifespan="off", proxy_headers=False)
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it by nothing else
            await asyncio.sleep(0)
        try:
            yield Roastery(system, letters, url, folder, clock)
        finally:
            server.should_exit = True
            await serving
            system.attempts.close()
            system.store.close()
            await system.door.close()
