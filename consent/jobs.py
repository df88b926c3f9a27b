"""What becomes of people's data by time alone. Each job takes a part, oldest first, and says how much it did;
what is done is found by its state, so that doing it again, or after a kill, changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from consent.contract import Kept
from consent.ledger.transaction import Reading, Writing
from consent.subscriber.hold import end_holds
from consent.timed.decisions import let_go
from consent.timed.evidence import old_proof, purge_proof, shorten_ips
from consent.timed.lapsed import expire, purge_pending
from consent.timed.renewal import ask_again, on_other_words
from consent.timed.silent import end_topics, go_stale, silent


def told(done: Mapping[str, int], most: int) -> Kept:
    """What each job did in a part of at most `most`; `Kept.more` says whether there is more to do."""
    return Kept(**done, more=any(count >= most for count in done.values()))


class Job(NamedTuple):
    """What does a part, of so many at most. Where it needs a look through whole tables, that is done before,
    while others write; None: there is nothing to look for. What was found is looked at once more, then."""

    do: Callable[[Writing, int, Sequence[str]], int]
    look: Callable[[Reading, int], Sequence[str] | None] | None = None


def _by_index(do: Callable[[Writing, int], int]) -> Job:
    return Job(lambda tx, most, _found: do(tx, most))


JOBS: dict[str, Job] = {
    "holds_ended": _by_index(end_holds),  # first: what a hold kept goes with the rest
    "expired": _by_index(expire),
    "purged": _by_index(purge_pending),
    "stale": Job(go_stale, silent),
    "ended": _by_index(end_topics),
    "asked_again": Job(ask_again, on_other_words),
    "proof_purged": Job(purge_proof, old_proof),
    "ips_shortened": _by_index(shorten_ips),
    "decisions_expired": _by_index(let_go),
}
"""By what they count. Each is done in a transaction of its own, so that others write in between."""
