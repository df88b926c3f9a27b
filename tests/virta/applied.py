"""`virta apply` in a stall, what came of it, and somebody at the terminal who answers."""

import io
import sys
from pathlib import Path

import pytest

from engine.insight.records import open_records
from engine.store.releases import Release
from virta.command import run


def runs(folder: Path) -> Release:
    """The newest release."""
    with open_records(folder / "data" / "engine.db") as records:
        found = records.release()
    assert found is not None
    return found


def apply(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    capsys.readouterr()
    code = run(["apply", str(folder), *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def answering(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Somebody sits at the terminal."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))
