"""What machines see of a running Virta: metrics, health, readiness. And its log, which names nobody."""

import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from serving import Served, eventually
from stall import make_stall

from virta.mailbox.reader import mails
from virta.monitoring.metrics import COUNTERS, GAUGES, STEP

KEY = {"Authorization": "Bearer the stall's key"}
ROOT = Path(__file__).parents[2]
PEOPLE = ("anna@example.com", "bob@example.com")


def order(id_: str, email: str) -> dict[str, object]:
    return {"id": id_, "event": "order_placed", "contact": {"email": email}, "data": {"order_id": id_}}


def metrics(http: httpx2.Client) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels' values."""
    text = http.get("/metrics").text
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_stall(tmp_path_factory.mktemp("model") / "stall")
    text = (folder / "virta.toml").read_text("utf-8")
    more = '\n[[api]]\nkey = "env:WATCH_KEY"\nscopes = ["metrics"]\n[serving]\nlog_level = "debug"\n'
    (folder / "virta.toml").write_text(text + more, "utf-8")
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    """One that has taken in two orders and mailed both."""
    with Served(folder, "--mailbox", WATCH_KEY="watch") as process:
        with httpx2.Client(base_url=process.url, headers=KEY) as http:
            orders = [order(f"o-{number}", email) for number, email in enumerate(PEOPLE)]
            assert http.post("/v1/events", json={"events": orders}).json()["accepted"] == 2
            eventually(lambda: len(list(mails(folder / "data" / "mailbox"))) == 2)
            eventually(lambda: metrics(http).get(("virta_journeys_total", "thanks", "finished")) == 2)
        yield process


@pytest.fixture
def http(served: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=served.url) as client:
        yield client


def test_the_numbers_tell_what_happened(http: httpx2.Client) -> None:
    """Claims, permits and mails agree with each other and with what was posted; nothing waits."""
    found = metrics(http)
    assert found["virta_mails_total", "accepted"] == found["virta_permits_total",] == 2
    assert 1 <= found["virta_claims_total",] <= 2
    assert found["virta_journeys_total", "thanks", "entered"] == 2
    assert found["virta_events_total",] == 2
    assert found["virta_inbox_waiting",] == found["virta_timers_overdue",] == found["virta_mail_queue",] == 0
    assert found["virta_consent_changes_waiting",] == 0
    assert found["virta_step_seconds_count",] == found["virta_step_seconds_bucket", "+Inf"] >= 1
    assert {part: found["virta_ready", part] for part in ("store", "consent", "mail_server", "runner")} == {
        "store": 1,
        "consent": 1,
        "mail_server": 1,
        "runner": 1,
    }
    assert found["virta_disk_free_bytes",] > 0
    assert found["virta_stores_bytes",] > 100_000


def test_every_metric_is_explained(http: httpx2.Client) -> None:
    """On the page, with its labels; no name that is not on it, and none of Python's own. What the consent
    service tells when it is apart has a test of its own."""
    page = (ROOT / "docs" / "monitoring.md").read_text("utf-8").partition("## The consent service apart")[0]
    explained = {
        (name, tuple(re.findall("`([^`]+)`", labels)))
        for name, labels in re.findall(r"^\| `(virta_\w+)` \| ([^|]*) \|", page, re.MULTILINE)
    }
    known = {(f"{name}_total", labels) for name, (_, labels) in COUNTERS.items()}
    known |= {(name, labels) for name, (_, labels) in GAUGES.items()} | {(STEP[0], ())}
    assert explained == known
    shown = {family.name for family in text_string_to_metric_families(http.get("/metrics").text)}
    assert shown == {*COUNTERS, *GAUGES, STEP[0]}


