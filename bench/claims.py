"""What a permit costs by the size of the batch, with and without a cap, and what a decision with links costs.

    python bench/claims.py [SUBJECTS]

Prints CPU per mail. `virta bench --only permit_us` gives the one figure of batches of 64."""

import sys
import tempfile
import time
from pathlib import Path

from consent.contract import Links
from consent.ledger.policy import publish
from consent.mails import claims
from consent.service import Service
from virta.bench.permits import claim_and_settle, counted, fill, opened, policy, some_asks
from virta.bench.result import agreed


def run(service: Service, people: list[str], batch: int, mails: int) -> None:
    """Claim and settle `mails` mails in batches and print what one costs."""
    before, _ = counted(service)
    cost, given = claim_and_settle(service, people, batch, mails)
    claimed, settled = counted(service)
    agreed({"permits": given, "decisions": claimed - before, "settled": settled - before})
    print(f"claim, settle, by {batch:3}: {cost:6.1f} µs CPU")


def run_decide(service: Service, people: list[str], batch: int, mails: int) -> None:
    """Decide and print what one ask costs, its links included."""
    cpu = time.process_time()
    for _ in range(mails // batch):
        asks = some_asks(people, batch)
        found = service.read(lambda reading, a=asks: claims.decide(reading, a))
        assert found[0].links != Links()
    print(f"decide with links, batches of {batch:3}: {(time.process_time() - cpu) / mails * 1e6:6.1f} µs CPU")


def main() -> None:
    """Fill a store and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        service = opened(Path(folder))
        people = service.write(lambda tx: fill(tx, count))
        print(f"{count:,} subjects, synchronous=FULL")
        for batch, mails in ((256, 51_200), (64, 25_600), (16, 8_000), (1, 500)):
            run(service, people, batch, mails)
        run_decide(service, people, 256, 25_600)
        service.write(lambda tx: publish(tx, policy(1_000)))
        print("with a cap on the topic:")
        run(service, people, 256, 51_200)
        service.close()


if __name__ == "__main__":
    main()
