"""Proof mails come from the consent service to the queue, each once."""

import pytest
from office import POLICY, Clock, Consent

from consent.contract import SignUp
from dsl.templates.files import read_templates
from engine.delivery.proofs import Proofs
from engine.delivery.queue import Queue
from engine.mail.letters import Letters, Sender

pytestmark = pytest.mark.anyio

TEMPLATE = b"---\nsubject: Was that you?\n---\n{{ links.confirm }} {{ links.refuse }}"


async def test_one_that_cannot_be_written_is_tried_again_after_a_while(
    consent: Consent, clock: Clock
) -> None:
    """Not at every look: nothing has changed since, and the log would fill."""
    queue = Queue()
    read, _ = read_templates([("templates/confirm.txt", TEMPLATE)], ("en",))
    letters = Letters(read.files, {}, ("en",), Sender("Kafija", "a@kafija.example", "Riga"), "UTC")
    proofs = Proofs(consent.client, letters, queue, clock)
    await consent.client.publish(POLICY)
    await consent.client.sign_up(SignUp("anna@example.com", ("news",), "en", "form"))

    assert await proofs.fetch()
    assert not await proofs.fetch()  # it is queued
    [item] = queue.take(clock(), 10)
    queue.done(item)  # given up without an attempt
    assert await proofs.fetch()
    assert queue.take(clock(), 10) == []
    clock.pass_(300)
    [once_more] = queue.take(clock(), 10)
    assert once_more.key == item.key


async def test_those_that_wait_do_not_hide_the_ones_behind_them(consent: Consent, clock: Clock) -> None:
    """More are queued than one look shows, and none of them goes: a later sign-up is found nevertheless."""
    queue = Queue()
    read, _ = read_templates([("templates/confirm.txt", TEMPLATE)], ("en",))
    letters = Letters(read.files, {}, ("en",), Sender("Kafija", "a@kafija.example", "Riga"), "UTC")
    proofs = Proofs(consent.client, letters, queue, clock)
    await consent.client.publish(POLICY)
    for number in range(300):
        await consent.client.sign_up(SignUp(f"a{number}@example.com", ("news",), "en", "form"))
    assert await proofs.fetch()
    assert await proofs.fetch()
    assert len(queue) == 300
    assert not await proofs.fetch()
    clock.pass_(1)
    await consent.client.sign_up(SignUp("late@example.com", ("news",), "en", "form"))
    assert await proofs.fetch()
    assert len(queue) == 301
    first = await consent.client.proofs(256)
    later = await consent.client.proofs(256, first[-1].ask.key)
    assert len({proof.ask.key for proof in [*first, *later]}) == 301