def test_no_label_tells_of_a_person(http: httpx2.Client) -> None:
    """Neither addresses nor ids."""
    text = http.get("/metrics").text
    assert "@" not in text
    assert re.search(r"[0-9a-f]{32}", text) is None


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_others_than_this_machine_need_the_key(http: httpx2.Client, path: str) -> None:
    """Another name, or a proxy on this machine: no number is told without a key with the scope."""
    for headers in ({"Host": "mail.stall.example"}, {"X-Forwarded-For": "192.0.2.1"}):
        answer = http.get(path, headers=headers)
        if path == "/metrics":
            assert answer.status_code == 401
        else:
            assert answer.json() == {"status": "ready"}
        watched = http.get(path, headers={**headers, "Authorization": "Bearer watch"})
        assert watched.status_code == 200
        assert len(watched.content) > 60
        assert http.get(path, headers=headers | KEY).content != watched.content


def test_healthy_and_ready(http: httpx2.Client) -> None:
    """Both, with each part by name for whoever may see it."""
    assert http.get("/healthz").json() == {"status": "ok"}
    answer = http.get("/readyz")
    assert answer.status_code == 200
    parts = {"store": "ok", "consent": "ok", "mail_server": "ok", "runner": "ok"}
    assert answer.json() == {"status": "ready", "checks": parts, "stopping": False}


def test_without_a_mail_server_it_is_healthy_and_not_ready(tmp_path: Path) -> None:
    """It says what is missing, and goes on taking events."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        folder = make_stall(tmp_path / "stall", f"smtp://127.0.0.1:{free.getsockname()[1]}")
    with Served(folder) as served, httpx2.Client(base_url=served.url, headers=KEY) as http:
        http.post("/v1/events", json={"events": [order("o-1", "anna@example.com")]})
        answer = eventually(lambda: found if (found := http.get("/readyz")).status_code == 503 else None)
        assert "cannot be reached" in answer.json()["checks"]["mail_server"]
        assert http.get("/healthz").status_code == 200
        assert metrics(http)["virta_ready", "mail_server"] == 0
        assert eventually(lambda: metrics(http)["virta_effects_open",] == 1)
        assert served.stop() == 0


def test_people_in_doubt_are_counted_and_a_changed_log_is_not_ready(tmp_path: Path) -> None:
    """One person stops nobody else, so it is ready; a log that was changed is a fault of consent."""
    folder = make_stall(tmp_path / "stall")
    with Served(folder, "--mailbox") as served, httpx2.Client(base_url=served.url) as http:
        assert metrics(http)["virta_consent_doubted",] == 0
        _note(folder, ("ab" * 16, "complained"), ("ab" * 16, "epoch"), ("cd" * 16, "standings"))
        assert metrics(http)["virta_consent_doubted",] == 2
        assert http.get("/readyz").status_code == 200
        _note(folder, ("", "a leaf"))
        answer = http.get("/readyz")
        assert answer.status_code == 503
        assert "the log of consent itself was changed" in answer.json()["checks"]["consent"]
        assert metrics(http)["virta_consent_doubted",] == 2


def _note(folder: Path, *found: tuple[str, str]) -> None:
    """Doubts, as the scrub notes them."""
    with closing(sqlite3.connect(folder / "data" / "consent.db", timeout=10)) as store, store:
        store.executemany("INSERT INTO doubts (subject, what, at) VALUES (?, ?, 0)", found)


def test_the_log_begins_and_ends_with_a_line_that_says_what_runs(served: Served) -> None:
    """Versions and digests: of the program, the stores and each flow."""
    [line] = served.told("running")
    assert line["virta"] == "0.1.0"
    assert set(line["flows"]) == {"welcome", "thanks", "cart"}
    assert all(re.fullmatch("[0-9a-f]{12}", digest) for digest in line["flows"].values())
    assert re.fullmatch("[0-9a-f]{12}", line["policy"])


def test_the_log_names_nobody(served: Served) -> None:
    """At its most talkative: no address, no key and no token, in lines or beside them; and every line is
    one of those that the page explains."""
    text = served.log_file.read_text("utf-8")
    assert "@" not in text
    assert "the stall's key" not in text
    assert served.plain() == []
    page = (ROOT / "docs" / "delivery.md").read_text("utf-8")
    assert {line["event"] for line in served.log()} <= set(re.findall("`([^`]+)`", page))
    assert {"serving", "running"} <= {line["event"] for line in served.log()}
