"""`/metrics`, `/healthz` and `/readyz` of the consent service when it is a process of its own."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from consent.contract import Unavailable
from virta.consent_alone import Alone
from virta.monitoring.doubted import Doubting
from virta.settings import Settings
from web.studio.guard import is_from_this_machine

CALLS = ("virta_consent_calls", "Calls that were answered, by name and status", ("call", "status"))
PASSED = ("virta_consent_signups_refused", "Wishes to sign up that were above the limits")
QUEUE = ("virta_mail_queue", "Mails that wait for the mail server or are on their way")
READY = ("virta_ready", "1 where all is well, by what was looked at", ("part",))
DOUBTED = ("virta_consent_doubted", "People of whom the store says what its log does not")
FREE = ("virta_disk_free_bytes", "Room on the disk of the stores")


class _Metrics(Collector):
    """`faults` and `doubted` are of the newest look, which whoever answers a scrape takes first."""

    def __init__(self, alone: Alone, data: Path) -> None:
        self.faults: dict[str, str] = {}
        self.doubted = 0
        self._alone = alone
        self._data = data

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        name, says, labels = CALLS
        calls = CounterMetricFamily(name, says, labels=labels)
        for (call, status), count in list(self._alone.tally.items()):
            calls.add_metric((call, str(status)), count)
        yield calls
        passed = CounterMetricFamily(*PASSED)
        passed.add_metric((), self._alone.consent.admission.refused)
        yield passed
        yield GaugeMetricFamily(*QUEUE, value=len(self._alone.queue))
        part_, what, of = READY
        ready = GaugeMetricFamily(part_, what, labels=of)
        for part, fault in self.faults.items():
            ready.add_metric((part,), int(not fault))
        yield ready
        yield GaugeMetricFamily(*DOUBTED, value=self.doubted)
        yield GaugeMetricFamily(*FREE, value=shutil.disk_usage(self._data).free)


async def faults_of(alone: Alone) -> dict[str, str]:
    """What was looked at (`consent`, `mail_server`), and what is wrong with it, "" where all is well."""
    found = {"consent": alone.consent.shut, "mail_server": alone.mailer.fault}
    try:
        await alone.consent.offered()
        found["consent"] = found["consent"] or await Doubting(alone.service).fault_of_log()
    except Unavailable as fault:
        found["consent"] = str(fault)
    return found


def watch_consent(alone: Alone, settings: Settings, folder: Path) -> None:
    """Put the three pages beside the others. What is more than whether it is ready is for this machine."""
    metrics = _Metrics(alone, folder / settings.stores.folder)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)

    async def show(request: Request) -> Response:
        if not is_from_this_machine(request.scope):
            return Response(status_code=403)
        metrics.faults = await faults_of(alone)
        with contextlib.suppress(Unavailable):  # the faults say it; the count of before stays
            metrics.doubted = await Doubting(alone.service).people_in_doubt()
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        faults = await faults_of(alone)
        fine = not any(faults.values()) and not alone.closing.is_set()
        body: dict[str, object] = {"status": "ready" if fine else "not ready"}
        if is_from_this_machine(request.scope):
            body["checks"] = {part: fault or "ok" for part, fault in faults.items()}
            body["stopping"] = alone.closing.is_set()
        return Response(msgspec.json.encode(body), 200 if fine else 503, media_type="application/json")

    alone.pages.router.routes[:0] = [
        Route("/metrics", show, methods=["GET"]),
        Route("/healthz", health, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
    ]
