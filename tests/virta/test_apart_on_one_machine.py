"""The walk through docs/deploying.md with the consent service apart, on one machine, step by step."""

import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from consent_process import ServedConsent
from serving import Served, eventually
from stall import own_port

from virta.command import run
from virta.mailbox.reader import Mail, mails
from virta.mailbox.running import Running, start

PAGE = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text("utf-8")
WALK = PAGE.partition("### Tried out on one machine\n")[2].partition("\n##")[0]
SHELL = [
    line.partition("  #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", WALK, re.DOTALL)
    for line in block.splitlines()
]
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
TOML = re.findall(r"```toml\n(.*?)```", WALK, re.DOTALL)


def mail_to(folder: Path, address: str) -> Mail:
    """The newest mail to an address in a mailbox, once it is there."""
    return eventually(
        lambda: next((mail for mail in reversed([*mails(folder)]) if address in mail.recipients), None)
    )


def printed(served: Served) -> str:
    """Its second line, which says where mails end."""
    assert served.process.stdout is not None
    return served.process.stdout.readline()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Running]:
    """The mailbox of another project, at the port that virta.toml names."""
    with start(tmp_path / "of-another-project") as running:
        yield running


def test_the_walk_leads_from_an_empty_folder_to_a_welcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], other: Running
) -> None:
    """Each command as it stands there; mails end in the mailboxes of these two folders, whatever else runs at
    the port that virta.toml names."""
    monkeypatch.chdir(tmp_path)
    assert SHELL == [
        "virta new shop",
        "cp -r shop consent",
        "virta consent access consent --make engine",
        "virta serve consent consent --mailbox",
        "VIRTA_CONSENT_KEY=… virta serve shop --mailbox",
        "virta mailbox consent --show text",
        "virta mailbox shop --show text",
        "virta doctor consent",
        "VIRTA_CONSENT_KEY=… virta doctor shop",
    ]
    assert run(shlex.split(SHELL[0])[1:]) == 0
    shutil.copytree("shop", "consent")
    capsys.readouterr()
    assert run(shlex.split(SHELL[2])[1:]) == 0
    key = capsys.readouterr().out.strip().splitlines()[-1]
    monkeypatch.setenv("VIRTA_CONSENT_KEY", key)
    shop, consent = tmp_path / "shop", tmp_path / "consent"
    port = own_port()
    for folder in (shop, consent):
        text = (folder / "virta.toml").read_text("utf-8").replace(":2525", f":{other.port}")
        text += TOML[0].replace(":8026", f":{port}") if folder == shop else ""
        (folder / "virta.toml").write_text(text, "utf-8")
    with (
        ServedConsent(consent, port, "--mailbox") as beside,
        Served(shop, "--mailbox", VIRTA_CONSENT_KEY=key) as engine,
    ):
        boxes = [consent / "stores" / "mailbox", shop / "stores" / "mailbox"]
        for served, box in zip((beside, engine), boxes, strict=True):
            told = printed(served)
            assert str(box) in told
            assert f"for port {other.port} is another program's" in told
            assert f":{other.port}," not in told
        assert "Links in mails lead to" not in engine.first_line
        assert f"http://127.0.0.1:{port}" in engine.first_line
        with httpx2.Client(base_url=beside.url) as http:
            page = http.get("/signup").text
            hidden = dict(HIDDEN.findall(page))
            topic = re.findall(r'name="topic" value="(\w+)"', page)[0]
            http.post("/signup", data=hidden | {"email": "anna@example.com", "topic": topic})
            text = mail_to(boxes[0], "anna@example.com").parsed().get_body(("plain",)).get_content()
            link = re.search(r"\S+/c/\S+", text)[0]
            assert link.startswith(f"{beside.url}/c/")
            button = dict(HIDDEN.findall(http.get(link).text))
            assert http.post(link, data=button).status_code == 200
        welcome = mail_to(boxes[1], "anna@example.com")
        assert f"{beside.url}/u/" in welcome.header("List-Unsubscribe")
        capsys.readouterr()
        for folder in ("consent", "shop"):
            assert run(["doctor", folder]) == 0, capsys.readouterr().out
        told = capsys.readouterr().out
        assert "No engine runs" not in told
        assert "Here is the consent service of an engine elsewhere" in told
        assert list(mails(other.folder)) == []
        assert beside.stop(signal.SIGTERM) == engine.stop(signal.SIGTERM) == 0


def test_a_mailbox_stands_in_for_no_server_elsewhere(tmp_path: Path) -> None:
    """`--mailbox` is refused where virta.toml names a server of the world, as it is for the engine."""
    assert run(["new", str(tmp_path / "shop")]) == 0
    toml = tmp_path / "shop" / "virta.toml"
    toml.write_text(toml.read_text("utf-8").replace("127.0.0.1:2525", "mail.example.com:587"), "utf-8")
    program = "from virta.command import main\nmain()"
    words = ["serve", "consent", str(toml.parent), "--port", "0", "--mailbox"]
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert "a local mailbox can only stand in for a server on this machine" in done.stderr
