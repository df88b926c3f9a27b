"""The figures of `virta simulate`, counted again."""

import json
from pathlib import Path

import pytest
from played import ACTS
from recount import compare
from stall import make_stall

from virta.command import run


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The stall with more buyers than it usually has: each buys a few times, around the end of the goal's
    time too."""
    folder = make_stall(tmp_path_factory.mktemp("recount") / "stall")
    acts = [json.loads(act) for act in ACTS]
    for number in range(12):
        who = f"buyer-{number}@example.com"
        at = f"2026-03-03T{8 + number:02}:00:00+02:00"
        acts.append({"do": "sign_up", "at": at, "email": who, "language": "en", "topics": ["news"]})
        acts.append({"do": "confirm", "at": at.replace(":00:00", ":30:00"), "email": who})
        for day in (3 + number % 3, 6 + number, 10 + number):
            total = {"amount": f"{number}.{day:02}", "currency": "EUR" if number % 4 else "USD"}
            acts.append(
                {
                    "do": "event",
                    "at": f"2026-03-{day:02}T21:{number:02}:00+02:00",
                    "email": who,
                    "id": f"o-{number}-{day}",
                    "event": "order_placed",
                    "data": {"order_id": f"{number}-{day}", "total": total},
                }
            )
    acts.sort(key=lambda act: act["at"])
    path = folder.parent / "acts.jsonl"
    path.write_text("".join(json.dumps(act) + "\n" for act in acts), "utf-8")
    return folder, ["simulate", str(folder), "--visitors", str(path), "--days-after", "30", "--keep"]


def test_the_figures_are_those_of_the_raw_rows_and_of_the_sink(
    stall: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every number of every flow, and the mails in all."""
    folder, words = stall
    assert run([*words, "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    compare(report, folder, "data", {"welcome": ("order_placed", 7)})
    (welcome,) = (row for row in report["flows"] if row["flow"] == "welcome")
    assert welcome["entered"] == 15
    assert welcome["goal"] > 5
    assert set(welcome["revenue"]) == {"EUR", "USD"}
