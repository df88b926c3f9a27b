"""APScheduler with its SQLAlchemy store in an SQLite file: each step is a job that runs at once and adds the
next; the journey travels in its arguments, which are pickled."""

import logging
import sys
import tempfile
import time
from pathlib import Path

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from journey import COUNT, done, journeys, ready, walk

SCHEDULER = BackgroundScheduler(job_defaults={"misfire_grace_time": None})
ENDED = []


def step(journey, number):
    walk(journey, number)
    if number + 1 < COUNT:
        SCHEDULER.add_job(step, args=(journey, number + 1))
    else:
        ENDED.append(journey)


def main(count: int) -> None:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        SCHEDULER.add_jobstore(SQLAlchemyJobStore(url=f"sqlite:///{Path(folder) / 'jobs.db'}"))
        SCHEDULER.start()
        ready()
        for journey in journeys(count):
            SCHEDULER.add_job(step, args=(journey, 0))
        while len(ENDED) < count:
            time.sleep(0.05)
        done(ENDED)
        SCHEDULER.shutdown()


if __name__ == "__main__":
    # jobs are found again by the name of their module, which must not be the one that is run
    from on_apscheduler import main as run

    run(int(sys.argv[1]))
