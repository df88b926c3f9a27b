"""The metrics that Prometheus reads, in a registry of our own. The table is what docs/monitoring.md shows."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from engine.run.pulse import BOUNDS, Pulse
from virta.monitoring.look import Look
from virta.monitoring.tallies import Tallies

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "virta_mails": ("Attempts at mails that ended, by how", ("outcome",)),
    "virta_claims": ("Claims that the consent service answered", ()),
    "virta_permits": ("Permits that it gave", ()),
    "virta_denials": ("Mails that it denied, or put off, by reason", ("reason",)),
    "virta_journeys": ("What became of journeys, by flow", ("flow", "what")),
    "virta_events": ("Events and contacts that the engine has worked on", ()),
    "virta_batches": ("Transactions of the engine", ()),
    "virta_calls": ("Calls of webhooks that ended, by how", ("outcome",)),
    "virta_set_aside": ("Errors that were set aside so that they block nobody, by reason", ("reason",)),
    "virta_consent_signups_refused": ("Wishes to sign up that were above the limits", ()),
    "virta_api_refused": ("Calls of the API that were turned away with 429 or 503", ()),
}
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "virta_inbox_waiting": ("Rows of the inbox that are not worked on yet", ()),
    "virta_inbox_lag_seconds": ("How long the oldest of them has waited", ()),
    "virta_consent_changes_waiting": ("Changes of consent that the engine has not heard of", ()),
    "virta_consent_doubted": ("People of whom the store of consent says what its log does not", ()),
    "virta_timers_overdue": ("Deadlines that have passed and were not acted on, up to 100,000", ()),
    "virta_effects_open": ("Mails, calls and words to the team that are asked for and not done", ()),
    "virta_mail_queue": ("Mails that wait for the mail server or are on their way", ()),
    "virta_mails_under_way": ("Mails handed over whose answer has not come", ()),
    "virta_ready": ("1 where all is well, by what was looked at", ("part",)),
    "virta_disk_free_bytes": ("Room on the disk of the stores", ()),
    "virta_stores_bytes": ("What the stores take", ()),
}
STEP = ("virta_step_seconds", "How long steps of the engine took that did something")


class Metrics(Collector):
    """Register it once; `seen` is the newest look, which whoever answers a scrape takes first. `refused`
    tells how many calls of the API were turned away, `crowded` how many wishes to sign up."""

    def __init__(
        self, tallies: Tallies, pulse: Pulse, refused: Callable[[], int], crowded: Callable[[], int]
    ) -> None:
        self.seen: Look | None = None
        self.at = 0  # ms UTC
        self._tallies = tallies
        self._pulse = pulse
        self._refused = refused
        self._crowded = crowded

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        tallies = self._tallies
        yield _counter("virta_mails", {(name,): count for name, count in tallies.mails.items()})
        yield _counter("virta_claims", {(): tallies.claims})
        yield _counter("virta_permits", {(): tallies.permits})
        yield _counter("virta_denials", {(name,): count for name, count in tallies.denials.items()})
        yield _counter("virta_journeys", dict(tallies.journeys.items()))
        yield _counter("virta_events", {(): tallies.events})
        yield _counter("virta_batches", {(): tallies.batches})
        yield _counter("virta_calls", {(name,): count for name, count in tallies.calls.items()})
        yield _counter("virta_set_aside", {(name,): count for name, count in tallies.set_aside.items()})
        yield _counter("virta_consent_signups_refused", {(): self._crowded()})
        yield _counter("virta_api_refused", {(): self._refused()})
        yield self._steps()
        if self.seen is not None:
            yield from self._gauges(self.seen)

    def _steps(self) -> HistogramMetricFamily:
        below, buckets = 0, []
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), self._pulse.counts, strict=True):
            below += count
            buckets.append((bound, below))
        family = HistogramMetricFamily(*STEP)
        family.add_metric([], buckets, self._pulse.seconds)
        return family

    def _gauges(self, seen: Look) -> Iterator[GaugeMetricFamily]:
        oldest = seen.waiting.oldest
        lag = max(0, self.at - oldest) / 1000 if oldest is not None else 0.0
        yield _gauge("virta_inbox_waiting", {(): seen.inbox})
        yield _gauge("virta_inbox_lag_seconds", {(): lag})
        yield _gauge("virta_consent_changes_waiting", {(): seen.unheard})
        yield _gauge("virta_consent_doubted", {(): seen.doubted})
        yield _gauge("virta_timers_overdue", {(): seen.waiting.overdue})
        yield _gauge("virta_effects_open", {(): seen.waiting.effects})
        yield _gauge("virta_mail_queue", {(): seen.queue})
        yield _gauge("virta_mails_under_way", {(): seen.under_way})
        yield _gauge("virta_ready", {(part,): int(not fault) for part, fault in seen.faults.items()})
        yield _gauge("virta_disk_free_bytes", {(): seen.free})
        yield _gauge("virta_stores_bytes", {(): seen.used})


def registry_of(metrics: Metrics) -> CollectorRegistry:
    """A registry that holds nothing else."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(metrics)
    return registry


def _counter(name: str, values: Mapping[tuple[str, ...], float]) -> CounterMetricFamily:
    says, labels = COUNTERS[name]
    family = CounterMetricFamily(name, says, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family


def _gauge(name: str, values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    says, labels = GAUGES[name]
    family = GaugeMetricFamily(name, says, labels=labels)
    for of, value in values.items():
        family.add_metric(of, value)
    return family
