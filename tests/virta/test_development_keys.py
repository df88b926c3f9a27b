"""A file of development keys in production: said by whoever looks, and written on by nobody."""

import os
from pathlib import Path

import pytest
from stall import make_stall

from virta.command import run
from virta.keys import make_development_keys


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """A project whose virta.toml says production, and names the file all the same."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    text = (folder / "virta.toml").read_text("utf-8")
    head = 'environment = "production"\nurl = "https://mail.stall.example"\n'
    (folder / "virta.toml").write_text(f"{head}{text}\n[privacy]\nrecipients = []\n", "utf-8")
    return folder


def test_the_doctor_says_so(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do instead."""
    assert run(["doctor", str(stall)]) == 1
    assert "dev-keys.toml, a file of development keys, for production." in capsys.readouterr().out


def test_no_key_is_written_into_it(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file stays as it is."""
    before = (stall / "dev-keys.toml").read_bytes()
    assert run(["consent", "keys", str(stall), "--rotate", "master"]) == 2
    assert "nothing was written into it" in capsys.readouterr().err
    assert (stall / "dev-keys.toml").read_bytes() == before
