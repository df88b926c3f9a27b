"""The one door to the consent service, as a protocol."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from consent.contract.bounds import Days, HexDigits, Length, Page, Position
from consent.contract.mail import Ask, Change, Claimed, Decision, Outcome, Settlement, Status
from consent.contract.people import (
    Erasure,
    Frequency,
    Heard,
    Kept,
    LinkView,
    Proof,
    Receipt,
    Sale,
    SignUp,
    Visit,
)
from consent.contract.published import Policy, Purpose


class ConsentClient(Protocol):
    """The one door to the consent service. `Unavailable` may come from every call."""

    # the way of a mail
    async def publish(self, policy: Policy) -> str:
        """Make `policy` the one in force and return its digest; the same policy twice changes nothing."""

    async def subjects(self, addresses: Sequence[str]) -> list[str | None]:
        """The subject id of each address, made on first sight without any consent; None: not an address."""

    async def addresses(self, subjects: Sequence[str]) -> list[str | None]:
        """The address of each, for mails that show it, words to the team and webhooks; None: there is no
        such subject."""

    async def decide(self, asks: Sequence[Ask]) -> list[Decision]:
        """The gate's present opinion of each ask, in order. Writes nothing."""

    async def claim(self, sender: str, asks: Sequence[Ask], settlements: Sequence[Settlement]) -> Claimed:
        """Settle, then run the gate again and claim, in one transaction with one leaf. At most 256 asks. The
        same sender repeating a claim that is unsettled gets the same permits with the same deadlines."""

    async def settle(self, sender: str, settlements: Sequence[Settlement]) -> None:
        """Record how attempts ended. Repeating a settlement changes nothing; contradicting one raises."""

    async def status(self, keys: Sequence[str]) -> list[Status | None]:
        """What became of each key, in order; None: never claimed and never denied."""

    async def unsettled(self, sender: str) -> list[tuple[str, int]]:
        """Keys and attempts that `sender` claimed and did not settle, oldest first."""

    async def changes(self, after: Position, limit: Page = 1000) -> list[Change]:
        """Changes of consent with a position greater than `after`, in order."""

    async def leaves(self, after: Position, limit: Page = 1000) -> list[str]:
        """The leaves of the log behind position `after`, in order: the exact canonical JSON, which names
        people by their random ids alone."""

    async def feed(self, after: int) -> AsyncIterator[list[Change]]:
        """The same, for ever: each batch as soon as it has been committed."""
        yield []

    # people
    async def sign_up(self, request: SignUp) -> None:
        """Record the wish and queue a proof mail, unless a cool-down forbids it. The same for every address.
        Raises `InvalidAddress`; an unknown topic is a `ValueError` that names it."""

    async def serve_form(self, version: HexDigits) -> str:
        """What a form carries that is served now (`SignUp.served`): the moment, signed and bound to the
        `version` of the form (hex digits). Writes nothing."""

    async def proofs(self, limit: Page = 256, after: str = "") -> list[Proof]:
        """Proof mails that are queued and not settled, oldest first. `after` is the key of one: those that
        come behind it."""

    async def confirmation(self, token: str) -> LinkView: ...
    async def confirm(self, token: str, visit: Visit, fetched: str = "") -> Receipt:
        """Turn pending into active. Once only. `fetched` is what the page carried (`LinkView.fetched`).
        Raises `LinkRefused`."""

    async def refuse(self, token: str, visit: Visit, fetched: str = "") -> None:
        """ "This wasn't me": the request is closed, nothing is sent again. Raises `LinkRefused`."""

    async def unsubscription(self, token: str, language: str = "") -> LinkView:
        """What the page behind an unsubscribe link shows, its topics in `language`, else in the person's."""

    async def withdraw(self, token: str, how: str, everything: bool, visit: Visit) -> Receipt:
        """Withdraw the link's topic, or all. `how` is `one_click` or `page`. Idempotent. Raises
        `LinkRefused` for forged links only: an unsubscribe link never expires."""

    async def slow_down(self, token: str, visit: Visit) -> Receipt:
        """By an unsubscribe link: from now on at most one marketing mail a month. All that such a link may do
        is to stop mail or make it rarer, since it never expires. Idempotent. Raises `LinkRefused`."""

    async def preferences(self, token: str, language: str = "") -> LinkView:
        """What the page behind a link for preferences shows. Its topics are put in `language`, else in the
        person's."""

    async def choose(
        self,
        token: str,
        topics: Sequence[str],
        language: str,
        visit: Visit,
        frequency: Frequency | None = None,
        pause: int | None = None,
        shown: Sequence[str] | None = None,
        read: str = "",
    ) -> Receipt:
        """Keep exactly `topics` of those that were `shown`, withdraw the others; topics that are newly wanted
        become pending and a proof mail is queued. `shown` None: of all that there is, and whoever keeps none
        has left everything. `pause` counts days from now, 0 ends a pause; None leaves frequency or pause as
        it is. `read` is the language in which the topics were shown; empty: the person's. More than 20
        changes within an hour are cut to what stops mail or makes it rarer. Raises `LinkRefused`."""

    async def ask_to_move(self, token: str, email: str, visit: Visit) -> None:
        """By a link for preferences: mails are to go to another address from now on. Nothing changes before
        the button behind the link that is mailed there was pressed (`confirm`); the present address is told,
        and can close it (`refuse`). The same for every address. Raises `LinkRefused`, `InvalidAddress`."""

    # what is told about mails by their keys
    async def withdraw_by_flow(
        self, subject: str, topic: str, flow: str, key: str, at: int | None = None
    ) -> Heard:
        """Withdraw `topic` (empty: all) because `flow` said so at `at` (ms UTC; None: now), as far as it was
        agreed to then, or within the minute behind it, for clocks differ; once per `key`."""

    async def complained(self, key: str, at: int | None = None) -> Heard:
        """Whoever got the mail with this key called it spam: nothing on any topic goes to them until they
        confirm anew. Once per key, and again if `at` (ms UTC) is after that."""

    async def bounced(self, key: str, kind: str) -> Heard:
        """The mail with this key came back: `hard` stops all mail to the address until a fresh confirmation
        shows that it works again, `soft` is recorded. Once per key and kind."""

    async def give_word(self, key: str, arrived: bool, actor: str) -> Outcome | None:
        """An operator knows what became of a mail that was settled as unknown: it arrived, or it did not and
        may be claimed once more, which only mails for service may. `actor` is `operator`, or that and how.
        The outcome that stands from now on; None: there is no such mail. Raises `ValueError` for a mail that
        may not go again."""

    # erasure
    async def erase(self, subject: str, actor: str) -> Erasure | None:
        """Forget everything of `subject` here, at once and for good, because `actor` asks for it: `operator`,
        or that and the way it came. Doing it again changes nothing. None: there is no such subject. Raises
        `ValueError` for another actor."""

    async def forgotten(self, subjects: Sequence[str]) -> None:
        """Whoever else keeps something of people has forgotten these, who were erased here."""

    async def backups_forgot(self, days: Days) -> int:
        """Note of whom no backup can know anything any more, since each is kept for `days` at most; how many
        they are."""

    async def offered(self) -> tuple[Purpose, ...]:
        """The topics that a sign-up form may offer: those that rest on consent."""

    # what others tell of people, and time
    async def record(self, subject: str, what: str, actor: str, topic: str = "") -> Heard:
        """Somebody says on behalf of a person what they want stopped: `withdrawn` (of `topic`, or of all),
        `objected.marketing`, `objected.profiling`, `restricted`, or that the last of these is over
        (`restriction.lifted`); or what was done for them: `exported`, `rectified`, `request.received`,
        `request.extended`, `request.answered`. `actor` is `operator`, or that and how the word came, as in
        `operator:mailto`, `operator:rights_request`. Nothing that can be said here starts anything. Raises
        `ValueError` for another word or actor. Over HTTP the API key used is named with it, as in
        `operator:letter@KEY`."""

    async def bought(self, sales: Sequence[Sale]) -> list[bool]:
        """Record for each sale that its customer may be told of similar goods; False where they may not,
        since they left or objected, perhaps with this very sale. Telling of a sale again changes nothing.
        Raises `ValueError` for a sale that lacks a fact, or is about other goods."""

    async def merge(self, stays: str, goes: str, actor: str) -> Heard:
        """Two subjects are one person: from now on there is only `stays`, with their address, and whatever
        comes in by the address of `goes` is theirs. What either has stopped is stopped, and nothing that
        `goes` had agreed to goes on. `actor` is `shop` or `operator`, or that and how the word came. `AGAIN`:
        they are one already. Raises `ValueError` for another actor."""

    async def alive(self, signs: Sequence[tuple[str, int]]) -> None:
        """Signs of life of subjects (ms UTC): orders, visits, clicks, never openings alone. Whoever has given
        none for long goes stale."""

    async def keep_times(self, most: Page = 200) -> Kept:
        """Let lapse, go stale, be asked again and be forgotten what is due, of each kind at most so much.
        Doing it again changes nothing."""

    async def reached(self, size: Length) -> None:
        """Somebody knows of so many leaves of the log. Where it has fewer, it is an older one that was put
        back: marketing stays shut until it is as long, or an operator says that it will not be. Raises
        `ValueError` for a length that no log has."""

    async def checkpoint(self) -> str:
        """The newest checkpoint, a C2SP signed note."""
