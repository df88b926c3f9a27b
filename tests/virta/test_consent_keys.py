"""`virta consent keys`, `virta serve signer`, and keys that change, as somebody at a terminal meets them."""

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from serving import eventually

from consent.ledger.checkpoint_signer import RefusedCheckpoint
from consent.ledger.remote_signer import RemoteSigner
from consent.proof.checkpoint import Checkpoint
from engine.delivery.attempts import AttemptFile
from virta.command import main
from virta.consent_door import open_consent
from virta.database_url import consent_place
from virta.keys import make_development_keys, read_consent_keys, read_keys
from virta.mailing import sender_of
from virta.settings import read_settings
from virta.wiring import wall_clock

SETTINGS = """
name = "kafija"
url = "https://mail.kafija.example"
[sender]
name = "Kafija"
address = "hello@kafija.example"
imprint = "Kafija SIA, Example Street 1, Example Town"
[controller]
name = "Kafija SIA"
address = "Example Street 1, Example Town"
contact = "privacy@kafija.example"
[keys]
file = "keys.toml"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with development keys."""
    (tmp_path / "virta.toml").write_text(SETTINGS, "utf-8")
    make_development_keys(tmp_path / "keys.toml", os.urandom)
    return tmp_path


def opened(folder: Path) -> None:
    """Open the project's consent service once, as a start of Virta does."""
    settings = read_settings(folder)
    place = consent_place(folder, settings)
    keys = read_consent_keys(settings, folder)
    open_consent(place, keys, settings, clock=wall_clock, entropy=os.urandom).close()


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    """The exit code of a command."""
    monkeypatch.setattr(sys, "argv", ["virta", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_new_signing_key_takes_its_place_in_two_starts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both sign, then the new one alone; an export is verified by either line."""
    opened(folder)
    assert run(monkeypatch, "consent", "keys", folder) == 0
    before = capsys.readouterr().out
    old = before.split()[0]
    assert "signs" in before
    assert run(monkeypatch, "consent", "keys", folder, "--rotate", "log-signing") == 0
    assert "both sign" in capsys.readouterr().out
    opened(folder)
    assert run(monkeypatch, "consent", "keys", folder, "--format", "json") == 0
    both = json.loads(capsys.readouterr().out)["keys"]
    assert len(both) == 2
    assert both[0] == old
    text = (folder / "keys.toml").read_text()
    assert text.count(",") == 1
    first, comma, second = text.partition("log_signing = ")[2].split('"')[1].partition(",")
    (folder / "keys.toml").write_text(text.replace(f"{first}{comma}{second}", second))
    opened(folder)
    assert run(monkeypatch, "consent", "keys", folder) == 0
    told = capsys.readouterr().out.splitlines()
    assert "leaf 0" in told[1]
    assert " to leaf " in told[1]
    assert told[3].endswith("signs")
    assert run(monkeypatch, "consent", "export", folder, "--out", folder / "proof.zip") == 0
    for line in both:
        assert run(monkeypatch, "consent", "verify", folder / "proof.zip", "--key", line) == 0


def test_a_lost_key_is_given_up_by_saying_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without that nothing opens; afterwards the gap is told, and the old key has a code of its own."""
    opened(folder)
    assert run(monkeypatch, "consent", "keys", folder) == 0
    old = capsys.readouterr().out.split()[0]
    made = folder / "other.toml"
    make_development_keys(made, os.urandom)
    fresh = made.read_text().partition("log_signing = ")[2].split('"')[1]
    text = (folder / "keys.toml").read_text()
    lost = text.partition("log_signing = ")[2].split('"')[1]
    (folder / "keys.toml").write_text(text.replace(lost, fresh))
    assert run(monkeypatch, "consent", "keys", folder) == 2
    assert "--lost" in capsys.readouterr().err
    assert run(monkeypatch, "consent", "keys", folder, "--lost") == 0
    new = capsys.readouterr().out.splitlines()[2]
    assert run(monkeypatch, "consent", "export", folder, "--out", folder / "proof.zip") == 0
    assert run(monkeypatch, "consent", "verify", folder / "proof.zip", "--key", old) == 20
    capsys.readouterr()
    assert run(monkeypatch, "consent", "verify", folder / "proof.zip", "--key", new) == 0
    assert "given up as lost" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["master", "pepper", "link"])
def test_other_keys_are_added_behind_the_old(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """And the store goes on with both."""
    opened(folder)
    assert run(monkeypatch, "consent", "keys", folder, "--rotate", kind) == 0
    assert "behind the old one" in capsys.readouterr().out
    assert (folder / "keys.toml").stat().st_mode & 0o777 == 0o600
    opened(folder)


class SignerProcess:
    """`virta serve signer` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        words = ["serve", "signer", str(folder), "--memory", str(folder / "elsewhere" / "signed")]
        program = "from virta.command import main\nmain()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()

    def end(self, number: signal.Signals) -> int:
        """Send it a signal; its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(60)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return code


def test_a_signer_that_is_killed_remembers_what_it_signed(folder: Path) -> None:
    """Started anew it refuses another tree of the same size; asked to stop it does so in good order."""
    text = (folder / "virta.toml").read_text() + 'signer = "run/signer.sock"\n'
    (folder / "virta.toml").write_text(text)
    signer = SignerProcess(folder)
    assert "nothing yet" in signer.first_line
    remote = RemoteSigner(folder / "run" / "signer.sock")
    origin = "mail.kafija.example/kafija"
    assert remote.sign(Checkpoint(origin, 3, b"a" * 32), 0, ())
    assert signer.end(signal.SIGKILL) == -signal.SIGKILL
    signer = SignerProcess(folder)
    assert "3 leaves so far" in signer.first_line
    with pytest.raises(RefusedCheckpoint):
        remote.sign(Checkpoint(origin, 3, b"b" * 32), 3, ())
    opened_by = eventually(lambda: remote.public_keys())
    assert opened_by[0].name == origin
    assert signer.end(signal.SIGTERM) == 0
    assert not (folder / "run" / "signer.sock").exists()


def doctored(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the doctor says of keys and signers."""
    run(monkeypatch, "doctor", folder, "--format", "json")
    found = json.loads(capsys.readouterr().out)["findings"]
    return [one["says"] for one in found if one["what"] in ("keys", "signer", "consent")]


def test_the_doctor_tells_of_changes_that_are_not_finished(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new key that the log does not know, two that sign, an old master key that may go; nothing else."""
    opened(folder)
    assert doctored(folder, monkeypatch, capsys) == []
    run(monkeypatch, "consent", "keys", folder, "--rotate", "log-signing")
    run(monkeypatch, "consent", "keys", folder, "--rotate", "master")
    capsys.readouterr()
    fresh, wrapped = doctored(folder, monkeypatch, capsys)
    assert "does not know it yet" in fresh
    assert "not wrapped by the newest master key yet" in wrapped
    opened(folder)
    opened(folder)
    two, done = doctored(folder, monkeypatch, capsys)
    assert "2 keys sign the log" in two
    assert "an older one is still set" in done


def test_the_doctor_tells_of_a_signer_that_is_not_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mails wait for it."""
    opened(folder)
    (folder / "virta.toml").write_text((folder / "virta.toml").read_text() + 'signer = "run/signer.sock"\n')
    (says,) = doctored(folder, monkeypatch, capsys)
    assert "does not answer" in says


def notes_of(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the doctor says that is no fault, of keys."""
    capsys.readouterr()
    run(monkeypatch, "doctor", folder, "--format", "json")
    return [one for one in json.loads(capsys.readouterr().out)["notes"] if "key" in one]


def set_key(folder: Path, name: str, value: str) -> str:
    """Set a key in the file of keys; what stood there."""
    text = (folder / "keys.toml").read_text()
    before = text.partition(f"\n{name} = ")[2].split('"')[1]
    (folder / "keys.toml").write_text(text.replace(before, value))
    return before


def test_the_doctor_says_which_keys_there_are_and_which_link_key_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many of each, and from where; an older link key is understood, one that was taken out is missed."""
    opened(folder)
    (one,) = notes_of(folder, monkeypatch, capsys)
    assert one.startswith("Keys of consent, from keys.toml: 1 log signing key; 1 master key; 1 pepper (")
    assert "1 link key; 1 hold key." in one
    run(monkeypatch, "consent", "keys", folder, "--rotate", "link")
    run(monkeypatch, "consent", "keys", folder, "--rotate", "pepper")
    opened(folder)
    both, older = notes_of(folder, monkeypatch, capsys)
    assert "2 peppers" in both
    assert "2 link keys" in both
    assert "1 older link key" in older
    links = (folder / "keys.toml").read_text().partition("\nlink = ")[2].split('"')[1]
    set_key(folder, "link", links.partition(",")[2])
    opened(folder)
    assert "1 link key that the store was used with is not set" in notes_of(folder, monkeypatch, capsys)[1]
    set_key(folder, "link", links)
    assert len(notes_of(folder, monkeypatch, capsys)) == 2


def test_the_doctor_misses_a_pepper_and_a_journey_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pepper of the store that is not set, a key that is none, and another one than the mailer's."""
    opened(folder)
    keys = read_keys(read_settings(folder), folder)
    AttemptFile(folder / "data" / "attempts", sender_of(keys)).close()
    assert doctored(folder, monkeypatch, capsys) == []
    other = base64.b64encode(os.urandom(32)).decode()
    journey = set_key(folder, "journey", other)
    (says,) = doctored(folder, monkeypatch, capsys)
    assert "The journey key is not the one" in says
    set_key(folder, "journey", "nonsense")
    assert any("`journey`" in one for one in doctored(folder, monkeypatch, capsys))
    set_key(folder, "journey", journey)
    set_key(folder, "pepper", other)
    (says,) = doctored(folder, monkeypatch, capsys)
    assert "1 are missing" in says
