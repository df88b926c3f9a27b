"""`virta consent …` and the keys of a project, as someone at a terminal meets them."""

import json
import os
import re
import subprocess
import sys
import time

import msgspec
import pytest

from consent.client import InProcess
from consent.contract import Handed, Outcome, Settlement, SignUp, Visit
from consent.ledger.policy import publish
from consent.proof.verify import Failure
from consent.service import open_service
from virta.command import main
from virta.keys import make_development_keys, read_keys
from virta.settings import BrokenProject, Keys, read_settings

PROJECT = """
name = "kafija"
url = "https://mail.kafija.example"
{environment}
[sender]
name = "Kafija"
address = "hello@kafija.example"
imprint = "Kafija SIA, Example Street 1, Example Town"
[controller]
name = "Kafija SIA"
address = "Example Street 1, Example Town"
contact = "privacy@kafija.example"
[privacy]
recipients = []
[keys]
{keys}
"""


def write_project(folder, environment="development", keys='file = "keys.toml"'):
    """A project's settings."""
    text = PROJECT.format(environment=f'environment = "{environment}"', keys=keys)
    (folder / "virta.toml").write_text(text, "utf-8")


def run(monkeypatch, capsys, *words):
    """Exit code, standard output and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["virta", "consent", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return ended.value.code, captured.out, captured.err


EML = b"To: anna@kafija.example\r\n\r\na live link\r\n"


@pytest.fixture
def project(tmp_path):
    """A project whose service is running, with one person who joined and left."""
    write_project(tmp_path)
    make_development_keys(tmp_path / "keys.toml", os.urandom)
    keys = read_keys(read_settings(tmp_path), tmp_path)
    service = open_service(
        tmp_path / "data" / "consent.db",
        keys.consent,
        origin="kafija.example/kafija",
        public_url="https://kafija.example",
        team=(),
        clock=lambda: time.time_ns() // 1_000_000,
        entropy=os.urandom,
        durable=False,
    )
    yield tmp_path, service
    service.close()


@pytest.fixture
def history(project, world):
    """The project's folder after some events, and the receipt of the last."""
    import asyncio

    folder, service = project
    client = InProcess(service)
    service.write(lambda tx: publish(tx, world.policy))

    async def live():
        await client.sign_up(
            SignUp("anna@kafija.example", ("newsletter",), "en", "footer", b"<form>", Visit("192.0.2.7"))
        )
        [proof] = await client.proofs()
        [decision] = await client.decide([proof.ask])
        await client.claim("proofs", [proof.ask], [])
        handed = Handed(EML, reply="250 2.0.0 queued as 4F3A", at=1)
        await client.settle("proofs", [Settlement(proof.ask.key, 1, Outcome.ACCEPTED, 250, handed)])
        receipt = await client.confirm(decision.links.confirm.rpartition("/")[2], Visit())
        url = service.parts.tokens.unsubscribe(receipt.subject, "newsletter")
        return await client.withdraw(url.rpartition("/")[2], "one_click", False, Visit())

    receipt = asyncio.run(live())
    (folder / "receipt.json").write_bytes(msgspec.json.encode(receipt))
    return folder


def test_export_and_verify_while_the_service_runs(history, monkeypatch, capsys):
    """The keys, the export, and the three answers of verify: authenticated, consistent, rewritten."""
    code, out, _ = run(monkeypatch, capsys, "keys", history)
    assert code == 0
    key = out.strip()
    assert key.startswith("kafija.example/kafija+")
    file = history / "export.zip"
    code, out, _ = run(monkeypatch, capsys, "export", history, "--out", file)
    assert code == 0
    assert "leaves" in out
    code, out, _ = run(
        monkeypatch, capsys, "verify", file, "--key", key, "--checkpoint", history / "receipt.json"
    )
    assert code == 0
    assert "signed by the key given" in out
    code, out, _ = run(monkeypatch, capsys, "verify", file)
    assert code == Failure.NOT_AUTHENTICATED
    assert "not authenticated" in out
    receipt = json.loads((history / "receipt.json").read_text())
    receipt["leaf"] = 1
    (history / "false.json").write_text(json.dumps(receipt))
    code, out, _ = run(
        monkeypatch, capsys, "verify", file, "--checkpoint", history / "false.json", "--format", "json"
    )
    assert code == json.loads(out)["code"] == Failure.HISTORY


