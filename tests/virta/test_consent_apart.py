"""The consent service apart, looked at from within: its keys, its mails, its pages for machines."""

import json
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from stall import make_stall, own_port

from consent.app.access import access_keys
from consent.calls import PREFIX, Scope
from virta.command import run
from virta.consent_alone import Alone, open_alone, proof_files
from virta.consent_door import ACCESS
from virta.keys import make_missing_keys, read_consent_keys, read_keys_apart
from virta.monitoring.consent_pages import watch_consent
from virta.settings import BrokenProject, Settings, read_settings
from virta.wiring import wall_clock

DOCS = Path(__file__).parents[2] / "docs"
APART = '\n[consent]\nurl = "{url}"\nkey = "env:STALL_CONSENT_KEY"\n'


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio."""
    return "asyncio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_stall(tmp_path / "stall")


@pytest.fixture
async def alone(folder: Path) -> AsyncIterator[Alone]:
    settings = read_settings(folder)
    make_missing_keys(settings, folder, secrets.token_bytes)
    keys = read_consent_keys(settings, folder)
    opened = open_alone(folder, settings, keys, wall_clock, secrets.token_bytes)
    watch_consent(opened, settings, folder)
    yield opened
    await opened.close()


def visitor(alone: Alone, **headers: str) -> httpx2.AsyncClient:
    """A program on this machine."""
    transport = httpx2.ASGITransport(alone.pages, client=("127.0.0.1", 50123))
    return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8026", headers=headers)


@pytest.mark.anyio
async def test_it_says_whether_it_is_ready_and_what_is_wrong(alone: Alone) -> None:
    """To this machine with the reasons, to whoever comes by a proxy without; never while it ends."""
    async with visitor(alone) as http, visitor(alone, **{"X-Forwarded-For": "192.0.2.7"}) as afar:
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]) == (200, {"consent": "ok", "mail_server": "ok"})
        assert (await afar.get("/readyz")).json() == {"status": "ready"}
        assert (await afar.get("/metrics")).status_code == 403
        alone.mailer.fault = "The mail server cannot be reached."
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["mail_server"]) == (503, alone.mailer.fault)
        alone.mailer.fault = ""
        alone.closing.set()
        assert (await afar.get("/readyz")).status_code == 503
        assert (await afar.get("/healthz")).status_code == 200


@pytest.mark.anyio
async def test_every_metric_is_on_the_page_that_tells_of_them(alone: Alone) -> None:
    """And none is told of that is not there."""
    async with visitor(alone) as http:
        await http.post(f"{PREFIX}offered")
        shown = (await http.get("/metrics")).text
    page = (DOCS / "monitoring.md").read_text("utf-8").partition("## The consent service apart")[2]
    told = set(re.findall(r"^\| `(virta_\w+)` \|", page.partition("\n## ")[0], re.MULTILINE))
    assert told == set(re.findall(r"^(virta_\w+)", shown, re.MULTILINE))
    assert 'virta_consent_calls_total{call="offered",status="401"} 1.0' in shown


def test_keys_are_made_listed_and_taken_away(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A key is shown once; afterwards its name and its scope alone."""
    path = folder / "data" / ACCESS
    assert run(["consent", "access", str(folder)]) == 0
    assert capsys.readouterr().out.startswith("There are no keys")
    assert run(["consent", "access", str(folder), "--make", "shop", "--scope", "shop"]) == 0
    key = capsys.readouterr().out.strip()
    assert [one.scopes for one in access_keys(path)] == [(Scope.SHOP,)]
    assert run(["consent", "access", str(folder), "--make", "engine", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["scope"] == "engine"
    assert run(["consent", "access", str(folder)]) == 0
    listed = capsys.readouterr().out
    assert re.fullmatch(r"shop: shop, made \S+ \S+\nengine: engine, made \S+ \S+\n", listed)
    assert key not in listed
    assert run(["consent", "access", str(folder), "--revoke", "shop"]) == 0
    assert capsys.readouterr().out.startswith("engine: ")
    for words, told in (
        (["--revoke", "shop"], "There is no key named `shop`."),
        (["--make", "engine"], "There is a key named `engine` already"),
        (["--make", "a", "--revoke", "engine"], "one at a time"),
    ):
        assert run(["consent", "access", str(folder), *words]) == 2
        assert told in capsys.readouterr().err


def settings_with(folder: Path, url: str, environment: str = "development") -> Settings:
    text = (folder / "virta.toml").read_text("utf-8")
    text = text.replace(
        'name = "Coffee stall"\n', f'name = "Coffee stall"\nenvironment = "{environment}"\n', 1
    )
    if environment == "production":
        text = text.replace('[keys]\nfile = "dev-keys.toml"\n', "[privacy]\nrecipients = []\n").replace(
            'name = "Coffee stall"\n', 'name = "Coffee stall"\nurl = "https://mail.stall.example"\n', 1
        )
    (folder / "virta.toml").write_text(text + APART.format(url=url), "utf-8")
    return read_settings(folder)


def test_each_process_needs_its_own_keys_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets into the engine's environment finds no key of the consent service there."""
    settings = settings_with(folder, "http://127.0.0.1:8026", "production")
    key = "A" * 43 + "="
    monkeypatch.setenv("VIRTA_JOURNEY_KEY", key)
    for name in ("LOG_SIGNING", "MASTER", "PEPPER", "LINK"):
        monkeypatch.delenv(f"VIRTA_{name}_KEY", raising=False)
    engine = read_keys_apart(settings, folder)
    with pytest.raises(BrokenProject, match="with its own process"):
        _ = engine.consent
    with pytest.raises(BrokenProject, match="is not set"):
        read_consent_keys(settings, folder)
    monkeypatch.delenv("VIRTA_JOURNEY_KEY")
    for name in ("LOG_SIGNING_KEY", "MASTER_KEY", "PEPPER", "LINK_KEY"):
        monkeypatch.setenv(f"VIRTA_{name}", key)
    assert read_consent_keys(settings, folder).peppers == (b"\0" * 32,)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("127.0.0.1:8026", "must be a whole URL"),
        ("http://name:word@127.0.0.1:8026", "must not hold a password"),
        ("http://consent.stall.example", "for anyone on the way to read"),
    ],
)
def test_a_place_that_cannot_be_or_would_be_overheard_is_refused(folder: Path, url: str, told: str) -> None:
    """In production addresses go to another machine by TLS alone."""
    with pytest.raises(BrokenProject, match=told):
        settings_with(folder, url, "production")


