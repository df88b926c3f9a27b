"""Lines of the journal come out of a row as they were put in."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.bundle import Entry
from engine.core.record import Ground, Line, What
from engine.store.lines import Passage, pack, unpack

ids = st.sampled_from([f"{number:032x}" for number in range(1, 5)]) | st.binary(min_size=16, max_size=16).map(
    bytes.hex
)
words = st.sampled_from(["", "alpha", "beta", "wait 1 day", "ģērbties"])
moments = st.integers(0, 3) | st.integers(2**40, 2**41)
values = words | st.booleans() | st.decimals(0, 9, places=2) | st.dates() | st.lists(words, max_size=2)
grounds = st.lists(st.builds(Ground, words, values | st.none(), st.booleans()), max_size=2).map(tuple)
entries = st.builds(
    Entry,
    contact=ids,
    at=moments,
    n=st.integers(0, 9),
    journey=ids.filter(lambda id_: id_ != "0" * 32) | st.just(""),
    flow=words,
    step=words,
    what=st.sampled_from([each.value for each in What]),
    reason=words,
    until=moments,
    fault=words,
    grounds=grounds,
)
lines = st.builds(
    Line, step=words, what=st.sampled_from([each.value for each in What]), until=moments, grounds=grounds
)
ways = st.lists(st.lists(lines, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3)


@given(st.lists(entries, max_size=12))
def test_entries_come_back_in_their_order(written: list[Entry]) -> None:
    """Word by word; and those of one contact alone, in that order."""
    row = pack(written)
    assert unpack(row) == written
    for contact in {entry.contact for entry in written} | {"f" * 32}:
        assert unpack(row, contact) == [entry for entry in written if entry.contact == contact]


@given(st.lists(entries, max_size=4), ways, st.lists(st.tuples(ids, ids, words, moments), max_size=8))
def test_passages_are_entries_behind_the_others(
    written: list[Entry], said: list[tuple[Line, ...]], people: list[tuple[str, str, str, int]]
) -> None:
    """Each line of them, numbered; whoever shares its words with others."""
    passages = [
        Passage(contact, journey, flow, at, said[number % len(said)])
        for number, (contact, journey, flow, at) in enumerate(people)
        if journey != "0" * 32
    ]
    told = [
        Entry(
            one.contact,
            one.at,
            n,
            one.journey,
            one.flow,
            line.step,
            line.what,
            line.reason,
            line.until,
            grounds=line.grounds,
        )
        for one in passages
        for n, line in enumerate(one.lines)
    ]
    assert unpack(pack(written, passages)) == written + told


def test_a_thousand_who_go_together_take_little_more_than_their_ids() -> None:
    """What is said of all of them stands once."""
    said = (Line("wait 1 day", What.WAITS, "", 2**41),)
    passages = [Passage(f"{n:032x}", f"{n + 5000:032x}", "alpha", 2**41, said) for n in range(1000)]
    assert len(pack([], passages)) < 1000 * 32 + 1200
