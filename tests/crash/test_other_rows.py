"""The rows of the table that are no kill: consent away, and an old backup of the engine."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from story import Story

Teller = Callable[..., Story]


def test_consent_that_is_away_only_makes_mails_wait(tell: Teller) -> None:
    """Nothing is lost while it does not answer, or answers only in part; afterwards everything goes."""
    story = tell(20, more=10)
    assert not story.live(deaf=0.6)
    story.end()
    assert story.ends().count()["accepted"] == 20 * 5


def test_old_backup_of_the_engine_sends_nothing_again(tell: Teller) -> None:
    """The engine forgets half of its life, is told everything again, and not one mail goes twice."""
    story = tell(24, more=8)
    assert story.live("reply read, not settled", 5)
    backup = save(story.folder / "data" / "engine.db", story.folder / "backup.db")
    story.live("settled, effect left", 1)
    story.end()
    ended = story.ends().count()
    before = story.sink.lines()

    restore(backup, story.folder / "data" / "engine.db")
    story.end()
    assert story.sink.lines() == before
    again = story.ends().count()
    again["again"] = ended["again"]  # the receiver knows a call that comes once more by its id
    assert again == ended


def save(database: Path, backup: Path) -> Path:
    """A consistent copy, as a backup tool makes it."""
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    return backup


def restore(backup: Path, database: Path) -> None:
    """Put the copy in the database's place."""
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    shutil.copy(backup, database)
