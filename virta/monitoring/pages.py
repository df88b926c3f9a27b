"""`/metrics`, `/healthz` and `/readyz`: for the machines that watch over Virta."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dsl.graph import Program
from virta.monitoring.look import look
from virta.monitoring.metrics import Metrics, registry_of
from virta.settings import Settings, secret
from virta.wiring import System
from web.api.admission import Admission
from web.api.keys import ApiKeys, Scope, demand
from web.api.replies import Refusal, refusal
from web.studio.guard import is_from_this_machine


def monitoring_routes(
    system: System,
    admission: Admission,
    keys: ApiKeys,
    data: Path,
    clock: Callable[[], int],
) -> list[Route]:
    """The three pages. Metrics and the words of `/readyz` are for this machine, or for a key with the scope
    `metrics`; anybody may know whether it is ready."""
    counting = system.door.counting
    metrics = Metrics(
        system.consent.tallies,
        system.runner.pulse,
        lambda: admission.refused,
        lambda: counting.admission.refused if counting is not None else 0,
    )
    registry = registry_of(metrics)

    def refused(request: Request) -> Response | None:
        if is_from_this_machine(request.scope):
            return None
        try:
            demand(keys, request, Scope.METRICS)
        except Refusal as fault:
            return refusal(fault)
        return None

    async def show(request: Request) -> Response:
        denied = refused(request)
        if denied is not None:
            return denied
        now = clock()
        metrics.seen, metrics.at = await look(system, data, now), now
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def ready(request: Request) -> Response:
        seen = await look(system, data, clock())
        fine = seen.ready and not admission.closing
        body: dict[str, object] = {"status": "ready" if fine else "not ready"}
        if refused(request) is None:
            body["checks"] = {part: fault or "ok" for part, fault in seen.faults.items()}
            body["stopping"] = admission.closing
        return Response(msgspec.json.encode(body), 200 if fine else 503, media_type="application/json")

    return [
        Route("/metrics", show, methods=["GET"]),
        Route("/healthz", health, methods=["GET"]),
        Route("/readyz", ready, methods=["GET"]),
    ]


def digests(system: System, program: Program | None) -> dict[str, object]:
    """What runs, by the first twelve digits of its digests: each flow, and the policy of consent."""
    flows = {flow.flow: flow.digest[:12] for flow in program.flows} if program is not None else {}
    return {"flows": flows, "policy": system.policy[:12]}


def watch(
    system: System, admission: Admission, settings: Settings, folder: Path, clock: Callable[[], int]
) -> None:
    """Count what happens from here on, and put the pages beside the others. Raises `BrokenProject`."""
    system.store.heard = system.consent.tallies.committed
    keys = ApiKeys.of((secret(api.key), api.scopes) for api in settings.api)
    data = folder / settings.stores.folder
    system.pages.router.routes[:0] = monitoring_routes(system, admission, keys, data, clock)