def test_show_puts_mails_forms_and_receipts_into_a_folder(history, monkeypatch, capsys):
    """To the byte; in the story itself stands no mail, but what it is known by and the reply."""
    code, out, _ = run(
        monkeypatch, capsys, "show", "anna@kafija.example", history, "--evidence", history / "kept"
    )
    assert code == 0
    assert "3 files of evidence are in" in out
    kept = {file.suffix: file for file in (history / "kept").iterdir()}
    assert kept[".eml"].name.endswith("-proof_mail.accepted.eml")
    assert kept[".eml"].read_bytes() == EML
    assert kept[".html"].read_bytes() == b"<form>"
    receipt = json.loads(kept[".json"].read_bytes())
    assert (receipt["type"], receipt["topics"]) == ("confirmed", ["newsletter"])
    assert "reply 250 2.0.0 queued as 4F3A" in out
    assert "words shown by us" in out
    assert "a live link" not in out
    run(monkeypatch, capsys, "export", history, "--out", history / "export.zip")
    code, *_ = run(monkeypatch, capsys, "verify", history / "export.zip", "--checkpoint", kept[".json"])
    assert code == Failure.NOT_AUTHENTICATED


@pytest.mark.parametrize("what", ["--evidence", "--proofs"])
def test_what_is_written_of_a_person_is_for_its_owner_only(history, monkeypatch, capsys, what):
    """Whatever the umask; and no file that is there is written over, nor is any written beside it."""
    args = ("show", "anna@kafija.example", history, what, history / "kept")
    before = os.umask(0o022)
    try:
        code, *_ = run(monkeypatch, capsys, *args)
    finally:
        os.umask(before)
    assert code == 0
    assert (history / "kept").stat().st_mode & 0o777 == 0o700
    files = sorted((history / "kept").iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    files[0].unlink()
    files[-1].write_bytes(b"mine")
    code, _, err = run(monkeypatch, capsys, *args)
    assert code == 2
    assert "is there already" in err
    assert (files[0].exists(), files[-1].read_bytes()) == (False, b"mine")


def test_show_says_where_a_folder_cannot_be_made(history, monkeypatch, capsys):
    """In words."""
    (history / "kept").write_text("a file")
    code, _, err = run(
        monkeypatch, capsys, "show", "anna@kafija.example", history, "--evidence", history / "kept"
    )
    assert code == 2
    assert "cannot be written" in err


def test_show_tells_a_persons_whole_story(history, monkeypatch, capsys):
    """Where they stand, what happened, by which words, on what evidence, and each decision."""
    code, out, _ = run(monkeypatch, capsys, "show", "Anna@kafija.example", history)
    assert code == 0
    for part in (
        "newsletter: withdrawn",
        "confirmed newsletter pending to active",
        "I want news",
        "ip 192.0.2.7",
    ):
        assert part in out
    assert "proof, allowed, accepted 250\n" in out  # it rests on no leaf
    assert re.search(r"evidence: .*\btopics newsletter\b", out)
    assert re.search(r"evidence: .*\bat \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,", out)
    code, out, _ = run(monkeypatch, capsys, "show", "anna@kafija.example", history, "--format", "json")
    found = json.loads(out)
    assert [event["type"] for event in found["events"]][-1] == "withdrawn"
    assert all(event["holds"] for event in found["events"] if event["evidence"])
    assert found["decisions"][0]["mail_class"] == "proof"


def test_show_says_when_nobody_has_the_address(history, monkeypatch, capsys):
    """Exit code 1 for a stranger, 2 for what is no address."""
    code, out, _ = run(monkeypatch, capsys, "show", "bob@kafija.example", history)
    assert (code, "Nobody" in out) == (1, True)
    code, _, err = run(monkeypatch, capsys, "show", "bob", history)
    assert (code, "no e-mail address" in err) == (2, True)


def test_faults_are_told_in_words(history, tmp_path_factory, monkeypatch, capsys):
    """No store, no file, no key, no folder to write to: exit code 2 and a sentence."""
    empty = tmp_path_factory.mktemp("empty")
    write_project(empty)
    make_development_keys(empty / "keys.toml", os.urandom)
    (history / "noise.zip").write_bytes(b"noise")
    for words, expected in (
        (("keys", empty), "no consent store"),
        (("keys", empty / "nowhere"), "no virta.toml"),
        (("verify", empty / "nothing.zip"), "cannot be read"),
        (("verify", history / "noise.zip", "--key", "a+b+c"), "verifier key"),
        (("export", history, "--out", empty / "nowhere" / "e.zip"), "cannot be written"),
    ):
        code, _, err = run(monkeypatch, capsys, *words)
        assert (code, expected in err) == (2, True), err
        assert "Traceback" not in err
    code, out, _ = run(monkeypatch, capsys, "verify", history / "noise.zip")
    assert (code, "no zip" in out) == (Failure.UNREADABLE, True)
    code, out, _ = run(
        monkeypatch, capsys, "verify", history / "noise.zip", "--checkpoint", history / "noise.zip"
    )
    assert code == Failure.KEPT_CHECKPOINT


def test_every_exit_code_of_verify_is_documented():
    """docs/proof-format.md lists them all."""
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "proof-format.md").read_text("utf-8")
    for failure in Failure:
        assert f"| {int(failure)} |" in text


