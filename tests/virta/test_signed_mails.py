"""Mails that a served project signs, verified as a receiver does: the proof mail and a marketing mail."""

import base64
import os
from pathlib import Path

import dkim
import httpx2
import pytest
from consent_process import ServedConsent, make_two
from serving import Served, eventually
from stall import make_stall

from engine.mail.dkim import read_key
from virta.mailbox.reader import Mail, mails

SEED = base64.b64encode(bytes(range(32))).decode()
ANSWERS = {b"virta1._domainkey.stall.example.": read_key("virta1", SEED).record.encode()}
DKIM = '\n[dkim.keys]\nvirta1 = "env:STALL_DKIM"\n'


def signing(folder: Path) -> Path:
    """The project in `folder`, which signs from now on."""
    with (folder / "virta.toml").open("a", encoding="utf-8") as file:
        file.write(DKIM)
    return folder


def first_mail(folder: Path) -> Mail:
    """The first mail in the project's mailbox, once it is there."""
    return eventually(lambda: next(iter(mails(folder / "data" / "mailbox")), None))


def verified(mail: Mail) -> bool:
    """As whoever gets it does, with what the DNS answers."""
    return bool(dkim.verify(mail.content, dnsfunc=lambda name, timeout=5: ANSWERS.get(name, b"")))


def signed_up(url: str, mailbox_of: Path) -> Mail:
    """The mail that asks somebody to confirm."""
    body = {"email": "anna@example.com", "topics": ["news"], "language": "en", "form": "stall"}
    with httpx2.Client(base_url=url, headers={"Authorization": "Bearer the stall's key"}) as http:
        assert http.post("/v1/signups", json=body).status_code == 202
    return first_mail(mailbox_of)


def test_what_a_served_project_sends_is_signed(tmp_path: Path) -> None:
    """The permit's headers are within it: a changed checkpoint breaks the signature."""
    folder = signing(make_stall(tmp_path / "stall"))
    with Served(folder, "--mailbox", STALL_DKIM=SEED) as served:
        mail = signed_up(served.url, folder)
    assert verified(mail)
    assert "d=stall.example" in mail.header("DKIM-Signature")
    head, mark, rest = mail.content.partition(b"\r\nConsent-Checkpoint: ")
    assert mark
    other = Mail(0, 0, 0, "", (), head + mark + b"x" + rest)
    assert not verified(other)


def test_the_consent_service_apart_signs_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sends the mails that ask to confirm itself, and has the key by its own settings."""
    engine, consent, port, key = make_two(tmp_path, "")
    signing(consent)
    monkeypatch.setenv("STALL_DKIM", SEED)
    with ServedConsent(consent, port, "--mailbox"), Served(engine, STALL_CONSENT_KEY=key) as served:
        assert verified(signed_up(served.url, consent))


def test_without_the_key_virta_does_not_start_and_says_which(tmp_path: Path) -> None:
    """Unsigned mails would be what nobody expects."""
    folder = signing(make_stall(tmp_path / "stall"))
    assert "STALL_DKIM" not in os.environ
    with Served(folder, "--mailbox") as served:
        assert served.ended() == 2
        assert any("STALL_DKIM" in line for line in served.plain())
