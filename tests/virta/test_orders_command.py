"""Orders to a `virta serve` that runs, given by commands as an operator gives them; and the doctor."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from serving import Served, eventually
from stall import make_stall

from engine.core.bundle import Journey
from engine.core.calendar import NEVER
from engine.store.batch import Batch
from engine.store.store import Store
from virta.command import run
from virta.mailbox.reader import mails
from virta.mailbox.running import Running, start

ORDER = {"order_id": "1"}


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    with start(tmp_path / "mailbox") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, mailbox: Running, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    return make_stall(tmp_path / "stall", mailbox.url)


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, dict[str, object]]:
    """What a command prints as JSON."""
    capsys.readouterr()
    assert run([*words, "--format", "json"]) == 0
    found: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_an_engine_that_runs_is_halted_and_goes_on_again(
    folder: Path, mailbox: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command says that the engine has seen it; an order of the shop is thanked for behind the halt, by
    the next life even, and not before."""

    def order(served: Served) -> None:
        body = {"id": "o-1", "event": "order_placed", "contact": {"email": "anna@example.com"}, "data": ORDER}
        key = {"Authorization": "Bearer the stall's key"}
        sent = httpx2.post(f"{served.url}/v1/events", json={"events": [body]}, headers=key)
        assert sent.json() == {"accepted": 1, "rejected": []}

    with Served(folder) as served:
        halted = answer(capsys, "halt", str(folder))
        assert (halted["given"]["seen"], halted["given"]["on_way"]) == (True, 0)
        order(served)
        waiting = eventually(
            lambda: answer(capsys, "halt", str(folder))["waiting"]["service"]  # ordered again, it stays
        )
        assert waiting == 1
        assert list(mails(mailbox.folder)) == []
        assert served.stop() == 0
    with Served(folder) as served:
        assert answer(capsys, "resume", str(folder))["given"]["seen"] is True
        eventually(lambda: [mail for mail in mails(mailbox.folder) if mail.subject == "Order 1"])
        told = served.told("told from outside")
        assert [line["kind"] for line in told] == ["halt", *["halt"] * (len(told) - 2), "resume"]
        assert all(" at " in line["by"] for line in told)


def test_what_is_ordered_while_nothing_runs_is_said_to_wait(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the first start there is nobody to tell; and a flow that never ran is named."""
    assert run(["pause", str(folder)]) == 2
    assert "nothing has run here yet" in capsys.readouterr().err
    with Served(folder) as served:
        served.stop()
    assert answer(capsys, "pause", "welcome", str(folder))["given"]["seen"] is None
    assert run(["throttle", "wellcome", "500", str(folder)]) == 2
    assert "Did you mean `welcome`?" in capsys.readouterr().err
    assert run(["throttle", "welcome", "some", str(folder)]) == 2
    assert "`some` is no number of mails an hour" in capsys.readouterr().err
    assert run(["resume", str(folder)]) == 0
    assert "`welcome` is still paused: virta resume welcome" in capsys.readouterr().out


def complaints(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> dict[str, str]:
    capsys.readouterr()
    code = run(["doctor", str(folder), "--format", "json", *words])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert code == (1 if found else 0)
    assert all(one["says"] and one["do"] for one in found)
    return {one["what"]: one["says"] for one in found}


def test_a_doctor_finds_nothing_in_a_sound_project_that_runs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the engine, which it does not disturb; what is held back is told, and is no finding."""
    with Served(folder) as served:
        assert run(["pause", str(folder)]) == 0
        assert complaints(capsys, folder, "--integrity") == {}
        assert run(["doctor", str(folder)]) == 0
        printed = capsys.readouterr().out
        assert printed.startswith("An engine runs.\nAll marketing is paused since ")
        assert printed.endswith("All is well.\n")
        assert served.stop() == 0


def test_a_doctor_names_what_is_wrong(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Timers, a mail server that is no such thing, files that others may read, a damaged store."""
    with Served(folder) as served:
        served.stop()
    data = folder / "data"
    store = Store(data / "engine.db")
    put = [journey("a" * 32, 1_000), journey("b" * 32, NEVER)]
    asyncio.run(store.commit(Batch(journeys_put=put)))
    store.close()
    (data / "engine.db").chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        dead = nobody.getsockname()[1]
    toml = (folder / "virta.toml").read_text("utf-8")
    (folder / "virta.toml").write_text(
        "\n".join(
            f'url = "smtp://127.0.0.1:{dead}"' if line.startswith('url = "smtp') else line
            for line in toml.splitlines()
        ),
        "utf-8",
    )
    found = complaints(capsys, folder)
    assert set(found) == {"overdue-timers", "stuck-journeys", "modes", "mail-server"}
    assert found["overdue-timers"].startswith("1 timer is overdue, by ")
    assert found["stuck-journeys"].startswith("1 journey of welcome stands with no deadline")
    consent = data / "consent.db"
    size = consent.stat().st_size
    with consent.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 4096)
    assert "integrity" in complaints(capsys, folder, "--integrity")


def journey(id_: str, due: int) -> Journey:
    """One of `welcome`."""
    return Journey(id_, "c" * 32, "welcome", "none", 0, due, 1, 1, "", {})
