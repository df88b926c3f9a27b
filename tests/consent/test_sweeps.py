"""What is due by time is looked for while others write: no job reads a table of people from end to end under
the log's lock."""

import pytest

from consent import jobs
from consent.contract import Visit
from consent.store.statement import driver_of

pytestmark = pytest.mark.anyio
DAY = 86_400_000
BIG = (
    "subjects",
    "standings",
    "evidence",
    "leaves",
    "decisions",
    "requests",
    "reports",
    "wishes",
    "imported",
)


@pytest.fixture
async def aged(open_world, tmp_path):
    """People who came long ago, of whom all is due that time does."""
    world = open_world(tmp_path / "consent.db", durable=True)
    for name in ("anna", "berta", "carl"):
        subject = await world.join(f"{name}@kafija.example")
        await world.send(world.ask(subject))
    await world.client.withdraw(world.unsubscribe_token(subject), "page", True, Visit())
    await world.sign_up("dora@kafija.example")
    world.pass_rightly(5 * 366 * DAY)
    return world


async def test_no_job_reads_a_big_table_from_end_to_end_while_others_wait(aged):
    """By SQLite's own plans of what is run in the transactions that write."""
    driver, run, counts = driver_of(aged.service.store.writer), [], {}
    for name, job in jobs.JOBS.items():
        found = () if job.look is None else aged.service.read(lambda reading, job=job: job.look(reading, 200))

        def work(tx, job=job, found=found):
            driver.set_trace_callback(run.append)
            try:
                return job.do(tx, 200, found or ())
            finally:
                driver.set_trace_callback(None)

        counts[name] = aged.service.write(work)
    assert counts["stale"] == 2
    assert counts["proof_purged"] >= 1
    assert counts["expired"] == 1
    plans = {
        (sql, step)
        for sql in run
        if sql.startswith(("SELECT", "UPDATE", "DELETE"))
        for *_, step in driver.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
    }
    assert len(plans) > 20
    assert not [one for one in plans if one[1] in {f"SCAN {table}" for table in BIG}]


async def test_what_changed_since_it_was_found_is_left(aged):
    """Somebody who was silent until just now."""
    found = aged.service.read(lambda reading: jobs.JOBS["stale"].look(reading, 200))
    assert len(found) == 2
    await aged.client.alive([(found[0], aged.clock.now)])
    assert aged.service.write(lambda tx: jobs.JOBS["stale"].do(tx, 200, found)) == 1


async def test_nobody_is_looked_for_twice_on_one_day(aged):
    """Nothing is read, and nothing written."""
    while (await aged.client.keep_times()).more:
        pass
    looks = [job.look for job in jobs.JOBS.values() if job.look is not None]
    assert len(looks) == 3
    assert aged.service.read(lambda reading: [look(reading, 200) for look in looks]) == [None] * 3
