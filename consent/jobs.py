"""What becomes of people's data by time alone. Each job takes a part, oldest first, and says how much it did;
what is done is found by its state, so that doing it again, or after a kill, changes nothing."""

from collections.abc import Callable, Mapping

from consent.contract import Kept
from consent.ledger.transaction import Writing
from consent.subscriber.hold import end_holds
from consent.timed.decisions import let_go
from consent.timed.evidence import purge_proof, shorten_ips
from consent.timed.lapsed import expire, purge_pending
from consent.timed.renewal import ask_again
from consent.timed.silent import end_topics, go_stale


def told(done: Mapping[str, int], most: int) -> Kept:
    """What each job did in a part of at most `most`; `Kept.more` says whether there is more to do."""
    return Kept(**done, more=any(count >= most for count in done.values()))


JOBS: dict[str, Callable[[Writing, int], int]] = {
    "holds_ended": end_holds,  # first: what a hold kept goes with the rest
    "expired": expire,
    "purged": purge_pending,
    "stale": go_stale,
    "ended": end_topics,
    "asked_again": ask_again,
    "proof_purged": purge_proof,
    "ips_shortened": shorten_ips,
    "decisions_expired": let_go,
}
"""By what they count. Each is done in a transaction of its own, so that others write in between."""


def part(job: Callable[[Writing, int], int], most: int, tx: Writing) -> int:
    """One part of a job, for a transaction; how much was done."""
    return job(tx, most)
