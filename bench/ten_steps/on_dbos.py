"""DBOS on PostgreSQL: a journey is a workflow of ten durable steps, of which it keeps each one's result.
Twenty are started at once, without a queue, which would cost more."""

import sys

from dbos import DBOS
from journey import COUNT, done, journeys, ready, walk
from postgres import server

TOGETHER = 20


@DBOS.step()
def step(journey, number):
    return walk(journey, number)


@DBOS.workflow()
def ten(journey):
    for number in range(COUNT):
        journey = step(journey, number)
    return journey


def main(count: int) -> None:
    with server() as (url, process):
        DBOS(
            config={
                "name": "ten",
                "system_database_url": url.replace("postgresql://", "postgresql+psycopg://"),
                "log_level": "ERROR",
                "run_admin_server": False,
            }
        )
        DBOS.launch()
        ready(process)
        every, ended = journeys(count), []
        for first in range(0, count, TOGETHER):
            running = [DBOS.start_workflow(ten, journey) for journey in every[first : first + TOGETHER]]
            ended += [each.get_result() for each in running]
        done(ended)
        DBOS.destroy()


main(int(sys.argv[1]))
