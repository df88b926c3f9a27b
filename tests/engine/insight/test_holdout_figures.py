"""Both sides of a holdout: D from entry, in all arms alike (language reference, "Goals")."""

from decimal import Decimal

from flows import program
from person import DAY, MONDAY, at

from dsl.graph import Money
from engine.core.bundle import Entry
from engine.core.record import What
from engine.insight.figures import FlowFigures, figures
from engine.insight.holdout import Comparison
from engine.store.store import Received

HEAD = "flow visit\n    topic news\n    start on page_viewed\n    holdout 10%\n"
FLOWS = program(f"{HEAD}    goal order_placed where total > 10 EUR within 3 days\n    send hello\n").flows
ANNA, BEN, CARL, DORA = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


def enters(contact: str, at: int, held: bool = False, journey: str = "") -> list[Entry]:
    """The lines of an entry; somebody who is not held out gets a mail at once."""
    journey = journey or f"j{contact}"
    what = What.HELD_OUT if held else What.SENT
    lines = (What.ENTERED, what) if held else (What.ENTERED, what, What.FINISHED)
    return [Entry(contact, at, n, journey, "visit", "", each) for n, each in enumerate(lines)]


def order(contact: str, at: int, total: int = 20) -> Received:
    return Received(
        f"o{contact}{at}", "order_placed", at, at, contact, "", {"total": Money(Decimal(total), "EUR")}
    )


def row(journal: list[Entry], *orders: Received) -> FlowFigures:
    """The row of the one flow."""
    return figures(FLOWS, journal, sorted(orders, key=lambda each: each.at))[0]


def test_both_sides_are_counted_in_people() -> None:
    """Held-out ones are among those who entered, and are not under way."""
    journal = enters(ANNA, MONDAY, held=True) + enters(BEN, MONDAY) + enters(CARL, MONDAY)
    found = row(journal, order(BEN, MONDAY + DAY))
    assert found.compared == Comparison(treated=2, treated_reached=1, held_out=1, held_out_reached=0)
    assert (found.entered, found.held_out, found.finished, found.waiting) == (3, 1, 2, 0)


def test_the_time_counts_from_entry_on_both_sides() -> None:
    """A mail that came later gives nobody more of it; the last moment counts, the entry itself does not."""
    journal = enters(ANNA, MONDAY, held=True) + enters(BEN, MONDAY) + enters(CARL, MONDAY)
    journal += enters(DORA, MONDAY, held=True)
    journal.append(Entry(CARL, MONDAY + 2 * DAY, 0, f"j{CARL}", "visit", "hello", What.SENT))
    found = row(
        sorted(journal, key=lambda entry: entry.at),
        order(ANNA, MONDAY),
        order(BEN, MONDAY + 3 * DAY),
        order(CARL, MONDAY + 3 * DAY + 1),
        order(DORA, MONDAY + 3 * DAY),
    )
    assert found.compared == Comparison(2, 1, 2, 1)
    assert found.converted == 2  # the goal of journeys counts from the last mail


def test_a_person_counts_once_by_the_first_entry() -> None:
    """However often they come back, and on whichever side."""
    journal = enters(ANNA, MONDAY, held=True) + enters(ANNA, MONDAY + 30 * DAY, held=True, journey="again")
    journal += enters(BEN, MONDAY + 30 * DAY) + enters(BEN, MONDAY + 60 * DAY, journey="more")
    found = row(
        journal, order(ANNA, MONDAY + 31 * DAY), *(order(BEN, MONDAY + day * DAY) for day in (31, 32))
    )
    assert found.compared == Comparison(1, 1, 1, 0)
    assert found.held_out == 2


def test_what_was_before_the_holdout_is_not_compared() -> None:
    """Those people had no other side."""
    journal = enters(BEN, MONDAY) + enters(ANNA, MONDAY + DAY, held=True) + enters(CARL, MONDAY + 2 * DAY)
    found = row(journal, order(BEN, MONDAY + 1), order(CARL, MONDAY + 3 * DAY))
    assert found.compared == Comparison(1, 1, 1, 0)


def test_the_condition_of_the_goal_holds_for_both_sides() -> None:
    """An order that is too small is none."""
    journal = enters(ANNA, MONDAY, held=True) + enters(BEN, MONDAY)
    assert row(journal, order(ANNA, MONDAY + 1, 5), order(BEN, MONDAY + 1, 5)).compared == Comparison(
        1, 0, 1, 0
    )


def test_where_nobody_was_held_out_nothing_is_compared() -> None:
    """Nor where there is no goal."""
    assert row(enters(BEN, MONDAY)).compared is None
    [plain] = figures(program(f"{HEAD}    send hello\n").flows, enters(ANNA, MONDAY, held=True), [])
    assert (plain.compared, plain.held_out) == (None, 1)


def test_days_of_a_goal_are_those_of_the_flow_s_own_clock() -> None:
    """Three days over the change of the clocks have 71 hours in Riga, and 72 in Tokyo."""
    start = at("2026-03-28T08:00")
    for zone, count in (("Europe/Riga", 0), ("Asia/Tokyo", 1)):
        text = f'{HEAD}    time zone "{zone}"\n    goal order_placed within 3 days\n    send hello\n'
        late = order(BEN, start + 3 * DAY - 1000)
        [found] = figures(program(text).flows, enters(ANNA, start, held=True) + enters(BEN, start), [late])
        assert (found.compared, found.converted) == (Comparison(1, count, 1, 0), count)
