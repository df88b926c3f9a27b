"""`virta serve` on bad days: it says in plain words what is wrong, and loses nothing."""

import asyncio
import resource
import shutil
import signal
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from serving import Served, eventually
from stall import make_stall

from engine.store.store import Store
from virta.command import run
from virta.mailbox.reader import mails
from virta.mailbox.running import start

KEY = {"Authorization": "Bearer the stall's key"}
GARBAGE = b"this is no database, and never was one. " * 200


@pytest.fixture
def port() -> int:
    """One that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_stall(tmp_path_factory.mktemp("model") / "stall")


@pytest.fixture
def stall(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    return Path(shutil.copytree(model, tmp_path / "stall"))


@pytest.fixture(autouse=True)
def no_endless_test() -> Iterator[None]:
    """One that served after all would never end."""

    def give_up(number: int, frame: object) -> None:
        raise AssertionError("it did not refuse to start, and served")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def refused(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> str:
    """What it says as it refuses to start: one line, on standard error, with exit code 2."""
    anywhere = [] if "--port" in words else ["--port", "0"]
    assert run(["serve", str(folder), *anywhere, *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("virta: ")
    assert told.err.count("\n") == 1
    return told.err


def change(folder: Path, old: str, new: str) -> None:
    text = (folder / "virta.toml").read_text("utf-8")
    assert old in text
    (folder / "virta.toml").write_text(text.replace(old, new), "utf-8")


def test_a_faulty_flow_is_not_run(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The way to the findings is shown, and no store is made."""
    (stall / "flows" / "more.flow").write_text("flow more\n    topic nwes\n    sned x\n", "utf-8")
    told = refused(capsys, stall)
    assert "errors, and nothing was started" in told
    assert f"`virta check {stall}` shows what to mend." in told
    assert not (stall / "data").exists()
    assert not (stall / "dev-keys.toml").exists()


