"""After an upgrade people go on where they stood, by the flows as they were applied."""

import shutil
from pathlib import Path

import pytest
from kept_stall import KINDS, Database, copied, name_server
from next_version import later, run_later, write_further
from played import play
from serving import Served, eventually

from virta.command import run
from virta.mailbox.reader import mails

THREE_DAYS_ON = "2026-03-05T09:00"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The coffee stall after a day: Carl waits for three days to pass, unless he orders something."""
    return play(tmp_path_factory.mktemp("going-on") / "stall")


@pytest.mark.parametrize("kind", KINDS)
def test_who_waited_goes_on_after_an_upgrade(
    kind: str,
    played: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """By the graph that they entered: what stands in the folder meanwhile was not applied. The upgrade keeps
    a backup from which the same can be done once more."""
    stall = copied(played, tmp_path / "stall")
    if kind == "server":
        assert run(["backup", str(stall), "--to", str(tmp_path / "move")]) == 0
        database: Database = request.getfixturevalue("database")
        name_server(stall, database.url)
        assert run(["restore", str(tmp_path / "move"), str(stall)]) == 0
    shutil.rmtree(stall / "data" / "mailbox", ignore_errors=True)
    flow = stall / "flows" / "welcome.flow"
    flow.write_text(flow.read_text("utf-8").replace("send come_again", "send hello"), "utf-8")
    migrations = write_further(tmp_path)
    words = ("--mailbox", "--now", THREE_DAYS_ON)

    with Served(stall, *words, before=later(migrations)) as refused:
        assert refused.ended() == 2
    assert f"Run `virta upgrade {stall}`" in "".join(refused.plain())
    assert run_later(migrations, "upgrade", str(stall)).returncode == 0
    with Served(stall, *words, before=later(migrations)) as served:
        eventually(lambda: [mail.subject for mail in mails(stall / "data" / "mailbox")] == ["Come again"])
        assert served.stop() == 0
    (mail,) = mails(stall / "data" / "mailbox")
    assert mail.header("To") == "carl@example.com"
    assert list((stall / "data").glob("before-upgrade-*/manifest.json"))
