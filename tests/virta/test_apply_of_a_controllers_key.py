"""`virta apply` says it when the controller's key is for another log than the project's."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from applied import apply
from played import play

from consent.service import open_reader
from virta.command import run
from virta.database_url import consent_place
from virta.keys import read_consent_keys
from virta.operating.ordering import now
from virta.settings import read_settings


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return play(tmp_path_factory.mktemp("keyed") / "stall")


def log_of(folder: Path) -> str:
    """What the log is called."""
    settings = read_settings(folder)
    keys = read_consent_keys(settings, folder)
    with closing(open_reader(consent_place(folder, settings), keys, clock=now)) as store:
        return store.parts.origin


@pytest.mark.parametrize("other", [True, False])
def test_a_key_of_another_log_is_told_of(
    played: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    other: bool,
) -> None:
    """Beside the plan, with what to do; of the right one nothing is said."""
    monkeypatch.setenv("STALL_API_KEY", "the stall's key")
    folder = tmp_path / "stall"
    shutil.copytree(played, folder)
    log = log_of(folder)
    name = "new.example/Coffee-stall" if other else log
    assert (
        run(["consent", "attest", "--new-key", str(tmp_path / "k"), "--name", name, "--folder", str(folder)])
        == 0
    )
    line = capsys.readouterr().out.splitlines()[-1]
    settings = folder / "virta.toml"
    text = settings.read_text("utf-8")
    settings.write_text(text.replace("[controller]", f"[controller]\n{line}", 1), "utf-8")
    code, out, _ = apply(folder, capsys, "--yes")
    assert code == 0
    assert (f"a key for the log {name}, and this one is called {log}" in out) is other
    assert (f"--new-key FILE --name {log}`" in out) is other
