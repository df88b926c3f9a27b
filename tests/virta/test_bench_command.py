"""`virta bench`: every figure has its key and its counts, and none is printed whose counts differ."""

from dataclasses import replace
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import losing_journeys
import msgspec
import pytest

from virta.bench.measures import KEYS, NAMES, results, runs_for
from virta.bench.plot import Bar, bars, plot_of
from virta.bench.result import CountsDiffer, Figure, Result, Run, agreed
from virta.bench.table import table
from virta.command import run
from virta.commands import bench as command


def test_the_figures_are_those_that_were_promised() -> None:
    """By these names, which others build on; the command takes the same."""
    assert NAMES == (
        "journey_cpu_us",
        "steps_vs_sqlite3",
        "mail_cpu_us",
        "mail_vs_floor",
        "permit_us",
        "due_scan_ms_1m",
        "rss_mb_10k",
        "rss_mb_1m",
        "ingest_events_s",
        "check_100_flows_s",
    )
    assert get_args(command.Figure) == NAMES


def test_all_figures_are_measured_for_real(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """In small sizes, which each of them says; every count agrees, and the drawing is well formed."""
    drawing = tmp_path / "figures.svg"
    assert run(["bench", "--quick", "--format", "json", "--plot", str(drawing)]) == 0
    found = msgspec.json.decode(capsys.readouterr().out, type=dict[str, Result])
    assert tuple(found) == NAMES
    for name, each in found.items():
        assert each.name == name
        assert each.quick
        assert each.value > 0
        assert len(each.checks) >= 2
        assert len(set(each.checks.values())) == 1
        assert (each.ratio is None) == (each.against is None)
    assert [point.size for point in found["journey_cpu_us"].points] == [50, 150]
    assert set(found["mail_cpu_us"].checks) >= {"claims", "settlements", "mails at the mail server"}
    assert found["steps_vs_sqlite3"].ratio == found["steps_vs_sqlite3"].value
    texts = [each.text or "" for each in ElementTree.parse(drawing).iter() if each.tag.endswith("text")]
    assert any(text.startswith("a journey of ten steps") for text in texts)


def test_a_figure_that_is_not_there_is_refused_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert run(["bench", "--only", "speed"]) == 2
    assert "permit_us" in capsys.readouterr().err


def test_a_line_that_the_journal_lacks_makes_the_counts_differ(tmp_path: Path) -> None:
    """The count is taken from the store as it is, not from what was meant to be written."""
    with pytest.raises(CountsDiffer, match="journeys ended"):
        losing_journeys.measure(tmp_path, 20, lambda done, count: None)


def test_no_figure_is_printed_where_counts_differ(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of other runs are, and the exit code tells."""
    (key,) = (key for key in KEYS if key.name == "rss_mb_10k")
    (other,) = (key for key in KEYS if key.name == "permit_us")
    losing = replace(key, measure="losing_journeys")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setattr(command, "KEYS", (losing, other))
    assert run(["bench", "--quick"]) == 1
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert lines[0].startswith("Quick: ")
    assert [line.split()[0] for line in lines[4:]] == ["permit_us", "a", "counted"]
    assert "No figure of losing_journeys with 50: the counts do not agree: people 50" in told.err


def test_counts_agree_when_they_are_one_number_above_nought() -> None:
    """Nothing at all is no agreement either."""
    assert agreed({"sent": 3, "came": 3}) == {"sent": 3, "came": 3}
    for counts in ({"sent": 3, "came": 2}, {"sent": 0, "came": 0}):
        with pytest.raises(CountsDiffer):
            agreed(counts)


def test_a_figure_is_compared_with_the_same_at_another_size() -> None:
    """Memory with a million asleep stands beside that with ten thousand."""
    key = next(each for each in KEYS if each.name == "rss_mb_1m")
    runs = {
        ("virta.bench.journeys", size): Run(size, {"memory": Figure(value)}, {"people": size, "ended": size})
        for size, value in ((10_000, 100.0), (1_000_000, 150.0))
    }
    (found,) = results([key], runs, quick=False)
    assert (found.value, found.against, found.ratio) == (150.0, 100.0, 1.5)
    assert found.beside == "10,000 people"
    assert "1.50 × 10,000 people" in table([found])


def test_a_key_without_all_its_runs_gives_no_result() -> None:
    """A failed size is not left out of a comparison without a word."""
    key = next(each for each in KEYS if each.name == "rss_mb_1m")
    small = Run(10_000, {"memory": Figure(100.0)}, {"people": 10_000})
    assert list(results([key], {("virta.bench.journeys", 10_000): small}, quick=False)) == []


def test_a_run_serves_all_figures_that_it_gives() -> None:
    """Nothing is measured twice."""
    wanted = runs_for(KEYS, quick=False)
    assert len(wanted) == len(set(wanted))
    sizes = [size for measure, size in wanted if measure == "virta.bench.journeys"]
    assert sizes == [1_000, 10_000, 100_000, 1_000_000]
    assert sum(measure == "virta.bench.mail" for measure, _ in wanted) == 1


def test_a_bar_is_as_long_as_the_logarithm_of_its_value() -> None:
    """Ten times as much is one step of the scale."""
    rows = [Bar("a", 10, True), Bar("b", 100, False), Bar("c", 1000, False)]
    drawn = ElementTree.fromstring(bars("Title", "µs", rows))
    widths = [
        float(each.get("width", "0")) for each in drawn.iter() if each.get("class") in ("ours", "theirs")
    ]
    assert widths[1] - widths[0] == pytest.approx(widths[2] - widths[1])
    assert plot_of([]).startswith("<svg")
