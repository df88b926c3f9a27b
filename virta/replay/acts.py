"""People's acts on a running system: through its own pages and API, by the links in their own mails."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from starlette.applications import Starlette

from engine.mail.measured import LINK, PIXEL
from engine.run import simulate
from engine.run.machines import BURST
from engine.run.measurement import Measurement
from virta.replay.calling import Answer, Caller
from virta.replay.page_form import form_of
from virta.replay.postbox import Letter, Postbox, Whose
from virta.visitors import (
    NAMES,
    Act,
    Bounces,
    Chooses,
    Clicks,
    Complains,
    Confirms,
    Event,
    Opens,
    Sets,
    SignsUp,
    Withdraws,
)

_LARGEST_CALL = 1000
_CODES = {"hard": "5.1.1", "soft": "4.2.2"}
_BROWSER = "Mozilla/5.0 (Virta replay)"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


SomeAct = TypeVar("SomeAct", bound=Act)


class ReplayFault(Exception):
    """An act could not be done; the message says whose and why."""


class Replay:
    """Performs acts by HTTP calls to `pages`, in process. `key` is a key of the API; `whose` tells which step
    sent a mail. `undone` counts by kind what could not be done, since the mail for it never came."""

    def __init__(
        self,
        pages: Starlette,
        url: str,
        key: str,
        mailbox: Path,
        whose: Whose,
        measurement: Measurement,
    ) -> None:
        self.undone: Counter[str] = Counter()
        self._call = Caller(pages, url, _BROWSER)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._post = Postbox(mailbox, whose)
        self._measurement = measurement
        # the project's own pages may have such paths too: ours are those of our own host
        host = re.escape(url.rstrip("/").encode())
        self._confirmation = re.compile(host + rb"(/c/[\w.\-]+)")
        self._preferences = re.compile(host + rb"(/p/[\w.\-]+)")
        self._pixel = re.compile(rb'src="' + host + rb"(" + PIXEL.encode() + rb'[\w\-]+\.gif)"')
        self._link = re.compile(rb'href="' + host + LINK.encode() + rb'([\w\-]+)"')

    def acts(self, acts: Iterator[Act]) -> Iterator[simulate.Act]:
        """The same acts as the engine's simulation takes them, those of one moment and kind in one call where
        the API has one; and the moments at which what was opened and clicked is known to be so."""
        known = 0  # when the last hits will be, 0: none wait
        for (at, kind), group in groupby(acts, key=lambda act: (act.at, type(act))):
            if known and known <= at:
                yield self._settling(known)
                known = 0
            yield simulate.Act(at, self._doing(kind, list(group)))
            if kind in (Opens, Clicks) and not known:
                known = at + BURST
        if known:
            yield self._settling(known)

    def _settling(self, at: int) -> simulate.Act:
        return simulate.Act(at, lambda: self._measurement.settle(at))

    def _doing(self, kind: type[Act], group: list[Act]) -> simulate.Doing:
        async def perform() -> None:
            if kind is Event:
                await self._events([act for act in group if isinstance(act, Event)])
            elif kind is Sets:
                await self._contacts([act for act in group if isinstance(act, Sets)])
            elif kind is SignsUp:
                await self._sign_ups([act for act in group if isinstance(act, SignsUp)])
            else:
                for act in group:
                    if not await self._done(act):
                        self.undone[NAMES[kind]] += 1

        return perform

    async def _done(self, act: Act) -> bool:
        """Do it; False if there is no mail by which it could be done."""
        match act:
            case Confirms():
                return await self._confirm(act)
            case Withdraws():
                return await self._withdraw(act)
            case Opens():
                return await self._open(act)
            case Clicks():
                return await self._click(act)
            case Chooses():
                return await self._choose(act)
            case Complains():
                return await self._return(act, {"kind": "complaint"})
            case Bounces():
                return await self._return(act, {"kind": "bounce", "code": _CODES[act.kind]})
        raise TypeError(f"{type(act).__name__} is done with others of its moment")

    # by the API

    async def _sign_ups(self, acts: list[SignsUp]) -> None:
        for act in acts:
            wish = {"email": act.email, "topics": act.topics, "language": act.language, "form": "replay"}
            await self._tell("/v1/signups", wish, (act.email,))
        known = [Sets(act.at, act.email, act.attributes) for act in acts if act.attributes]
        await self._contacts(known)

    async def _contacts(self, acts: list[Sets]) -> None:
        for part in _calls(acts):
            body = [{"email": act.email, "attributes": act.attributes} for act in part]
            await self._tell("/v1/contacts", {"contacts": body}, [act.email for act in part])

    async def _events(self, events: list[Event]) -> None:
        for part in _calls(events):
            body = [_event(event) for event in part]
            await self._tell("/v1/events", {"events": body}, [event.email for event in part])

    async def _return(self, act: Complains | Bounces, report: dict[str, str]) -> bool:
        letter = await self._post.newest(act.email, act.flow, act.step)
        if letter is None:
            return False
        report["message_id"] = f"<{letter.key}@mailbox>"
        await self._tell("/v1/returns", {"returns": [report]}, (act.email,))
        return True

    async def _tell(self, path: str, body: object, who: Sequence[str]) -> None:
        """`who` names the people of the body's entries, in their order."""
        answer = await self._call("POST", path, msgspec.json.encode(body), self._headers)
        said = answer.json()
        if answer.status != 202:
            raise ReplayFault(f"an act of {who[0]} was refused: {said['error']['message']}")
        for rejected in said.get("rejected", ()):
            raise ReplayFault(f"an act of {who[rejected['index']]} was refused: {rejected['reason']}.")

    # by the links in mails

    async def _confirm(self, act: Confirms) -> bool:
        for letter in self._post.newest_first(act.email):
            link = self._confirmation.search(self._post.content(letter)) if letter.proof else None
            if link is not None:
                await self._fill_in(link[1].decode(), act.email, {})
                return True
        raise ReplayFault(f"{act.email} has not got a proof mail.")

    async def _withdraw(self, act: Withdraws) -> bool:
        for letter in self._post.newest_first(act.email):
            if letter.unsubscribe:
                await self._fill_in(letter.unsubscribe, act.email, {"List-Unsubscribe": ["One-Click"]})
                return True
        return False

    async def _choose(self, act: Chooses) -> bool:
        for letter in self._post.newest_first(act.email):
            link = self._preferences.search(self._post.content(letter)) if letter.unsubscribe else None
            if link is None:
                continue
            path = link[1].decode()
            shown = _fine(await self._call("GET", path), 200, act.email)
            await self._fill_in(path, act.email, form_of(shown.text()) | _choice(act))
            return True
        return False

    async def _open(self, act: Opens) -> bool:
        letter = await self._post.newest(act.email, act.flow, act.step)
        pixel = self._pixel.search(self._post.content(letter)) if letter is not None else None
        if pixel is None:
            return False
        _fine(await self._call("GET", pixel[1].decode()), 200, act.email)
        return True

    async def _click(self, act: Clicks) -> bool:
        letter = await self._post.newest(act.email, act.flow, act.step)
        links = self._links(letter) if letter is not None else []
        token = _chosen(links, act.link)
        if token is None:
            return False
        _fine(await self._call("GET", f"/l/{token}"), 302, act.email)
        return True

    def _links(self, letter: Letter) -> list[tuple[str, str]]:
        """Token and target of each measured link, in order."""
        tokens = [token.decode() for token in self._link.findall(self._post.content(letter))]
        targets = [(token, self._measurement.target(token)) for token in tokens]
        return [(token, target) for token, target in targets if target is not None]

    async def _fill_in(self, path: str, who: str, form: dict[str, list[str]]) -> None:
        body = urlencode(form, doseq=True).encode()
        _fine(await self._call("POST", path, body, _FORM), 200, who)


