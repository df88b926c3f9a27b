"""Addresses for the mails that show their reader's own."""

from collections.abc import Sequence

from consent.contract import ConsentClient, Decision
from engine.delivery.item import Item


async def addresses(
    consent: ConsentClient, items: Sequence[Item], decisions: Sequence[Decision]
) -> dict[str, str]:
    """By key, the addresses that mails show which may go. They are kept no longer than writing takes."""
    shown = [
        item for item, decision in zip(items, decisions, strict=True) if item.addressed and decision.allowed
    ]
    if not shown:
        return {}
    found = await consent.addresses([item.subject for item in shown])
    return {item.key: address for item, address in zip(shown, found, strict=True) if address}
