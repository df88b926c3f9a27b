"""An operator knows what became of a mail whose outcome was unknown: it arrived, or it is sent again."""

import msgspec
import structlog

from consent.contract import ConsentClient, Outcome
from engine.core.bundle import Entry, MailBody
from engine.core.record import What
from engine.delivery.orders import Found
from engine.run.control import Acted
from engine.run.erasing import OPERATOR
from engine.store.batch import Batch
from engine.store.control import Instruction
from engine.store.store import Store

log = structlog.get_logger("engine")

FOUND = "found"
"""The kind of the control row by which an operator says it."""


class WordsGiven:
    """Acts on such rows. The consent service hears of it first, and has the last word: what it knows counts.
    The journey stands where it stands, whatever comes of it."""

    def __init__(self, store: Store, consent: ConsentClient) -> None:
        self._store = store
        self._consent = consent

    async def instructed(self, row: Instruction, batch: Batch) -> Acted:
        """An operator has looked for a mail in the mail server's log. It may be called again for a row whose
        batch was not committed."""
        order = msgspec.json.decode(row.body, type=Found)
        known = await self._store.mails.unknown(order.key)
        if known is None or not isinstance(body := known.effect.body, MailBody):
            log.warning("there is no mail of unknown outcome under this key", key=order.key, by=row.by)
            return Acted()
        if not order.arrived and not body.service:
            log.warning("only a mail for service is sent again", key=order.key, by=row.by)
            return Acted()
        outcome = await self._consent.give_word(order.key, order.arrived, OPERATOR)
        batch.known.append(order.key)
        if outcome is Outcome.ACCEPTED:
            place = (body.journey, body.flow, body.step, What.ARRIVED.value)
            batch.entries.append(Entry(known.effect.contact, row.at, 0, *place))
        elif outcome in (Outcome.RELEASED, Outcome.DEFERRED):
            again = msgspec.structs.replace(body, resent=True)
            batch.effects.append(msgspec.structs.replace(known.effect, body=again))
        else:
            stands = "nothing" if outcome is None else outcome.value
            log.warning("the word comes to nothing by what is known", key=order.key, by=row.by, known=stands)
        return Acted()
