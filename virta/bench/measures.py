"""The table of all figures: what each is called, which run gives it, at which sizes, what it should reach."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from virta.bench.result import Point, Result, Run


@dataclass(frozen=True, slots=True)
class Key:
    """A figure: `measure` is the module that measures it and `figure` its name there, at `sizes` or, in
    haste, at `quick` ones; the largest gives the value. `flat`: how many times the value beside it the
    largest may be, 0: nothing is said of it. `beside` says what it is compared with;
    `beside_size` is the size of which the same figure is that, 0: the run itself says. `of` names what is
    counted by size."""

    name: str
    says: str
    unit: str
    measure: str
    figure: str
    of: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    aim: float | None = None
    beside: str = ""
    beside_size: int = 0
    quick_beside: int = 0
    flat: float = 0.0

    def sizes_of(self, quick: bool) -> tuple[int, ...]:
        """Those to measure."""
        return self.quick if quick else self.sizes


_JOURNEYS = "virta.bench.journeys"
_MAIL = "virta.bench.mail"
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_SMALL, _LARGE = 10_000, 1_000_000
_QUICK_SMALL, _QUICK_LARGE = 50, 150

KEYS = (
    Key(
        "journey_cpu_us",
        "a journey of ten steps that sends nothing",
        "µs CPU",
        _JOURNEYS,
        "journey",
        "people",
        _SIZES,
        (_QUICK_SMALL, _QUICK_LARGE),
        aim=100,
        beside_size=_SMALL,
        quick_beside=_QUICK_SMALL,
        flat=1.5,
    ),
    Key(
        "steps_vs_sqlite3",
        "the same, over sqlite3 alone with the same statements and rows",
        "times",
        "virta.bench.floor",
        "steps",
        "people",
        (_SMALL,),
        (_QUICK_LARGE,),
        beside="sqlite3 alone",
    ),
    Key(
        "mail_cpu_us",
        "a whole mail of 16 kB HTML, unsigned",
        "µs CPU",
        _MAIL,
        "mail",
        "mails",
        (20_000,),
        (100,),
        aim=300,
        beside="Jinja and a socket",
    ),
    Key(
        "mail_vs_floor",
        "the same, over Jinja and a bare socket with the same bytes",
        "times",
        _MAIL,
        "mail_ratio",
        "mails",
        (20_000,),
        (100,),
        beside="Jinja and a socket",
    ),
    Key(
        "permit_us",
        "a permit: claim, log and settle, in batches of 64",
        "µs CPU",
        "virta.bench.permits",
        "permit",
        "people",
        (200_000,),
        (1_000,),
        aim=100,
    ),
    Key(
        "due_scan_ms_1m",
        "a look at who is due while all sleep, which finds up to a thousand",
        "ms CPU",
        _JOURNEYS,
        "due_scan",
        "people",
        (_LARGE,),
        (_QUICK_LARGE,),
        aim=10,
    ),
    Key(
        "rss_mb_10k",
        "memory while all sleep",
        "MB",
        _JOURNEYS,
        "memory",
        "people",
        (_SMALL,),
        (_QUICK_SMALL,),
    ),
    Key(
        "rss_mb_1m",
        "memory while all sleep",
        "MB",
        _JOURNEYS,
        "memory",
        "people",
        (_SMALL, _LARGE),
        (_QUICK_SMALL, _QUICK_LARGE),
        beside_size=_SMALL,
        quick_beside=_QUICK_SMALL,
    ),
    Key(
        "ingest_events_s",
        "events over HTTP, in batches of 100, until they are worked on",
        "events/s",
        "virta.bench.ingest",
        "ingest",
        "events",
        (50_000,),
        (500,),
        aim=5_000,
    ),
    Key(
        "check_100_flows_s",
        "virta check of many flows, its start included",
        "s CPU",
        "virta.bench.checking",
        "check",
        "flows",
        (100,),
        (5,),
        aim=1,
        beside="one flow",
    ),
)
NAMES = tuple(key.name for key in KEYS)


def runs_for(keys: Sequence[Key], quick: bool) -> list[tuple[str, int]]:
    """Which measures must run, at which sizes: each once, small ones first."""
    wanted = dict.fromkeys((key.measure, size) for key in keys for size in key.sizes_of(quick))
    order = list(dict.fromkeys(measure for measure, _ in wanted))
    return sorted(wanted, key=lambda run: (order.index(run[0]), run[1]))


def results(keys: Sequence[Key], runs: Mapping[tuple[str, int], Run], quick: bool) -> Iterator[Result]:
    """A result for each key whose runs are all there."""
    for key in keys:
        sizes = key.sizes_of(quick)
        if all((key.measure, size) in runs for size in sizes):
            yield _result(key, [runs[key.measure, size] for size in sizes], quick)


def _result(key: Key, runs: Sequence[Run], quick: bool) -> Result:
    last = runs[-1]
    value, against = last.figures[key.figure].value, last.figures[key.figure].against
    beside, beside_size = key.beside, key.quick_beside if quick else key.beside_size
    if beside_size:
        against = next(run.figures[key.figure].value for run in runs if run.size == beside_size)
        beside = f"{beside_size:,} {key.of}"
    return Result(
        key.name,
        key.says,
        key.unit,
        value,
        against,
        beside if against is not None else "",
        value / against if against else None,
        key.aim,
        last.size,
        key.of,
        quick,
        last.counts,
        tuple(Point(run.size, run.figures[key.figure].value, run.seconds, run.also) for run in runs),
        last.also,
    )
