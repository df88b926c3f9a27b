"""What a permit costs by the size of the batch, stage by stage, and with a cap; what a decision costs.

    python bench/claims.py [SUBJECTS]

Prints CPU per mail. `virta bench --only permit_us` gives the one figure of batches of 64."""

import sys
import tempfile
import time
from pathlib import Path

from stages import Stages, lines

from consent.contract import Links
from consent.ledger.policy import publish
from consent.mails import claims
from consent.service import Service
from virta.bench.permits import claim_and_settle, counted, fill, opened, policy, some_asks
from virta.bench.result import agreed

MAILS = ((256, 51_200), (64, 25_600), (16, 8_000), (1, 500))
"""Sizes of batches, and how many mails each is tried with at most."""


def run(service: Service, people: list[str], batch: int, mails: int) -> int:
    """Claim and settle `mails` mails in batches and print what one costs; how many there were."""
    cost, given = measured(service, people, batch, mails)
    print(f"claim, settle, by {batch:3}: {cost:6.1f} µs CPU")
    return given


def measured(service: Service, people: list[str], batch: int, mails: int) -> tuple[float, int]:
    """Microseconds of CPU a mail, and how many there were, by three counts. Raises `CountsDiffer`."""
    before, _ = counted(service)
    cost, given = claim_and_settle(service, people, batch, mails)
    claimed, settled = counted(service)
    agreed({"permits": given, "decisions": claimed - before, "settled": settled - before})
    return cost, given


def run_stages(service: Service, people: list[str], batch: int, mails: int) -> int:
    """The same with a look at the clock in each stage; how many mails there were."""
    stages = Stages()
    for name, stage in (
        ("settle", "the batch before is settled"),
        ("gather", "people, where they stand, and earlier mails are read"),
        ("_busy", "whether another mail to them is under way"),
        ("verdict", "the gate, and the address is opened"),
        ("_record", "decisions, their tree, the leaf, and a signature now and then"),
        ("_permit", "the permit, its headers and links"),
    ):
        stages.watch(claims, name, stage)
    cost, given = measured(service, people, batch, mails)
    print(f"by {batch}, stage by stage: {cost:.1f} µs CPU")
    print("\n".join(lines(cost, stages.seconds, given, "the transaction, synced, and the rest")))
    return given


def run_decide(service: Service, people: list[str], batch: int, mails: int) -> None:
    """Decide and print what one ask costs, its links included."""
    cpu, allowed = time.process_time(), 0
    for _ in range(mails // batch):
        asks = some_asks(people, batch)
        found = service.read(lambda reading, a=asks: claims.decide(reading, a))
        allowed += sum(one.links != Links() for one in found)
    cpu = time.process_time() - cpu
    agreed({"asked": mails // batch * batch, "allowed, with links": allowed})
    print(f"decide with links, batches of {batch:3}: {cpu / allowed * 1e6:6.1f} µs CPU")


def main() -> None:
    """Fill a store and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        service = opened(Path(folder))
        people = service.write(lambda tx: fill(tx, count))
        print(f"{count:,} subjects, synchronous=FULL")
        batches = [(batch, min(mails, count)) for batch, mails in MAILS if batch <= count]
        total = sum(run(service, people, batch, mails) for batch, mails in batches)
        batch, mails = batches[0]
        run_decide(service, people, batch, mails)
        service.write(lambda tx: publish(tx, policy(1_000)))
        print("with a cap on the topic:")
        total += run(service, people, batch, mails)
        service.write(lambda tx: publish(tx, policy()))
        total += run_stages(service, people, *batches[min(1, len(batches) - 1)])
        service.close()
        print(f"counted alike: permits, decisions, settled ({total:,})")


if __name__ == "__main__":
    main()