def test_the_doctor_says_when_it_does_not_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its place, and what to do."""
    settings_with(folder, f"http://127.0.0.1:{own_port()}")
    monkeypatch.setenv("STALL_CONSENT_KEY", "a key")
    assert run(["doctor", str(folder)]) == 1
    told = capsys.readouterr().out
    assert "consent: The consent service at http://127.0.0.1:" in told
    assert "cannot be reached" in told
    assert "Start `virta serve consent`" in told


def test_the_mail_that_asks_is_the_projects_own_whatever_is_wrong_elsewhere(folder: Path) -> None:
    """A template that cannot be read belongs to a mail that the engine sends."""
    (folder / "templates" / "hello.html").write_text("---\nsubject: {% if\n---\n{% nonsense", "utf-8")
    names = {file.name for file in proof_files(folder, read_settings(folder)) if not file.partial}
    assert {name for name in names if not name.startswith("virta/")} == {
        "confirm"
    }  # the others are Virta's own
    own = "---\nsubject: Please confirm\n---\n<p>{{ links.confirm }} {{ links.refuse }}</p>"
    (folder / "templates" / "confirm.html").write_text(own, "utf-8")
    (found,) = [file for file in proof_files(folder, read_settings(folder)) if file.name == "confirm"]
    assert found.header["subject"] == "Please confirm"