def test_a_missing_template_stops_it_too(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is an error of the compiler's, found before anybody is written to."""
    (stall / "templates" / "hello.html").unlink()
    assert "have an error, and nothing was started" in refused(capsys, stall)


def test_missing_keys_are_named(
    stall: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the API, those of the consent service, and development keys in production."""
    monkeypatch.delenv("STALL_API_KEY")
    assert "The environment variable STALL_API_KEY, which virta.toml asks for, is not set." in refused(
        capsys, stall
    )
    change(stall, 'file = "dev-keys.toml"', "")
    assert refused(capsys, stall) == (
        "virta: The environment variable VIRTA_LOG_SIGNING_KEY, which virta.toml asks for, is not set. "
        'docs/keys.md says how keys are made. In development write `file = "dev-keys.toml"` under [keys]: '
        "`virta serve` makes that file itself.\n"
    )
    change(stall, "[keys]", '[keys]\nfile = "dev-keys.toml"')
    production = 'environment = "production"\nurl = "https://stall.example"\n[privacy]\nrecipients = []\n'
    change(stall, "[sender]", f"{production}[sender]")
    assert 'holds development keys, and virta.toml says `environment = "production"`' in refused(
        capsys, stall
    )


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "consent.db garbage": (
        lambda data: (data / "consent.db").write_bytes(GARBAGE),
        "consent.db cannot be used as a database: file is not a database.",
    ),
    "consent.db folder": (
        lambda data: (data / "consent.db").mkdir(),
        "consent.db cannot be used: Is a directory.",
    ),
    "engine.db garbage": (
        lambda data: (data / "engine.db").write_bytes(GARBAGE),
        "engine.db cannot be read as a database: file is not a database",
    ),
    "engine.db folder": (
        lambda data: (data / "engine.db").mkdir(),
        "engine.db cannot be used as a database: unable to open database file",
    ),
    "attempts folder": (lambda data: (data / "attempts").mkdir(), "attempts cannot be used: Is a directory."),
    "attempts garbage": (
        lambda data: (data / "attempts").write_bytes(GARBAGE),
        "attempts was not written by Virta. Move it away",
    ),
    "file for a folder": (
        lambda data: (data.rmdir(), data.write_bytes(GARBAGE)),
        "data cannot be used: File exists.",
    ),
}


@pytest.mark.parametrize("case", SPOILED)
def test_stores_that_are_none(case: str, stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which file, and why; what was there is left as it was."""
    spoil, told = SPOILED[case]
    data = stall / "data"
    data.mkdir()
    spoil(data)
    before = [(path, path.read_bytes()) for path in (data, *data.rglob("*")) if path.is_file()]
    assert told in refused(capsys, stall)
    assert all(path.read_bytes() == content for path, content in before)


def test_stores_that_may_not_be_written(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A place where nobody may make a folder, not even the system's administrator."""
    change(stall, "[keys]", '[stores]\nfolder = "/proc/virta"\n[keys]')
    assert "/proc/virta cannot be used: " in refused(capsys, stall)


def test_places_that_cannot_be_listened_on(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use, one that is none, a host that is not ours: nothing else has been opened by then."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        assert refused(capsys, stall, "--port", taken) == (
            f"virta: Cannot listen on 127.0.0.1, port {taken}: Address already in use. "
            "Name another place with --port or --host.\n"
        )
    assert "99999 is no port; there are 1 to 65535" in refused(capsys, stall, "--port", "99999")
    assert "Cannot listen on 192.0.2.1, port 0: " in refused(capsys, stall, "--host", "192.0.2.1")
    assert "Cannot listen on no.such.host.invalid" in refused(capsys, stall, "--host", "no.such.host.invalid")
    assert not (stall / "data").exists()


def test_a_local_mailbox_stands_in_for_a_local_server_only(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another machine's mail server is not taken for a mailbox here."""
    change(stall, "smtp://127.0.0.1", "smtp://mail.stall.example")
    assert "a local mailbox can only stand in for a server on this machine" in refused(
        capsys, stall, "--mailbox"
    )


def test_a_mailbox_whose_port_is_taken_finds_another(tmp_path: Path) -> None:
    """Two projects can be tried out at once; the log says where mails go."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        busy = make_stall(tmp_path / "stall", f"smtp://127.0.0.1:{taken}")
        with Served(busy, "--mailbox") as served:
            (told,) = eventually(lambda: served.told("serving"))
            assert told["mail_server"].startswith("smtp://127.0.0.1:")
            assert told["mail_server"] != f"smtp://127.0.0.1:{taken}"


# ------------------------------------------------------------------ while it runs


def order(id_: str, email: str) -> dict[str, object]:
    return {"id": id_, "event": "order_placed", "contact": {"email": email}, "data": {"order_id": id_}}


def journal(folder: Path) -> Counter[tuple[str, str]]:
    store = Store(folder / "data" / "engine.db")
    try:
        return Counter((entry.what, entry.reason) for entry in asyncio.run(store.journal()))
    finally:
        store.close()


@pytest.fixture
def waiting(tmp_path: Path, port: int) -> Path:
    """A project whose mail server is not there."""
    return make_stall(
        tmp_path / "stall", f"smtp://127.0.0.1:{port}", "timeout = 5\nfinal_timeout = 1\nconnections = 1"
    )


@pytest.fixture
def served(waiting: Path) -> Iterator[Served]:
    with Served(waiting) as process:
        yield process


def test_a_mail_server_that_is_away_then_refuses_and_hangs(
    served: Served, waiting: Path, tmp_path: Path, port: int
) -> None:
    """Away: mails wait, and the log says so once. Then each mail has its own fate, and blocks no other."""
    with httpx2.Client(base_url=served.url, headers=KEY) as http:
        who = ("anna@example.com", "bob@refused.example", "carl@hangs.example", "dora@example.com")
        orders = [order(f"o-{number}", email) for number, email in enumerate(who)]
        assert http.post("/v1/events", json={"events": orders}).json() == {"accepted": 4, "rejected": []}
        [away] = eventually(lambda: served.told("mails wait"))
        assert away["why"] == f"The mail server at 127.0.0.1:{port} cannot be reached: Connection refused."

        with start(tmp_path / "mailbox", port, refuse="*@refused.example", hang="*@hangs.example") as mailbox:
            eventually(lambda: served.told("it is unknown whether a mail went out"))
            eventually(lambda: len(list(mails(mailbox.folder))) == 3)  # the one that hangs was taken in
            [no] = eventually(lambda: served.told("the mail server refused a mail"))
            assert no["code"] == 550
            assert served.stop() == 0
        delivered = [mail.recipients for mail in mails(tmp_path / "mailbox")]
    assert sorted(delivered) == [("anna@example.com",), ("carl@hangs.example",), ("dora@example.com",)]
    assert len(served.told("mails wait")) == 1
    assert served.plain() == []
    found = journal(waiting)
    assert found["sent", ""] == 2
    assert found["skipped", "server_refused"] == 1
    assert found["unknown", ""] + found["unknown", "outcome_unknown"] == 1


def let_files_grow(served: Served, size: int) -> None:
    """No file that it writes may grow beyond that; -1: as far as there is room."""
    pid = served.process.pid
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]))


def largest(folder: Path) -> int:
    return max(path.stat().st_size for path in (folder / "data").iterdir() if path.is_file())


def test_a_full_disk_stops_nothing_and_loses_nothing(waiting: Path) -> None:
    """Calls are refused with the time after which to come again, and nothing of them is kept. It runs on,
    says it once each time, and as soon as there is room it takes calls and mails what it had accepted, once
    each. (A small write may find room in between.)"""
    accepted: set[str] = set()
    mailbox = waiting / "data" / "mailbox"

    def delivered() -> set[str]:
        return {mail.subject.removeprefix("Order ") for mail in mails(mailbox)}

    with (
        Served(waiting, "--mailbox") as served,
        httpx2.Client(base_url=served.url, headers=KEY, timeout=30) as http,
    ):

        def place(number: int) -> httpx2.Response:
            batch = [order(f"o-{number}-{place}", f"p{place}@example.com") for place in range(20)]
            answer = http.post("/v1/events", json={"events": batch})
            if answer.status_code == 202:
                accepted.update(str(one["id"]) for one in batch)
            return answer

        def refused() -> httpx2.Response | None:
            answer = place(len(accepted))
            return answer if answer.status_code != 202 else None

        assert place(0).status_code == 202
        let_files_grow(served, largest(waiting))
        answer = eventually(refused)
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "unavailable"
        assert int(answer.headers["Retry-After"]) > 0
        ready = http.get("/readyz")
        assert ready.status_code == 503
        assert "did not take a write: disk I/O error" in ready.json()["checks"]["store"]
        assert http.get("/healthz").status_code == 200
        assert served.process.poll() is None

        let_files_grow(served, -1)
        assert eventually(lambda: (answer := place(100_000)).status_code == 202 and answer)
        eventually(lambda: accepted <= delivered())
        eventually(lambda: http.get("/readyz").status_code == 200)
        assert served.stop(signal.SIGINT) == 0
    assert set(Counter(mail.subject for mail in mails(mailbox)).values()) == {1}
    assert delivered() == accepted
    waits, goes_on = (
        served.told(f"the engine's database takes {what}")
        for what in ("no writes; all waits", "writes again")
    )
    assert 1 <= len(waits) == len(goes_on) < 4
    assert served.plain() == []


def test_a_stop_while_the_disk_is_full_leaves_all_to_the_next_life(waiting: Path) -> None:
    """It ends in good order, as it does after a crash: what had been accepted is mailed then, once each."""
    accepted: set[str] = set()
    with (
        Served(waiting, "--mailbox") as served,
        httpx2.Client(base_url=served.url, headers=KEY, timeout=30) as http,
    ):
        for number in range(100):
            batch = [order(f"o-{number}-{place}", f"p{place}@example.com") for place in range(20)]
            if number == 10:
                let_files_grow(served, largest(waiting))
            if http.post("/v1/events", json={"events": batch}).status_code != 202:
                break
            accepted |= {str(one["id"]) for one in batch}
        assert served.stop() == 0
        assert served.plain() == []
    assert len(accepted) >= 200
    with Served(waiting, "--mailbox") as healthy:
        mailbox = waiting / "data" / "mailbox"
        eventually(lambda: accepted <= {mail.subject.removeprefix("Order ") for mail in mails(mailbox)})
        assert healthy.stop() == 0
    assert set(Counter(mail.subject for mail in mails(mailbox)).values()) == {1}
