"""`virta serve` and webhooks: secrets at the start, calls over TLS, and what a kill makes of one."""

import inspect
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest
from certificates import certificate
from serving import Served, eventually
from stall import make_stall
from standardwebhooks.webhooks import Webhook

from engine.insight.records import open_records
from virta.command import run
from virta.wiring import World

SECRET = "whsec_c2VjcmV0IG9mIHRoZSByZWNlaXZlciBvZiBjYWxscw=="
FLOW = """
webhook crm
    url "{url}"
    secret env CRM_SECRET
flow report
    start on order_placed
    call crm with email contact.email, id trigger.order_id
"""
ORDER = {
    "id": "o1",
    "event": "order_placed",
    "contact": {"email": "anna@example.com"},
    "data": {"order_id": "17"},
}


_NOT_SET = "CRM_SECRET, by which calls of the webhook `crm` are signed, is not set."


class Receiver:
    """A receiver by TLS. It answers when it may."""

    def __init__(self, own: Path) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.may_answer = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                receiver.may_answer.wait(30)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing on standard error."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own, own.with_suffix(".key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda request, address: None  # type: ignore[method-assign]
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self.may_answer.set()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The receiver's certificate."""
    return certificate(tmp_path, "127.0.0.1")


@pytest.fixture
def receiver(own: Path) -> Iterator[Receiver]:
    opened = Receiver(own)
    yield opened
    opened.close()


def stall(tmp_path: Path, url: str) -> Path:
    folder = make_stall(tmp_path / "stall")
    (folder / "flows" / "report.flow").write_text(FLOW.format(url=url), "utf-8")
    return folder


def called(folder: Path) -> list[str]:
    """The reasons in the journal's lines about calls; empty for one that was taken."""
    with open_records(folder / "data" / "engine.db") as records:
        return [line.reason for line in records.lines() if line.what == "called"]


def test_a_call_that_was_cut_off_by_a_kill_is_made_again_under_its_id(
    tmp_path: Path, receiver: Receiver, own: Path
) -> None:
    """The receiver can tell the repeat; the journal has one line."""
    folder = stall(tmp_path, receiver.url)
    environment = {"CRM_SECRET": SECRET, "SSL_CERT_FILE": str(own)}
    with Served(folder, **environment) as served:
        headers = {"Authorization": "Bearer the stall's key"}
        with httpx2.Client(trust_env=False) as client:
            answer = client.post(f"{served.url}/v1/events", json={"events": [ORDER]}, headers=headers)
        assert answer.json() == {"accepted": 1, "rejected": []}
        eventually(lambda: receiver.got)
        # here the process is killed: the call has come, and its answer has not
    assert called(folder) == []
    receiver.may_answer.set()
    with Served(folder, **environment) as served:
        eventually(lambda: called(folder))
        assert served.stop() == 0
    assert called(folder) == [""]
    [first, second] = receiver.got
    assert first[1] == second[1]
    assert first[0]["webhook-id"] == second[0]["webhook-id"]
    told = Webhook(SECRET).verify(second[1], second[0])
    assert told["data"]["values"] == {"email": "anna@example.com", "id": "17"}


@pytest.mark.parametrize(("staging", "reason", "calls"), [("", "staging", 0), ("send", "", 1)])
def test_in_staging_nobody_is_called_unless_the_settings_say_so(
    tmp_path: Path, receiver: Receiver, own: Path, staging: str, reason: str, calls: int
) -> None:
    """The receiver is the real one: nothing comes there, no secret is asked for, and the journal says why."""
    folder = stall(tmp_path, receiver.url)
    toml = (folder / "virta.toml").read_text("utf-8")
    with Served(folder, CRM_SECRET=SECRET) as served:
        served.stop()  # in development, which makes the keys
    webhooks = f'allow_private = true\nstaging = "{staging}"' if staging else "allow_private = true"
    (folder / "virta.toml").write_text(f'environment = "staging"\n{toml}\n[webhooks]\n{webhooks}\n', "utf-8")
    receiver.may_answer.set()
    environment = {"CRM_SECRET": SECRET if staging else "", "SSL_CERT_FILE": str(own)}
    with Served(folder, **environment) as served:
        headers = {"Authorization": "Bearer the stall's key"}
        with httpx2.Client(trust_env=False) as client:
            client.post(f"{served.url}/v1/events", json={"events": [ORDER]}, headers=headers)
        eventually(lambda: called(folder))
        assert served.stop() == 0
    assert called(folder) == [reason]
    assert len(receiver.got) == calls


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (
            None,
            _NOT_SET,
        ),
        (
            " ",
            _NOT_SET,
        ),
        (
            "geheim",
            "The environment variable CRM_SECRET holds no secret of a webhook: 24 bytes or more in Base64",
        ),
        ("whsec_c2hvcnQ=", "The environment variable CRM_SECRET holds no secret of a webhook"),
        ("whsec_" + "ä" * 32, "The environment variable CRM_SECRET holds no secret of a webhook"),
    ],
)
def test_without_its_secret_nothing_is_served(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    secret: str | None,
    told: str,
) -> None:
    """Said at once, in plain words; the secret is not shown."""
    folder = stall(tmp_path, "https://crm.example/hook")
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    monkeypatch.delenv("CRM_SECRET", raising=False)
    if secret is not None:
        monkeypatch.setenv("CRM_SECRET", secret)
    assert run(["serve", str(folder), "--port", "0"]) == 2
    shown = " ".join(capsys.readouterr().err.split())
    assert told in shown
    assert secret is None or not secret.strip() or secret not in shown


def test_checking_and_simulating_ask_for_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is called there."""
    folder = stall(tmp_path, "https://crm.example/hook")
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    monkeypatch.delenv("CRM_SECRET", raising=False)
    assert run(["check", str(folder)]) == 0, capsys.readouterr()


def test_no_system_takes_calls_as_made_unless_it_says_so() -> None:
    """A command that opens the stores must name who makes the calls that wait there, or they were lost."""
    assert inspect.signature(World).parameters["post"].default is inspect.Parameter.empty
