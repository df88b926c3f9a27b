"""What time does to people's data, done by the process in which the consent service runs."""

import asyncio

import structlog

from consent.contract import ConsentClient, Unavailable

log = structlog.get_logger("virta")

_EVERY = 600.0  # seconds
_BREATH = 0.05  # seconds between two parts, in which mails are claimed


async def keep_times(consent: ConsentClient) -> None:
    """Work for ever: let wishes lapse, and be forgotten what is due."""
    while True:
        try:
            await keep_times_once(consent)
        except Unavailable as fault:
            log.warning("what is due by time is not done yet", why=str(fault))
        await asyncio.sleep(_EVERY)


async def keep_times_once(consent: ConsentClient) -> None:
    """All that is due now, part by part. Raises `Unavailable`."""
    more = True
    while more:
        more = (await consent.keep_times()).more
        await asyncio.sleep(_BREATH if more else 0)
