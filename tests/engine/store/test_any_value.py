"""Any value that a bundle or an effect may hold comes out of the store as it went in."""

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from person import ANNA

from dsl.graph import Money
from engine.core.bundle import Bundle, Effect, Journey, MailBody, Mailed, Seen, in_order, replace
from engine.core.calendar import NEVER
from engine.store.batch import Batch
from engine.store.store import Received, Store

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.one_of(
        texts,
        st.booleans(),
        st.integers(-(2**60), 2**60),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.builds(Money, st.decimals(-(10**12), 10**12, places=2), st.sampled_from(["EUR", "USD"])),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
records = st.dictionaries(texts, values, max_size=4)
ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
instants = st.integers(0, 2**45)
journeys = st.builds(
    Journey,
    id=ids,
    contact=st.just(ANNA),
    flow=texts,
    graph=texts,
    node=st.integers(0, 99),
    due=instants | st.just(NEVER),
    epoch=st.integers(0, 9999),
    started=instants,
    trigger_id=texts,
    trigger=records,
    per=texts,
    mail=ids | st.just(""),
    received=st.dictionaries(texts, records, max_size=2),
    sent=st.lists(texts, max_size=3).map(tuple),
    visits=st.dictionaries(texts, st.integers(1, 9), max_size=2),
    codes=st.dictionaries(texts, instants, max_size=2),
    held=instants,
    clock=texts,
)
bundles = st.builds(
    Bundle,
    contact=st.just(ANNA),
    created=st.integers(1, 2**45),
    attributes=records,
    agreed=st.frozensets(texts, max_size=3),
    windows=st.dictionaries(
        texts, st.lists(st.builds(Seen, instants, records), max_size=3).map(tuple), max_size=2
    ),
    segments=st.frozensets(texts, max_size=3),
    segments_due=instants | st.just(NEVER),
    watch=instants | st.just(NEVER),
    dates=st.dictionaries(texts, instants, max_size=2),
    dated_by=texts,
    armed=st.dictionaries(texts, texts, max_size=2),
    given=st.dictionaries(texts, texts, max_size=2),
    mails=st.lists(st.builds(Mailed, instants, ids, texts), max_size=2).map(tuple),
    viewed=st.lists(texts, max_size=2).map(tuple),
    bought=st.lists(texts, max_size=2).map(tuple),
    entered=st.dictionaries(texts, instants, max_size=3),
    journeys=st.lists(journeys, max_size=3, unique_by=lambda journey: journey.id).map(in_order),
)


def placeless(bundle: Bundle) -> Bundle:
    """Without the slots that the store gave to journeys."""
    return replace(bundle, journeys=tuple(replace(journey, slot=0) for journey in bundle.journeys))


@settings(max_examples=30)
@given(bundles, bundles)
def test_a_bundle_comes_back_as_it_was(first: Bundle, second: Bundle) -> None:
    """Of every value in its type; also when it takes the place of another."""

    async def there_and_back() -> tuple[Bundle, Bundle, int | None]:
        store = Store(None, durable=False)
        try:
            found = [Bundle(ANNA)]
            for new in (first, second):
                slots = {journey.id: journey.slot for journey in found[-1].journeys}
                placed = [replace(journey, slot=slots.get(journey.id, 0)) for journey in new.journeys]
                batch = Batch()
                batch.change(found[-1], replace(new, journeys=tuple(placed)))
                await store.commit(batch)
                found.append((await store.load([ANNA]))[ANNA])
            *_, due = await store.gather(0, 0, 1)
            return placeless(found[1]), placeless(found[2]), due
        finally:
            store.close()

    # a contact is created once: what the first stimulus said stands
    second = replace(second, created=first.created)
    one, other, due = asyncio.run(there_and_back())
    assert one == first
    assert other == second
    deadlines = [second.watch, *(journey.due for journey in second.journeys)]
    assert due == (min(deadlines) if min(deadlines) < NEVER else None)


bodies = st.builds(
    MailBody,
    flow=texts,
    journey=ids,
    step=texts,
    template=texts,
    topic=texts,
    service=st.booleans(),
    at=instants,
    trigger_id=texts,
    attributes=records,
    trigger=records,
    received=records,
    values=st.dictionaries(texts, values | st.none(), max_size=3),
    subject=texts | st.tuples(texts, st.just(Money(Decimal("9.90"), "EUR"))),
    report=st.booleans(),
)


@settings(max_examples=20)
@given(st.lists(st.builds(Effect, ids, ids, st.just("mail"), bodies), max_size=3, unique_by=lambda e: e.key))
def test_effects_and_inbox_come_back_as_they_were(effects: list[Effect]) -> None:
    """Oldest first; what is done is gone."""

    async def there_and_back() -> None:
        store = Store(None, durable=False)
        try:
            await store.commit(Batch(effects=effects))
            assert await store.effects() == sorted(effects, key=lambda e: (e.body.at, e.key))
            await store.accept(
                [Received(f"e{n}", "x", n, n, ANNA, "", e.body.trigger) for n, e in enumerate(effects)]
            )
            received, *_ = await store.gather(0, 0, 10)
            assert [one.data for one in received] == [effect.body.trigger for effect in effects]
            await store.commit(Batch(ended=[effect.key for effect in effects]))
            assert await store.effects() == []
        finally:
            store.close()

    asyncio.run(there_and_back())


def test_what_is_said_of_a_birthday_is_a_date_again(tmp_path: Path) -> None:
    """Numbers stay exact decimals, dates dates, and amounts keep their cents."""
    attributes = {
        "birthday": date(2000, 2, 29),
        "credit": Money(Decimal("5.00"), "EUR"),
        "visits": Decimal("1.10"),
    }
    batch = Batch(profiles=[Bundle(ANNA, created=1, attributes=attributes)])
    for _ in range(2):
        store = Store(tmp_path / "engine.db")
        asyncio.run(store.commit(batch))
        found = asyncio.run(store.load([ANNA]))[ANNA].attributes
        assert repr(found) == repr(attributes)
        store.close()
