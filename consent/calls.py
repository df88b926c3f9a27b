"""Every call of a `ConsentClient` as data: both ends of the wire are made from this one table.

A call is `POST /consent/v1/NAME`. Its body is an object with the arguments by their names, its answer what
the method returns; both as the protocol declares them, so nothing is said twice.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Generic, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, Struct

from consent.contract import (
    Change,
    Claimed,
    ConsentClient,
    Decision,
    Erasure,
    Heard,
    Kept,
    LinkView,
    Outcome,
    Proof,
    Purpose,
    Receipt,
    Status,
)
from consent.contract.bounds import Position
from consent.contract.history import History, KeyOfLog, PersonsProof
from consent.contract.holds import HeldProof, Hold
from consent.contract.imports import Brought, BroughtOne, ImportRecord, Taken, TakenBack, Untold
from consent.contract.operator import Operator

T = TypeVar("T")

PREFIX = "/consent/v1/"
LONGEST_WAIT = 30.0
"""Seconds that a look for news may be kept open."""


class Scope(StrEnum):
    """What a key opens. `engine`: the way of mails, and what people do; `shop`: what people do on a page
    or a form; `auditor`: to look at the log, which holds no personal data; `operator`: to bring people from
    another system, to look at one person with the evidence, to hold proof. No other key opens these."""

    ENGINE = "engine"
    SHOP = "shop"
    AUDITOR = "auditor"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """`arguments` is a struct with a field for each parameter. `reads`: it changes nothing, so that it may be
    asked once more when a connection broke. `slow`: it may rewrite whole tables."""

    name: str
    scopes: frozenset[Scope]
    arguments: type[Struct]
    result: Any
    reads: bool
    slow: bool
    says: str


CALLS: dict[str, Call[Any]] = {}


def _call(
    method: Callable[..., Any], *scopes: Scope, reads: bool = False, slow: bool = False, says: str = ""
) -> Call[Any]:
    """One that an engine's key opens."""
    return _made(method, frozenset({Scope.ENGINE, *scopes}), reads, slow, says)


def _operators(
    method: Callable[..., Any], *scopes: Scope, reads: bool = False, slow: bool = False
) -> Call[Any]:
    """One that an operator's key opens, and an engine's only where it is named."""
    return _made(method, frozenset({Scope.OPERATOR, *scopes}), reads, slow)


def _made(
    method: Callable[..., Any], scopes: frozenset[Scope], reads: bool, slow: bool, says: str = ""
) -> Call[Any]:
    hints = get_type_hints(method, include_extras=True)
    fields: list[Any] = []
    for name, parameter in inspect.signature(method).parameters.items():
        if name != "self":
            given = parameter.default is not parameter.empty
            fields.append((name, hints[name], parameter.default) if given else (name, hints[name]))
    return _known(method.__name__, fields, hints["return"], scopes, reads, slow, says or _first(method))


def _known(
    name: str, fields: list[Any], result: Any, scopes: frozenset[Scope], reads: bool, slow: bool, says: str
) -> Call[Any]:
    title = "".join(word.capitalize() for word in name.split("_"))
    arguments = msgspec.defstruct(title, fields, frozen=True, forbid_unknown_fields=True)
    call: Call[Any] = Call(name, scopes, arguments, result, reads, slow, says)
    CALLS[name] = call
    return call


def _first(method: Callable[..., Any]) -> str:
    """The first sentence that the contract says of it."""
    return " ".join((inspect.getdoc(method) or "").split()).partition(". ")[0].strip().removesuffix(".")


_ENGINE, _SHOP, _AUDITOR, _OPERATOR = Scope.ENGINE, Scope.SHOP, Scope.AUDITOR, Scope.OPERATOR

# the way of a mail
PUBLISH: Call[str] = _call(ConsentClient.publish)
SUBJECTS: Call[list[str | None]] = _call(ConsentClient.subjects)
ADDRESSES: Call[list[str | None]] = _call(ConsentClient.addresses, reads=True)
DECIDE: Call[list[Decision]] = _call(ConsentClient.decide, reads=True)
CLAIM: Call[Claimed] = _call(ConsentClient.claim)
SETTLE: Call[None] = _call(ConsentClient.settle)
STATUS: Call[list[Status | None]] = _call(ConsentClient.status, reads=True)
UNSETTLED: Call[list[tuple[str, int]]] = _call(ConsentClient.unsettled, reads=True)
CHANGES: Call[list[Change]] = _call(ConsentClient.changes, reads=True)
LEAVES: Call[list[str]] = _call(ConsentClient.leaves, _AUDITOR, reads=True)
NEWS: Call[list[Change]] = _known(
    "news",
    [("after", Position), ("wait", Annotated[float, Meta(ge=0, le=LONGEST_WAIT)], 5.0)],
    list[Change],
    frozenset({Scope.ENGINE}),
    True,
    False,
    "The changes after a position as soon as there are any; after `wait` seconds without, an empty list",
)

