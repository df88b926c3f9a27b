"""Mails shown in the browser: found by the link in them, for as long as they are kept."""

import asyncio
from collections.abc import Callable, Mapping

from msgspec import Struct

from consent.contract import ConsentClient
from engine.core.bundle import Effect, MailBody
from engine.mail.kept import addressed, is_addressed
from engine.mail.letters import Letters
from engine.mail.measured import Marks
from engine.store.batch import Batch
from engine.store.store import Store

_DAY = 86_400_000
_PAUSE = 3600.0  # seconds between looks for what is too old


class Shown(Struct, frozen=True):
    """The body of a mail, HTML if `html`, else plain text. Or why there is none to show, in `reason`:
    `unknown` where the link was not made here, `gone` where the mail is not kept any more."""

    reason: str = ""
    html: bool = False
    text: str = ""


class ShownMails:
    """Looks mails up, and forgets them `days` after they were written. `clock` gives ms UTC; somebody must
    call `tidy` now and then, or keep `run` going."""

    def __init__(
        self, store: Store, consent: ConsentClient, marks: Marks, clock: Callable[[], int], days: int
    ) -> None:
        self._store = store
        self._consent = consent
        self._marks = marks
        self._clock = clock
        self._life = days * _DAY

    async def look(self, token: str) -> Shown:
        """What the link with this token shows. Writes nothing. The reader's own address, where the mail has
        it, is asked of the consent service: may raise `Unavailable`."""
        key = self._marks.viewed(token)
        if key is None:
            return Shown("unknown")
        kept = await self._store.kept_mail(key)
        if kept is None or kept.at < self._clock() - self._life:
            return Shown("gone")
        if not is_addressed(kept):
            return Shown(html=kept.html, text=kept.text)
        (address,) = await self._consent.addresses([kept.contact])
        if not address:  # without it, this is not the mail that was sent
            return Shown("gone")
        return Shown(html=kept.html, text=addressed(kept.text, kept.html, address))

    async def tidy(self) -> None:
        """Forget what is too old."""
        await self._store.forget_mails(self._clock() - self._life)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self.tidy()
            await asyncio.sleep(_PAUSE)


def not_to_be_seen(batch: Batch, open_: Mapping[str, Effect], letters: Letters) -> list[str]:
    """The keys of the mails ended in `batch` that were kept for the browser and did not go out."""
    if not letters.keeps:
        return []
    handed = {mail.key for mail in batch.handed}
    ended = [open_[key] for key in batch.ended if key in open_ and key not in handed]
    return [
        effect.key
        for effect in ended
        if isinstance(effect.body, MailBody) and letters.kept(effect.body.template)
    ]
