"""procrastinate on PostgreSQL: each step is a job that defers the next; the journey is its arguments."""

import asyncio
import sys

import procrastinate
from journey import COUNT, done, journeys, ready, walk
from postgres import server


async def main(count: int) -> None:
    ended, through = [], asyncio.Event()
    with server() as (url, process):
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

        @app.task(name="step")
        async def step(journey, number):
            walk(journey, number)
            if number + 1 < COUNT:
                await step.defer_async(journey=journey, number=number + 1)
            else:
                ended.append(journey)
                if len(ended) == count:
                    through.set()

        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            ready(process)
            worker = asyncio.create_task(
                app.run_worker_async(concurrency=10, install_signal_handlers=False, listen_notify=True)
            )
            await step.batch_defer_async(*({"journey": each, "number": 0} for each in journeys(count)))
            await through.wait()
            done(ended)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)


if __name__ == "__main__":
    # it warns of an app in the module that is run
    from on_procrastinate import main as run

    asyncio.run(run(int(sys.argv[1])))
