"""What an earlier life of this sender left behind: permits that it claimed and did not settle."""

import structlog

from consent.contract import ConsentClient, Outcome, Settlement
from engine.delivery.attempts import AttemptFile

log = structlog.get_logger("delivery")


async def recover(consent: ConsentClient, attempts: AttemptFile) -> list[Settlement]:
    """Settle them by the attempt file and say what was settled. Call it before anything is claimed.

    Begun without a reply is unknown. Not begun is released, unless the file may have forgotten: then what it
    does not know is unknown too.
    """
    found = attempts.found()
    settlements: list[Settlement] = []
    for key, attempt in await consent.unsettled(attempts.sender):
        known = found.get((key, attempt))
        if known is not None and known.outcome is not None:
            settlements.append(Settlement(key, attempt, known.outcome, known.code))
        elif known is not None or not attempts.remembers:
            settlements.append(Settlement(key, attempt, Outcome.UNKNOWN))
            log.error("it is unknown whether a mail went out", key=key)
        else:
            settlements.append(Settlement(key, attempt, Outcome.RELEASED))
    if settlements:
        await consent.settle(attempts.sender, settlements)
    attempts.recovered()
    return settlements
