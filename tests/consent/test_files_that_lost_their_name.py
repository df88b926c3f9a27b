"""The files of stops and of marks are open for as long as the service runs: if they lose their name then,
what is said from then on is kept all the same, or refused."""

import hashlib
import os

import pytest

from consent.contract import Visit
from consent.store.marks import LENGTH, Marks, marks_path, read_marks
from consent.store.stops import Stop, StopsFile, read_stops

pytestmark = pytest.mark.anyio


def said(number):
    """A stop."""
    return Stop(f"{number:032x}", "newsletter", "withdrawn", number, number, f"{number:064x}")


def mark(number):
    """A mark."""
    return hashlib.sha256(f"{number}".encode()).digest()[:LENGTH]


def gone(path):
    """As `rsync --delete` takes it."""
    path.unlink()


def moved(path):
    """As a hand moves it."""
    path.rename(path.with_name("elsewhere"))


def another(path):
    """As a copy of another day is put back: it knows one thing more, and none of what came since."""
    copy = path.with_name("copy")
    if path.suffix == ".marks":
        kept = Marks(copy, os.urandom)
        kept.add([mark(7)])
        kept.close()
    else:
        kept = StopsFile(copy, os.urandom)
        kept.write([said(7)])
        kept.close()
    copy.rename(path)


@pytest.fixture
def kept(tmp_path):
    """Both files, with a stop and a mark in them."""
    (tmp_path / "data").mkdir()
    opened = StopsFile(tmp_path / "data" / "consent.stops", os.urandom)
    opened.write([said(1)])
    opened.marks.add([mark(1)])
    yield opened
    opened.close()


@pytest.mark.parametrize(("how", "known"), [(gone, []), (moved, []), (another, [7])])
def test_a_file_that_lost_its_name_is_made_anew_with_all_that_is_known(kept, tmp_path, how, known):
    """What was in it, what is in the one that took its place, and what is said now; and it goes on so."""
    stops = tmp_path / "data" / "consent.stops"
    for path in (stops, marks_path(stops)):
        how(path)
    for number in (2, 3):
        kept.write([said(number)])
        kept.marks.add([mark(number)])
    assert [one.seq for one in read_stops(stops)] == [*known, 1, 2, 3]
    assert sorted(read_marks(marks_path(stops))) == sorted(map(mark, [*known, 1, 2, 3]))
    assert all(mark(number) in kept.marks for number in (*known, 1, 2, 3))
    assert not list(tmp_path.glob("data/*.anew")) + list(tmp_path.glob("data/*.part"))


def test_a_mark_that_is_known_already_is_put_back_too(kept, tmp_path):
    """It is in the open file, which nobody finds any more."""
    path = marks_path(tmp_path / "data" / "consent.stops")
    path.unlink()
    kept.marks.add([mark(1)])
    assert read_marks(path) == [mark(1)]


def test_where_no_file_can_be_made_nothing_is_said_to_be_kept(kept, tmp_path):
    """The folder was moved: it is refused, until it is back."""
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError):
        kept.write([said(2)])
    with pytest.raises(FileNotFoundError):
        kept.marks.add([mark(2)])
    (tmp_path / "elsewhere").rename(tmp_path / "data")
    kept.write([said(3)])
    kept.marks.add([mark(3)])
    assert [one.seq for one in read_stops(tmp_path / "data" / "consent.stops")] == [1, 3]


def test_lines_are_left_out_of_no_file_but_the_own(kept, tmp_path):
    """What took the place of it is not known well enough for that."""
    stops = tmp_path / "data" / "consent.stops"
    another(stops)
    kept.leave_out({said(7), said(1)}, stops.stat().st_size, kept.marks._mutex)
    assert [one.seq for one in read_stops(stops)] == [7]
    kept.write([said(2)])
    assert [one.seq for one in read_stops(stops)] == [7, 1, 2]


def test_what_a_power_loss_left_of_it_goes_at_the_next_start(tmp_path):
    """Nobody else would take it away."""
    left = tmp_path / "consent.stops.anew"
    left.write_bytes(b"half a line")
    StopsFile(tmp_path / "consent.stops", os.urandom).close()
    assert not left.exists()


async def test_whoever_leaves_a_running_service_is_kept_in_files_that_have_a_name(open_world, place, stops):
    """As long as the page says that it is done."""
    world = open_world(place, durable=True)
    anna, berta = await world.join("anna@kafija.example"), await world.join("berta@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    stops.unlink()
    marks_path(stops).unlink()
    await world.client.withdraw(world.unsubscribe_token(berta), "page", False, Visit())
    assert [one.subject for one in read_stops(stops)] == [anna, berta]
    assert len(read_marks(marks_path(stops))) == 2
