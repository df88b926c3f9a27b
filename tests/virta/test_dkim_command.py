"""`virta dkim`, and mails that go out signed, as somebody at a terminal and a receiver meet them."""

import json
from pathlib import Path

import dkim as dkimpy
import pytest

from virta.command import run as go
from virta.mailing import dkim_of
from virta.settings import BrokenProject, read_settings

SETTINGS = """
name = "kafija"
url = "https://mail.kafija.example"
[sender]
name = "Kafija"
address = "hello@news.kafija.example"
imprint = "Kafija SIA, Example Street 1, Example Town"
[controller]
name = "Kafija SIA"
address = "Example Street 1, Example Town"
contact = "privacy@kafija.example"
"""
MAIL = b"From: hello@news.kafija.example\r\nSubject: x\r\n\r\nSveiki\r\n"


def written(folder: Path, dkim: str = "") -> Path:
    """A project's settings."""
    (folder / "virta.toml").write_text(SETTINGS + dkim, "utf-8")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code, and what was printed where."""
    code = go(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def made(folder: Path, capsys: pytest.CaptureFixture[str], selector: str = "virta1") -> dict[str, str]:
    """A new key as JSON has it."""
    code, out, _ = run(capsys, "dkim", str(folder), "--new", selector, "--format", "json")
    assert code == 0
    found = json.loads(out)
    return {"variable": found["variable"], "key": found["key"], **found["record"]}


def test_a_new_key_signs_so_that_its_record_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record that was printed when it was made is the one that is printed once it is set, and holds."""
    new = made(written(tmp_path), capsys)
    assert new["name"] == "virta1._domainkey.news.kafija.example"
    monkeypatch.setenv(new["variable"], new["key"])
    written(tmp_path, f'[dkim.keys]\nvirta1 = "env:{new["variable"]}"\n')
    code, out, _ = run(capsys, "dkim", str(tmp_path), "--format", "json")
    assert code == 0
    [record] = json.loads(out)["records"]
    assert record == {"name": new["name"], "type": "TXT", "value": new["value"]}
    signer = dkim_of(read_settings(tmp_path))
    assert signer is not None
    answers = {new["name"].encode() + b".": new["value"].encode()}
    signed = signer.header(MAIL, 1_772_434_800_000) + MAIL
    assert dkimpy.verify(signed, dnsfunc=lambda name, timeout=5: answers[name])


def test_a_record_is_printed_as_a_zone_file_has_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No string is longer than the DNS takes, and together they are the record; the key is told to be one."""
    code, out, _ = run(capsys, "dkim", str(written(tmp_path)), "--new", "a.b-1")
    assert code == 0
    assert "VIRTA_DKIM_A_B_1=MII" in out
    assert '"a.b-1" = "env:VIRTA_DKIM_A_B_1"' in out
    [zone] = [line for line in out.splitlines() if "TXT" in line]
    strings = zone.split('"')[1::2]
    assert zone.startswith("a.b-1._domainkey.news.kafija.example. TXT ( ")
    assert all(len(one) <= 255 for one in strings)
    assert "".join(strings).startswith("v=DKIM1; k=rsa; p=MII")


def test_the_domain_that_signs_may_be_the_one_above(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And no other: receivers would not count it for the sender's address."""
    new = made(written(tmp_path, '[dkim]\ndomain = "kafija.example"\n'), capsys)
    assert new["name"] == "virta1._domainkey.kafija.example"
    for other in ("shop.example", "ews.kafija.example", "a.news.kafija.example"):
        with pytest.raises(BrokenProject, match=r"`dkim\.domain` must be news\.kafija\.example"):
            read_settings(written(tmp_path, f'[dkim]\ndomain = "{other}"\n'))


@pytest.mark.parametrize(
    ("dkim", "arguments", "says"),
    [
        ("", (), "names no key under [dkim], so mails go unsigned"),
        ("", ("--new", "Virta 1"), "is no selector"),
        (
            '[dkim.keys]\nvirta1 = "env:NOT_SET_DKIM"\n',
            (),
            "NOT_SET_DKIM, which virta.toml asks for, is not set",
        ),
        ('[dkim.keys]\nvirta1 = "nonsense"\n', (), "The key of selector virta1 cannot be read"),
        (
            '[dkim.keys]\nvirta1 = "nonsense"\n',
            ("--new", "virta1"),
            "has a key for the selector `virta1` already",
        ),
        ('[dkim.keys]\nvirta1 = " "\n', (), "`dkim.keys.virta1` is empty"),
        (
            '[dkim.keys]\nvirta1 = "nonsense"\n',
            ("staging",),
            "`dkim.keys.virta1` holds a secret itself, which only a project in development may",
        ),
    ],
)
def test_what_cannot_be_is_said_in_plain_words(
    dkim: str,
    arguments: tuple[str, ...],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And ends with exit code 2."""
    written(tmp_path, dkim)
    if arguments == ("staging",):
        path = tmp_path / "virta.toml"
        path.write_text('environment = "staging"\n' + path.read_text("utf-8"), "utf-8")
        arguments = ()
    code, _, err = run(capsys, "dkim", str(tmp_path), *arguments)
    assert code == 2
    assert says in " ".join(err.split())