# people
SIGN_UP: Call[None] = _call(ConsentClient.sign_up, _SHOP)
SERVE_FORM: Call[str] = _call(ConsentClient.serve_form, _SHOP, reads=True)
PROOFS: Call[list[Proof]] = _call(ConsentClient.proofs, reads=True)
CONFIRMATION: Call[LinkView] = _call(
    ConsentClient.confirmation, _SHOP, reads=True, says="What the page behind a link to confirm shows"
)
CONFIRM: Call[Receipt] = _call(ConsentClient.confirm, _SHOP)
REFUSE: Call[None] = _call(ConsentClient.refuse, _SHOP)
UNSUBSCRIPTION: Call[LinkView] = _call(
    ConsentClient.unsubscription, _SHOP, reads=True, says="What the page behind an unsubscribe link shows"
)
WITHDRAW: Call[Receipt] = _call(ConsentClient.withdraw, _SHOP)
SLOW_DOWN: Call[Receipt] = _call(ConsentClient.slow_down, _SHOP)
PREFERENCES: Call[LinkView] = _call(
    ConsentClient.preferences, _SHOP, reads=True, says="What the page behind a link for preferences shows"
)
CHOOSE: Call[Receipt] = _call(ConsentClient.choose, _SHOP)
ASK_TO_MOVE: Call[None] = _call(ConsentClient.ask_to_move, _SHOP)
OFFERED: Call[tuple[Purpose, ...]] = _call(ConsentClient.offered, _SHOP, _OPERATOR, reads=True)
CHECKPOINT: Call[str] = _call(ConsentClient.checkpoint, _SHOP, _AUDITOR, reads=True)

# what is told about mails by their keys, and erasure
WITHDRAW_BY_FLOW: Call[Heard] = _call(ConsentClient.withdraw_by_flow)
COMPLAINED: Call[Heard] = _call(ConsentClient.complained)
BOUNCED: Call[Heard] = _call(ConsentClient.bounced)
GIVE_WORD: Call[Outcome | None] = _call(ConsentClient.give_word)
ERASE: Call[Erasure | None] = _call(ConsentClient.erase, slow=True)
FORGOTTEN: Call[None] = _call(ConsentClient.forgotten, slow=True)
BACKUPS_FORGOT: Call[int] = _call(ConsentClient.backups_forgot, slow=True)
RECORD: Call[Heard] = _call(ConsentClient.record, _OPERATOR)
BOUGHT: Call[list[bool]] = _call(ConsentClient.bought, _SHOP)
MERGE: Call[Heard] = _call(ConsentClient.merge, _OPERATOR)
ALIVE: Call[None] = _call(ConsentClient.alive, _SHOP)
REACHED: Call[None] = _call(ConsentClient.reached)
KEEP_TIMES: Call[Kept] = _call(ConsentClient.keep_times, slow=True)

# what operators do
IMPORTS: Call[list[ImportRecord]] = _operators(Operator.imports, reads=True)
WEIGH_IMPORT: Call[list[Brought]] = _operators(Operator.weigh_import, reads=True)
BEGIN_IMPORT: Call[ImportRecord] = _operators(Operator.begin_import)
TAKE_IMPORT: Call[list[Taken]] = _operators(Operator.take_import)
END_IMPORT: Call[ImportRecord] = _operators(Operator.end_import)
BROUGHT_BY: Call[list[BroughtOne]] = _operators(Operator.brought_by, reads=True)
TAKE_BACK: Call[TakenBack] = _operators(Operator.take_back)
END_UNDOING: Call[None] = _operators(Operator.end_undoing, slow=True)
UNTOLD: Call[Untold] = _operators(Operator.untold, reads=True)
WHO_IS_UNTOLD: Call[list[str]] = _operators(Operator.who_is_untold, reads=True)
FIND: Call[str | None] = _operators(Operator.find, _ENGINE, reads=True)
TO_BE_TOLD: Call[int] = _operators(Operator.to_be_told, _ENGINE, reads=True)
HISTORY: Call[History | None] = _operators(Operator.history, reads=True)
SHOWN: Call[bytes | None] = _operators(Operator.shown, reads=True)
LEAF_PROOFS: Call[list[PersonsProof]] = _operators(Operator.leaf_proofs, reads=True)
LOG_KEYS: Call[list[KeyOfLog]] = _operators(Operator.log_keys, _ENGINE, _AUDITOR, reads=True)
HOLD: Call[None] = _operators(Operator.hold)
HOLD_TOLD: Call[None] = _operators(Operator.hold_told)
OPEN_HOLD: Call[HeldProof] = _operators(Operator.open_hold)
LIFT_HOLD: Call[None] = _operators(Operator.lift_hold, slow=True)
HOLDS: Call[list[Hold]] = _operators(Operator.holds, reads=True)
BELIEVE_CLOCK: Call[int] = _operators(Operator.believe_clock)
OPEN_MARKETING: Call[int] = _operators(Operator.open_marketing)
