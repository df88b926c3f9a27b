"""Lines of the file of stops go when no backup wants them any more, and no line goes before."""

import json
import os
import signal
import sys
from multiprocessing import get_context

import pytest

from consent import forgetting
from consent.contract import Visit
from consent.store import stops as room
from consent.store.stops import StopsFile, read_stops
from consent.timed.believed import NEAR_MS

pytestmark = pytest.mark.anyio
DAY = 86_400_000
KEPT = 30


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """So few lines are worth a new file."""
    monkeypatch.setattr(forgetting, "_LEAST", 1)
    monkeypatch.setattr(forgetting, "_TOGETHER", 3)


async def leave(world, *names):
    """These come and leave."""
    for name in names:
        anna = await world.join(f"{name}@kafija.example")
        await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())


async def test_what_the_log_holds_goes_once_every_backup_does(open_world, place, stops):
    """On both kinds of stores; what is younger stays, and the newest line of all."""
    world = open_world(place, durable=True)
    await leave(world, *"abcdefg")
    world.clock.pass_((KEPT + 5) * DAY)
    await leave(world, "h", "i")
    lines = read_stops(stops)
    assert await world.client.backups_forgot(KEPT + 5) == 0
    assert read_stops(stops) == lines
    await world.client.backups_forgot(KEPT)
    assert read_stops(stops) == lines[7:]
    await leave(world, "j")
    assert read_stops(stops)[:2] == lines[7:]
    assert len(read_stops(stops)) == 3


async def test_a_line_stays_a_day_longer_than_the_oldest_backup(open_world, place, stops):
    """Backups are thrown away once a day: one that is a few hours too old may be put back still."""
    world = open_world(place, durable=True)
    await leave(world, *"abc")
    lines = read_stops(stops)
    world.pass_rightly(KEPT * DAY + NEAR_MS + DAY)
    await world.client.backups_forgot(KEPT)
    assert read_stops(stops) == lines
    world.pass_rightly(DAY)
    await world.client.backups_forgot(KEPT)
    assert read_stops(stops) == lines[2:]


async def test_the_newest_line_stays_whatever_its_age(open_world, place, stops):
    """It tells how long the log was."""
    world = open_world(place, durable=True)
    await leave(world, *"abc")
    newest = read_stops(stops)[-1]
    world.pass_rightly(400 * DAY)
    await world.client.backups_forgot(KEPT)
    assert read_stops(stops) == [newest]


async def test_a_line_whose_leaf_the_log_never_got_stays(open_world, place, stops):
    """Nobody but the file knows of it."""
    world = open_world(place, durable=True)
    await leave(world, *"abc")
    world.lose("0" * 32, "newsletter", "withdrawn")
    lost = read_stops(stops)[-1]
    await leave(world, "d")
    world.pass_rightly(400 * DAY)
    await world.client.backups_forgot(KEPT)
    assert lost in read_stops(stops)
    assert len(read_stops(stops)) == 2


async def test_a_clock_that_was_set_back_makes_no_line_old(open_world, place, stops):
    """A stop of today dated years back comes behind others of today."""
    world = open_world(place, durable=True)
    await leave(world, *"abc")
    world.clock.pass_(-900 * DAY)
    await leave(world, *"def")
    world.clock.pass_(901 * DAY)
    await leave(world, "g")
    lines = read_stops(stops)
    await world.client.backups_forgot(KEPT)
    assert read_stops(stops) == lines


async def test_a_clock_that_is_ahead_makes_no_line_old(open_world, place, stops):
    """Neither one that is not believed, nor one that is not yet far enough from the last run for that: last
    night's backup wants the line of this morning still, once the clock is right again."""
    world = open_world(place, durable=True)
    await leave(world, *"abcdefg")
    await world.client.keep_times()
    lines = read_stops(stops)
    for days, ahead in ((KEPT, 800 * DAY), (0, NEAR_MS - 1)):
        world.clock.pass_(ahead)
        await world.client.backups_forgot(days)
        await world.client.keep_times()
        await world.client.backups_forgot(days)
        assert read_stops(stops) == lines
        world.clock.pass_(-ahead)


async def test_what_a_power_loss_left_beside_the_files_goes_at_the_next_start(open_world, place, stops):
    """Of the file of stops, and of that of marks."""
    left = [stops.with_name(f"{stops.name}.fresh"), stops.with_suffix(".marks.part")]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half a line")
    open_world(place, durable=True)
    assert [path for path in left if path.exists()] == []


async def test_lines_that_come_in_meanwhile_are_there(open_world, place, stops, monkeypatch):
    """They are written while the new file is, and are in it."""
    world = open_world(place, durable=True)
    await leave(world, *"abcde")
    world.pass_rightly(400 * DAY)
    world.lose("1" * 32, "newsletter", "withdrawn")
    real = forgetting._older

    def older(lines, than):
        world.lose("0" * 32, "newsletter", "withdrawn")
        return real(lines, than)

    monkeypatch.setattr(forgetting, "_older", older)
    assert forgetting.let_stops_go(world.service, KEPT) > 0
    assert [one.subject for one in read_stops(stops)[-2:]] == ["1" * 32, "0" * 32]
    assert len(read_stops(stops)) <= 3


async def test_a_file_that_was_closed_meanwhile_is_left_as_it_is(open_world, place, stops, monkeypatch):
    """Another process may have it by then."""
    world = open_world(place, durable=True)
    await leave(world, *"abcde")
    world.pass_rightly(400 * DAY)
    before, kept = stops.read_bytes(), world.service._stops
    gone = set(read_stops(stops)[:3])
    kept.close()
    kept.leave_out(gone, len(before), world.service._one_at_a_time)
    assert stops.read_bytes() == before
    world.service._stops = None


MOMENTS = ("written", "synced", "renamed")


def dies(path, moment):
    """A process that leaves two of four lines out, and is killed at a moment."""
    rename, sync = os.rename, os.fsync
    synced = 0

    def kill():
        os.kill(os.getpid(), signal.SIGKILL)

    def fsync(file):
        nonlocal synced
        if moment == "written":
            kill()
        sync(file)
        synced += 1
        if moment == "synced" and synced == 2:
            kill()

    class Held:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            if moment == "renamed":
                kill()

    kept = StopsFile(path, os.urandom)
    lines = read_stops(path)
    room.os.fsync = fsync
    kept.leave_out(set(lines[:2]), path.stat().st_size, Held())
    sys.exit(3 if rename is None else 0)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_moment_no_line_is_lost_that_stays(tmp_path, moment):
    """The file is the one of before or the one of afterwards, whole; the next time does it."""
    path = tmp_path / "consent.stops"
    lines = [
        {"subject": f"{n}", "topic": "", "type": "complaint", "at": n, "seq": n, "leaf": f"{n}"}
        for n in range(4)
    ]
    path.write_text("".join(f"\n{json.dumps(line)}\n" for line in lines))
    process = get_context("fork").Process(target=dies, args=(path, moment))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [one.seq for one in read_stops(path)] == ([2, 3] if moment == "renamed" else [0, 1, 2, 3])
    kept = StopsFile(path, os.urandom)
    kept.leave_out(set(read_stops(path)[:-2]), path.stat().st_size, kept.marks._mutex)
    kept.write(read_stops(path)[:1])
    kept.close()
    assert [one.seq for one in read_stops(path)] == [2, 3, 2]