def test_the_command_line_knows_the_consent_commands():
    """Through the installed entry point."""
    found = subprocess.run(
        [sys.executable, "-c", "from virta.command import main; main()", "consent", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    for name in ("show", "export", "verify", "keys"):
        assert name in found.stdout


def test_development_keys_are_for_their_owner_and_not_for_production(tmp_path):
    """Mode 600, never overwritten, refused in production."""
    write_project(tmp_path)
    path = tmp_path / "keys.toml"
    make_development_keys(path, os.urandom)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        make_development_keys(path, os.urandom)
    first = read_keys(read_settings(tmp_path), tmp_path)
    assert first == read_keys(read_settings(tmp_path), tmp_path)
    assert "key" not in repr(first).lower().replace("projectkeys", "").replace("here=keys", "")
    write_project(tmp_path, "production")
    with pytest.raises(BrokenProject, match="production"):
        read_keys(read_settings(tmp_path), tmp_path)


def test_keys_come_from_the_environment_newest_last(tmp_path, monkeypatch):
    """Lists for all but the key of journeys, and each fault names its variable."""
    import base64

    def encoded(letter):
        return base64.b64encode(letter * 32).decode()

    write_project(tmp_path, "production", "")
    settings = read_settings(tmp_path)
    assert settings.keys == Keys()
    for name, value in (
        ("LOG_SIGNING_KEY", encoded(b"s")),
        ("MASTER_KEY", encoded(b"m")),
        ("PEPPER", encoded(b"p")),
        ("LINK_KEY", f"{encoded(b'a')}, {encoded(b'b')}"),
        ("JOURNEY_KEY", encoded(b"j")),
    ):
        monkeypatch.setenv(f"VIRTA_{name}", value)
    keys = read_keys(settings, tmp_path)
    assert keys.consent.links == (b"a" * 32, b"b" * 32)
    assert keys.journey == b"j" * 32
    for value, word in (("", "not set"), ("####", "Base64"), ("YWJj", "32 bytes")):
        monkeypatch.setenv("VIRTA_MASTER_KEY", value)
        with pytest.raises(BrokenProject, match=word) as fault:
            read_keys(settings, tmp_path)
        assert "VIRTA_MASTER_KEY" in str(fault.value)
    monkeypatch.setenv("VIRTA_MASTER_KEY", f"{encoded(b'x')},{encoded(b'y')}")
    assert read_keys(settings, tmp_path).consent.master == (b"x" * 32, b"y" * 32)
    monkeypatch.setenv("VIRTA_JOURNEY_KEY", f"{encoded(b'x')},{encoded(b'y')}")
    with pytest.raises(BrokenProject, match="exactly one key"):
        read_keys(settings, tmp_path)


def test_a_damaged_file_of_development_keys_is_told_of(tmp_path):
    """Missing, unreadable, incomplete."""
    write_project(tmp_path)
    settings = read_settings(tmp_path)
    with pytest.raises(BrokenProject, match="missing"):
        read_keys(settings, tmp_path)
    (tmp_path / "keys.toml").write_text("= nonsense")
    with pytest.raises(BrokenProject, match="not valid TOML"):
        read_keys(settings, tmp_path)
    (tmp_path / "keys.toml").write_text('log_signing = "x"')
    with pytest.raises(BrokenProject, match="master"):
        read_keys(settings, tmp_path)
