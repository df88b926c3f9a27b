"""What becomes of people's data by time alone. Each job takes a part, oldest first, and says how much it did;
what is done is found by its state, so that doing it again, or after a kill, changes nothing."""

from collections.abc import Callable

from consent.contract import Kept
from consent.ledger.transaction import Writing
from consent.subscriber.hold import end_holds
from consent.timed.decisions import let_go
from consent.timed.evidence import purge_proof, shorten_ips
from consent.timed.lapsed import expire, purge_pending
from consent.timed.renewal import ask_again
from consent.timed.silent import end_topics, go_stale


def run(tx: Writing, most: int = 200) -> Kept:
    """One part of every job, of at most `most` people each (of decisions, so many batches); `Kept.more` says
    whether to call again."""
    done = {name: job(tx, most) for name, job in _JOBS.items()}
    return Kept(**done, more=any(count >= most for count in done.values()))


_JOBS: dict[str, Callable[[Writing, int], int]] = {
    "expired": expire,
    "purged": purge_pending,
    "stale": go_stale,
    "ended": end_topics,
    "asked_again": ask_again,
    "proof_purged": purge_proof,
    "ips_shortened": shorten_ips,
    "holds_ended": end_holds,
    "decisions_expired": let_go,
}
