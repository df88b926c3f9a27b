"""Sign-ups as a whole served process takes them: within limits, and each wish that was answered is kept."""

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from serving import Served, eventually
from stall import make_stall

from virta.command import run
from virta.mailbox.reader import mails

ANNA = "anna@example.com"
KEY = {"Authorization": "Bearer the stall's key"}
AT_ONCE = 9


def sign_up(http: httpx2.Client, email: str) -> httpx2.Response:
    """By the page, as a browser sends it."""
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', http.get("/signup").text))
    return http.post("/signup", data=hidden | {"email": email, "topic": "news"})


def tell(http: httpx2.Client, email: str) -> httpx2.Response:
    """By the API."""
    return http.post("/v1/signups", json={"email": email, "topics": ["news"]}, headers=KEY)


def refused(http: httpx2.Client) -> float:
    """What the metrics say of wishes above the limits."""
    families = text_string_to_metric_families(http.get("/metrics").text)
    [found] = [one for family in families for one in family.samples if "signups_refused_total" in one.name]
    return found.value


def recipients(folder: Path) -> list[str]:
    """Of all mails in the mailbox, oldest first."""
    return [address for mail in mails(folder / "data" / "mailbox") for address in mail.recipients]


def has_come(folder: Path, address: str) -> bool:
    """Whether a mail to that address has."""
    return address in recipients(folder)


def test_one_address_gets_one_mail_over_two_lives(tmp_path: Path) -> None:
    """However often it is entered, by the page and by a key at once; what is above the limit is counted, and
    another life, which has counted nothing, sends no second mail."""
    folder = make_stall(tmp_path / "stall")
    for last in ("berta@example.com", "carla@example.com"):
        with Served(folder, "--mailbox") as served, httpx2.Client(base_url=served.url) as http:
            with ThreadPoolExecutor(2 * AT_ONCE) as pool:
                pages = pool.map(lambda _: sign_up(http, ANNA), range(AT_ONCE))
                calls = pool.map(lambda _: tell(http, ANNA), range(AT_ONCE))
                assert {(one.status_code, one.content) for one in calls} == {(202, b'{"accepted":true}')}
                [(status, _)] = {(one.status_code, one.content) for one in pages}
                assert status == 200
            assert refused(http) == 2 * AT_ONCE - 6
            assert tell(http, last).status_code == 202
            eventually(partial(has_come, folder, last))
            assert served.stop() == 0
    assert sorted(recipients(folder)) == [ANNA, "berta@example.com", "carla@example.com"]


def test_a_wish_that_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    """Killed as soon as the answers are there, with no mail sent: the next life sends each of them."""
    folder = make_stall(tmp_path / "stall")
    people = {f"person-{number}@example.com" for number in range(AT_ONCE)}
    with Served(folder) as served, httpx2.Client(base_url=served.url) as http:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(lambda email: sign_up(http, email).status_code, people))
        served.stop(signal.SIGKILL)
    assert answers == [200] * AT_ONCE
    with Served(folder, "--mailbox"):
        eventually(lambda: set(recipients(folder)) == people)


def test_a_newer_release_goes_on_counting(tmp_path: Path) -> None:
    """Whoever applies often gives nobody new wishes."""
    folder = make_stall(tmp_path / "stall")
    with Served(folder, "--mailbox") as served:
        with httpx2.Client(base_url=served.url) as http, ThreadPoolExecutor(6) as pool:
            assert {one.status_code for one in pool.map(lambda _: tell(http, ANNA), range(6))} == {202}
            assert refused(http) == 0
        flow = folder / "flows" / "thanks.flow"
        flow.write_text(flow.read_text("utf-8").replace("    send", "    wait 1 minute\n    send"), "utf-8")
        assert run(["apply", str(folder), "--yes"]) == 0
        assert len(served.told("a newer release takes over")) == 1
        with httpx2.Client(base_url=served.url) as http:
            assert tell(http, ANNA).status_code == 202
            assert refused(http) == 1
        assert served.stop() == 0
