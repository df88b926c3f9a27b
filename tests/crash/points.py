"""Where a life is cut short: wrappers around real functions that call `kill -9` on their own process.

Each is patched in by name into the one place where the protocol has that moment; the wrapped function does
its work as ever.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from shop import Receiver
from sqlalchemy import Connection as Database

from consent import client
from consent.contract import Claimed
from consent.mails import claims, settlements
from engine.calls.caller import Caller
from engine.delivery.dispatch import Dispatch
from engine.delivery.mailer import Mailer
from engine.delivery.smtp import Connection
from engine.delivery.writing import Writing
from engine.store import effects, store
from engine.store.batch import Batch
from engine.store.statement import driver_of
from engine.store.store import Store


class Fate:
    """Kills at the `nth` time that `strike` is called with something true."""

    def __init__(self, nth: int) -> None:
        self._left = nth

    def strike(self, when: object = True) -> None:
        self._left -= bool(when)
        if when and self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def before_the_effects_commit(fate: Fate) -> None:
    """Written, not committed: the stimulus is replayed."""
    _after(store, "commit", lambda args, _: fate.strike(args[1].effects))


def after_the_effects_commit(fate: Fate) -> None:
    """Committed, and nobody has asked for the mail: asked at the next start."""
    _after_async(Store, "commit", lambda args, _: fate.strike(_batch(args).effects))


def decided(fate: Fate) -> None:
    """Decided and written, not claimed."""
    _after_async(Writing, "prepare", lambda args, messages: fate.strike(messages))


def inside_the_claim(fate: Fate) -> None:
    """Leaf and decisions are written, not committed."""
    _after(claims, "claim", lambda args, claimed: fate.strike(claimed.permits))


def claimed(fate: Fate) -> None:
    """Committed; the engine has not even heard."""
    _after_async(client.InProcess, "claim", lambda args, got: fate.strike(_claimed(got).permits))


def content_wanted(fate: Fate) -> None:
    """The server has the envelope and wants the content; nothing is written down yet."""
    _before(Mailer, "begins", lambda args: fate.strike())


def begun_without_the_dot(fate: Fate) -> None:
    """Written down as begun; the dot never leaves."""
    _after(Mailer, "begins", lambda args, _: fate.strike())


def dot_sent(fate: Fate) -> None:
    """The server has answered, or is about to; the answer is not read."""
    _before(Connection, "data_received", lambda args: fate.strike(args[0]._begun))


def reply_read(fate: Fate) -> None:
    """The attempt file has the answer; the consent service has not."""
    _after(Mailer, "ended", lambda args, _: fate.strike())


def inside_the_settlement(fate: Fate) -> None:
    """Settlements are written, not committed."""
    _after(settlements, "settle", lambda args, _: fate.strike(args[2]))
    setattr(claims, "settle", settlements.settle)  # noqa: B010 - it is imported there, not offered


def settled(fate: Fate) -> None:
    """The consent service has it; the attempt file and the engine do not know."""
    _before(Dispatch, "_conclude", lambda args: fate.strike(args[1]))


def call_made(fate: Fate) -> None:
    """The receiver has it; nobody has heard."""
    _after_async(Receiver, "post", lambda args, _: fate.strike())


def call_ended(fate: Fate) -> None:
    """It was taken; the effect is there still, and the next call of that person may be on its way."""
    _after(Caller, "take_ended", lambda args, ended: fate.strike(ended))


def effect_left(fate: Fate) -> None:
    """The end of a mail is on its way into the journal; its effect is not deleted."""
    _after(store, "commit", lambda args, _: fate.strike(args[1].ended))


def asked_for(kind: str, *, committed: bool) -> Callable[[Fate], None]:
    """A step's wish of that kind stands in a transaction that is written, or committed."""

    def wished(batch: Batch) -> bool:
        return any(effect.kind == kind for effect in (*batch.effects, *batch.emitted))

    def patch(fate: Fate) -> None:
        if committed:
            _after_async(Store, "commit", lambda args, _: fate.strike(wished(_batch(args))))
        else:
            _after(store, "commit", lambda args, _: fate.strike(wished(args[1])))

    return patch


def over(kind: str, *, committed: bool) -> Callable[[Fate], None]:
    """What became of one of that kind stands in a transaction that is written, or committed."""

    def patch(fate: Fate) -> None:
        ending = False

        def look(args: tuple[Any, ...]) -> None:
            nonlocal ending
            ending = kind in _kinds(args[0], args[1].ended)

        _before(store, "commit", look)
        if committed:
            _after_async(Store, "commit", lambda args, _: fate.strike(ending))
        else:
            _after(store, "commit", lambda args, _: fate.strike(ending))

    return patch


def _kinds(connection: Database, keys: list[str]) -> set[str]:
    gone = set(keys)
    return {effect.kind for effect in effects.waiting(driver_of(connection)) if effect.key in gone}


ROWS: dict[str, tuple[Callable[[Fate], None], int]] = {
    "before the effect's commit": (before_the_effects_commit, 2),
    "after the effect's commit": (after_the_effects_commit, 2),
    "decided, not claimed": (decided, 3),
    "inside the claim": (inside_the_claim, 3),
    "claimed, not begun": (claimed, 3),
    "content wanted, not begun": (content_wanted, 8),
    "begun, dot not sent": (begun_without_the_dot, 8),
    "dot sent, reply not read": (dot_sent, 8),
    "reply read, not settled": (reply_read, 8),
    "inside the settlement": (inside_the_settlement, 3),
    "settled, nobody told": (settled, 3),
    "settled, effect left": (effect_left, 2),
    "call made, not told": (call_made, 4),
    "call taken, effect left": (call_ended, 3),
}
"""The rows of the protocol's table, mails and calls in turn, by name: how it is patched in, and up to the
how manyeth time a life may live."""

WORDS = {
    "mail": "a mail",
    "tell": "a word to the team",
    "withdraw": "a withdrawal",
    "call": "a call",
    "event": "an event",
}
"""Every kind of effect. What a flow emits happens within the transaction that asks for it."""

EFFECTS: dict[str, tuple[Callable[[Fate], None], int]] = {
    f"{word} {moment}, {'committed' if committed else 'written'}": (make(kind, committed=committed), 2)
    for kind, word in WORDS.items()
    for moment, make in (("asked for", asked_for), ("over", over))
    if (kind, moment) != ("event", "over")
    for committed in (False, True)
}

POINTS = ROWS | EFFECTS


def _batch(args: tuple[Any, ...]) -> Batch:
    batch: Batch = args[1]
    return batch


def _claimed(got: object) -> Claimed:
    assert isinstance(got, Claimed)
    return got


def _before(owner: Any, name: str, hit: Callable[[tuple[Any, ...]], None]) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        hit(args)
        return original(*args, **named)

    setattr(owner, name, wrapped)


def _after(owner: Any, name: str, hit: Callable[[tuple[Any, ...], Any], None]) -> None:
    original: Callable[..., Any] = getattr(owner, name)

    def wrapped(*args: Any, **named: Any) -> Any:
        result = original(*args, **named)
        hit(args, result)
        return result

    setattr(owner, name, wrapped)


def _after_async(owner: Any, name: str, hit: Callable[[tuple[Any, ...], Any], None]) -> None:
    original: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def wrapped(*args: Any, **named: Any) -> Any:
        result = await original(*args, **named)
        hit(args, result)
        return result

    setattr(owner, name, wrapped)