def _calls(acts: list[SomeAct]) -> Iterator[list[SomeAct]]:
    for start in range(0, len(acts), _LARGEST_CALL):
        yield acts[start : start + _LARGEST_CALL]


def _event(event: Event) -> dict[str, object]:
    said: dict[str, object] = {
        "id": event.id,
        "event": event.event,
        "contact": {"email": event.email},
        "data": event.data,
    }
    if event.happened is not None:
        said["at"] = datetime.fromtimestamp(event.happened / 1000, UTC)
    return said


def _choice(act: Chooses) -> dict[str, list[str]]:
    """What the person changes on the page."""
    changed: dict[str, list[str]] = {}
    if act.topics is not None:
        changed["topic"] = list(act.topics)
    if act.frequency is not None:
        changed["frequency"] = [act.frequency or "any"]
    if act.pause is not None:
        changed["pause"] = [str(act.pause)]
    if act.language is not None:
        changed["language"] = [act.language]
    return changed


def _chosen(links: list[tuple[str, str]], link: int | str) -> str | None:
    """The token of the link at this place, or the first whose target has this part."""
    if isinstance(link, int):
        return links[link][0] if 0 <= link < len(links) else None
    return next((token for token, target in links if link in target), None)


def _fine(answer: Answer, status: int, who: str) -> Answer:
    if answer.status != status:
        raise ReplayFault(f"the page behind the link of {who} answered {answer.status}.")
    return answer
