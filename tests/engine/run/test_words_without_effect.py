"""An operator's word on a mail of which the consent service knows better, or nothing."""

import msgspec
import pytest
from storefront import MONDAY, Opener, Shop
from structlog.testing import capture_logs

from consent.contract import Outcome, Settlement, SignUp
from engine.core.bundle import Effect, MailBody
from engine.delivery.orders import Found
from engine.run.words_given import FOUND, WordsGiven
from engine.store.batch import Batch
from engine.store.control import Instruction
from engine.store.unknown import Unknown

pytestmark = pytest.mark.anyio

FLOW = """
flow receipt "Receipt"
    topic orders
    start on order_placed

    send thanks
"""
ANNA, MAIL = "a" * 32, "b" * 32


async def given(shop: Shop, key: str, arrived: bool) -> tuple[Batch, list[dict[str, object]]]:
    """What comes of a word on a mail of unknown outcome, and what is logged of it."""
    store, batch = shop.system.store, Batch()
    body = MailBody("receipt", "c" * 32, "thanks", "thanks", "orders", True, 1, "e", {}, {}, {}, {})
    await store.commit(Batch(unknown=[Unknown(MONDAY, Effect(key, ANNA, "mail", body))]))
    row = Instruction(1, MONDAY, FOUND, msgspec.json.encode(Found(key, arrived)), "anna at shop1")
    with capture_logs() as logged:
        await WordsGiven(store, shop.system.consent).instructed(row, batch)
    return batch, [dict(line) for line in logged]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_word_on_a_mail_nobody_knows_any_more_is_told(opener: Opener, arrived: bool) -> None:
    """As where the consent service's store is older, or who it was for was erased: nothing is sent, nothing
    stays open, and the log says that the word came to nothing."""
    async with opener(FLOW) as shop:
        batch, logged = await given(shop, MAIL, arrived)
    assert (batch.known, batch.effects, batch.entries) == ([MAIL], [], [])
    assert [(line["log_level"], line["key"], line["by"], line["known"]) for line in logged] == [
        ("warning", MAIL, "anna at shop1", "nothing")
    ]


async def test_a_word_against_a_refusal_that_is_known_is_told(opener: Opener) -> None:
    """What the mail server said counts."""
    async with opener(FLOW) as shop:
        consent = shop.system.consent
        await consent.sign_up(SignUp("anna@example.com", ("news",), "en", "footer"))
        (ask,) = [proof.ask for proof in await consent.proofs()]
        (permit,) = (await consent.claim("by hand", [ask], [])).permits
        await consent.settle("by hand", [Settlement(permit.key, permit.attempt, Outcome.REFUSED, 550)])
        batch, logged = await given(shop, permit.key, arrived=True)
    assert (batch.known, batch.effects, batch.entries) == ([permit.key], [], [])
    assert [line["known"] for line in logged if line["log_level"] == "warning"] == ["refused"]
