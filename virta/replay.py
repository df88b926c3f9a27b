"""People's acts on a running system: through its own pages and API, by the links in their own mails."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import httpx2
from starlette.applications import Starlette

from engine.run import simulate
from virta.mailbox.reader import Mail, mails
from virta.visitors import Act, Confirms, Event, SignsUp, Withdraws

_CONFIRM = re.compile(rb"/c/[\w.\-]+")
_UNSUBSCRIBE = re.compile(rb"^List-Unsubscribe: <https?://[^/>]+(/[^>]*)>\r$", re.MULTILINE)
_LARGEST_CALL = 1000


class ReplayFault(Exception):
    """An act could not be done; the message says whose and why."""


@dataclass(slots=True)
class Links:
    """The newest links that each person got, read from the mailbox as it grows."""

    mailbox: Path
    _read: int = 0
    _confirm: dict[str, str] = field(default_factory=dict)
    _unsubscribe: dict[str, str] = field(default_factory=dict)

    def confirm(self, address: str) -> str:
        """The path behind the link of the newest proof mail. Raises `ReplayFault`."""
        return self._find(self._confirm, address, "proof mail")

    def unsubscribe(self, address: str) -> str:
        """The path in the `List-Unsubscribe` header of the newest mail. Raises `ReplayFault`."""
        return self._find(self._unsubscribe, address, "mail with a List-Unsubscribe header")

    def _find(self, known: dict[str, str], address: str, what: str) -> str:
        for mail in mails(self.mailbox, self._read):
            self._read = mail.end
            self._take(mail)
        if address not in known:
            raise ReplayFault(f"{address} has not got a {what}.")
        return known[address]

    def _take(self, mail: Mail) -> None:
        (address,) = mail.recipients
        for pattern, known in ((_CONFIRM, self._confirm), (_UNSUBSCRIBE, self._unsubscribe)):
            link = pattern.search(mail.content)
            if link is not None:
                known[address] = link.group(link.lastindex or 0).decode("ascii")


class Replay:
    """Performs acts by HTTP calls to `pages`, in process. `key` is a key of the API."""

    def __init__(self, pages: Starlette, url: str, key: str, mailbox: Path) -> None:
        self._http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=pages), base_url=url)
        self._headers = {"Authorization": f"Bearer {key}"}
        self._links = Links(mailbox)

    def acts(self, acts: Iterator[Act]) -> Iterator[simulate.Act]:
        """The same acts as the engine's simulation takes them, those of one moment and kind in one call."""
        for (at, kind), group in groupby(acts, key=lambda act: (act.at, type(act))):
            yield simulate.Act(at, self._doing(kind, list(group)))

    async def close(self) -> None:
        await self._http.aclose()

    def _doing(self, kind: type[Act], group: list[Act]) -> "simulate.Doing":
        async def perform() -> None:
            if kind is Event:
                await self._events([act for act in group if isinstance(act, Event)])
                return
            for act in group:
                match act:
                    case SignsUp():
                        await self._sign_up(act)
                    case Confirms():
                        await self._post(self._links.confirm(act.email), act.email)
                    case Withdraws():
                        path = self._links.unsubscribe(act.email)
                        await self._post(path, act.email, {"List-Unsubscribe": "One-Click"})

        return perform

    async def _sign_up(self, act: SignsUp) -> None:
        await self._call(
            "/v1/signups",
            {
                "email": act.email,
                "topics": act.topics,
                "language": act.language,
                "form": "replay",
            },
            (act.email,),
        )
        if act.attributes:
            contact = {"email": act.email, "attributes": act.attributes}
            await self._call("/v1/contacts", {"contacts": [contact]}, (act.email,))

    async def _events(self, events: list[Event]) -> None:
        for start in range(0, len(events), _LARGEST_CALL):
            part = events[start : start + _LARGEST_CALL]
            body = [
                {
                    "id": event.id,
                    "event": event.event,
                    "contact": {"email": event.email},
                    "data": event.data,
                }
                for event in part
            ]
            await self._call("/v1/events", {"events": body}, [event.email for event in part])

    async def _call(self, path: str, body: object, who: Sequence[str]) -> None:
        """`who` names the people of the body's entries, in their order."""
        reply = await self._http.post(path, json=body, headers=self._headers)
        said = reply.json()
        if reply.status_code != 202:
            raise ReplayFault(f"an act of {who[0]} was refused: {said['error']['message']}")
        for rejected in said.get("rejected", ()):
            raise ReplayFault(f"an act of {who[rejected['index']]} was refused: {rejected['reason']}.")

    async def _post(self, path: str, who: str, form: dict[str, str] | None = None) -> None:
        reply = await self._http.post(path, data=form or {})
        if reply.status_code != 200:
            raise ReplayFault(f"the page behind the link of {who} answered {reply.status_code}.")
