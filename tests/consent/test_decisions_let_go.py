"""Decisions go when their time is over, and nothing else of what they were kept for."""

import json
from dataclasses import replace as changed

import pytest
import rfc8785
from dice import Dice
from msgspec.structs import replace
from sqlalchemy import select
from tampered import Export

from consent.contract import Heard, MailClass, Outcome, Reason, Settlement
from consent.keys import Keys
from consent.ledger.spent import mark
from consent.proof.failure import Failure
from consent.proof.tree import leaf_hash
from consent.store.tables import decisions, spent, traces
from consent.subscriber.history import history_of
from consent.subscriber.hold import lift, place
from consent.times import DAY_MS

pytestmark = pytest.mark.anyio
ANNA, BERTA = "anna@kafija.example", "berta@kafija.example"
THREE_YEARS = 1097 * DAY_MS


async def forget(world):
    """Run the jobs until nothing is left to do; how many decisions went."""
    gone = 0
    while True:
        done = await world.client.keep_times(2)
        gone += done.decisions_expired
        if not done.more:
            return gone


async def mailed(world, subject, outcome=Outcome.ACCEPTED, **ask):
    """A mail about an order, claimed and settled by itself; its ask."""
    asked = world.ask(
        subject, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="order", **ask
    )
    await world.send(asked, outcome=outcome)
    return asked


def keys(world):
    """The keys of the decisions that are kept, in order."""
    query = select(decisions.c.key).order_by(decisions.c.id)
    return world.service.read(lambda reading: list(reading.conn.scalars(query)))


async def reason(world, ask):
    """Why a claim is denied now; None: it is not."""
    claimed = await world.client.claim("engine", [ask], [])
    return claimed.denied[0].reason if claimed.denied else None


async def test_decisions_go_after_three_years_and_a_leaf_says_up_to_where(world, tmp_path):
    """Not a day before; and both verifiers accept what is left."""
    anna = await world.join(ANNA)
    await mailed(world, anna)
    before = world.count("decisions")
    world.clock.pass_(1096 * DAY_MS)  # 2 March 2029, in the morning: the day on which the three years end
    young = await mailed(world, anna)
    assert await forget(world) == 0
    world.clock.pass_(DAY_MS)
    assert await forget(world) == before
    assert keys(world) == [young.key]
    assert world.types().count("decisions.expired") == 1
    assert await forget(world) == 0
    export = Export(world)
    assert export.failure() is None
    assert (export.found.decisions, export.found.let_go, export.found.let_go_after) == (1, before, 36)
    assert export.found.let_go_by == export.find("decisions.expired")
    assert export.second(tmp_path) == ""


async def test_a_history_says_since_when_decisions_are_kept(world):
    """Nothing, as long as all are; and those of a batch that is kept in part are shown."""
    anna = await world.subject(ANNA)
    await mailed(world, anna)
    open_ = await mailed(world, anna, Outcome.UNKNOWN)
    told = world.service.read(lambda reading: history_of(reading, anna))
    assert (told.decisions_since, len(told.decisions)) == (0, 2)
    world.clock.pass_(THREE_YEARS)
    await mailed(world, anna)
    now = world.clock.now
    world.clock.pass_(DAY_MS)
    await forget(world)
    told = world.service.read(lambda reading: history_of(reading, anna))
    assert (told.decisions_since, len(told.decisions)) == (now, 2)
    assert told.decisions[0].key == open_.key


async def test_whoever_got_a_mail_never_gets_it_again_once_its_decision_is_gone(world):
    """Whatever old copy of an engine asks; and it is told what became of the mail."""
    anna = await world.subject(ANNA)
    sent, refused = await mailed(world, anna), await mailed(world, anna, Outcome.REFUSED)
    world.clock.pass_(THREE_YEARS)
    await mailed(world, anna)
    await forget(world)
    for ask in (sent, refused):
        assert await reason(world, ask) is Reason.ALREADY_CLAIMED
        assert await reason(world, replace(ask, attempt=2)) is Reason.ALREADY_CLAIMED
    told = await world.client.status([sent.key, refused.key])
    assert [(one.attempt, one.outcome, one.reason) for one in told] == [
        (1, Outcome.ACCEPTED, None),
        (1, Outcome.REFUSED, None),
    ]
    kept = world.service.read(lambda reading: list(reading.conn.scalars(select(spent.c.mark))))
    assert sorted(kept) == sorted([mark(sent.key), mark(refused.key)])


async def test_a_mail_that_has_not_gone_may_still_be_claimed(world):
    """One that was deferred, from its first attempt on, as of a service that knows nothing of it."""
    anna = await world.subject(ANNA)
    ask = await mailed(world, anna, Outcome.DEFERRED)
    world.clock.pass_(THREE_YEARS)
    await mailed(world, anna)
    await forget(world)
    assert await reason(world, replace(ask, attempt=2)) is Reason.WRONG_ATTEMPT
    assert await world.client.status([ask.key]) == [None]
    assert await reason(world, ask) is None
    assert Export(world).failure() is None


async def test_a_later_attempt_is_proved_without_the_first(world, tmp_path):
    """Which was let go, as the log says."""
    anna = await world.subject(ANNA)
    ask = await mailed(world, anna, Outcome.DEFERRED)
    world.clock.pass_(THREE_YEARS)
    await world.send(replace(ask, attempt=2))
    await forget(world)
    assert keys(world) == [ask.key]
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""


async def test_what_is_not_over_stays_and_its_batch_still_proves_it(world, tmp_path):
    """What is unsettled, and what nobody knows of. Hashes stand for the rest, until that goes too."""
    people = [await world.subject(f"guest{number}@kafija.example") for number in range(4)]
    asks = [
        world.ask(one, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="o")
        for one in people
    ]
    await world.client.claim("engine", asks, [])
    ends = (Outcome.ACCEPTED, Outcome.UNKNOWN, Outcome.RELEASED)
    settled = [Settlement(ask.key, 1, end) for ask, end in zip(asks, ends, strict=False)]
    await world.client.settle("engine", settled)
    world.clock.pass_(THREE_YEARS)
    last = await mailed(world, people[0])
    assert await forget(world) == 2
    assert keys(world) == [asks[1].key, asks[3].key, last.key]
    assert await world.client.unsettled("engine") == [(asks[3].key, 1)]
    export = Export(world)
    assert export.failure() is None
    assert (export.found.decisions, export.found.let_go) == (3, 2)
    assert export.second(tmp_path) == ""
    await world.client.settle("engine", [Settlement(asks[3].key, 1, Outcome.ACCEPTED)])
    await world.client.give_word(asks[1].key, True, "operator")
    assert await forget(world) == 2
    assert (world.count("traces"), world.count("batches")) == (0, 1)
    assert world.types().count("decisions.expired") == 1
    assert Export(world).failure() is None


async def test_a_legal_hold_keeps_decisions(open_world):
    """Until it is over."""
    world = open_world(keys=changed(Keys.random(Dice("keys")), holds=(bytes(32),)))
    anna, berta = await world.subject(ANNA), await world.subject(BERTA)
    kept = await mailed(world, anna)
    await mailed(world, berta)
    world.clock.pass_(THREE_YEARS)
    until = world.clock.now + 400 * DAY_MS
    world.service.write(lambda tx: place(tx, anna, until, "a claim", "operator"))
    last = await mailed(world, berta)
    assert await forget(world) == 1
    assert keys(world) == [kept.key, last.key]
    world.service.write(lambda tx: lift(tx, anna, "operator"))
    assert await forget(world) == 1
    assert keys(world) == [last.key]


async def test_a_hold_keeps_decisions_about_who_became_part_of_whom_it_is_on(open_world):
    """The mails went to the one person, by whichever id."""
    world = open_world(keys=changed(Keys.random(Dice("keys")), holds=(bytes(32),)))
    anna, berta = await world.subject(ANNA), await world.subject(BERTA)
    kept = await mailed(world, berta)
    await mailed(world, await world.subject("carl@kafija.example"))
    await world.client.merge(anna, berta, "operator")
    world.clock.pass_(THREE_YEARS)
    until = world.clock.now + 400 * DAY_MS
    world.service.write(lambda tx: place(tx, anna, until, "a claim", "operator"))
    last = await mailed(world, anna)
    assert await forget(world) == 1
    assert keys(world) == [kept.key, last.key]
    world.service.write(lambda tx: lift(tx, anna, "operator"))
    assert await forget(world) == 1
    assert keys(world) == [last.key]


async def test_a_cap_that_looks_back_further_keeps_what_it_counts(world):
    """A topic of one mail in 900 days, in a project that keeps decisions for a year."""
    world.service.parts = replace_times(world, decision_months=12)
    newsletter, *others = world.policy.purposes
    capped = replace(newsletter, cap_count=1, cap_unit="900 days")
    await world.client.publish(replace(world.policy, purposes=(capped, *others)))
    anna = await world.join(ANNA)
    await world.send(world.ask(anna))
    world.clock.pass_(800 * DAY_MS)
    await world.client.alive([(anna, world.clock.now)])
    await mailed(world, anna)
    assert await forget(world) == 0
    assert await reason(world, world.ask(anna)) is Reason.TOPIC_CAP
    world.clock.pass_(101 * DAY_MS)
    await mailed(world, anna)
    assert await forget(world) > 0
    assert await reason(world, world.ask(anna)) is None


def replace_times(world, **times):
    """The parts of the service with other times."""
    return changed(world.service.parts, times=replace(world.service.parts.times, **times))


async def test_a_complaint_about_a_mail_that_is_forgotten_is_about_nobody(world):
    """As one about a mail that never was; and what was told of it before is gone too."""
    anna = await world.join(ANNA)
    ask = world.ask(anna)
    await world.send(ask)
    await world.client.complained(ask.key)
    assert world.count("reports") == 1
    world.clock.pass_(THREE_YEARS)
    await mailed(world, anna)
    await forget(world)
    assert world.count("reports") == 0
    assert await world.client.complained(ask.key) is Heard.UNKNOWN


async def test_the_work_may_be_cut_short_anywhere(stored):
    """Each part is a transaction, and what it leaves is proved."""
    people = [await stored.subject(f"guest{number}@kafija.example") for number in range(30)]
    for _ in range(3):
        await stored.send(
            *(
                stored.ask(one, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="o")
                for one in people
            )
        )
    stored.clock.pass_(THREE_YEARS)
    await mailed(stored, people[0])
    gone = 0
    while (done := await stored.client.keep_times(1)).decisions_expired:
        gone += done.decisions_expired
        export = Export(stored)
        assert export.failure() is None
        assert export.found.let_go == gone
    assert gone == 90
    assert stored.types().count("decisions.expired") == 1
    assert stored.count("traces") == 0


async def test_a_batch_in_which_time_was_set_back_does_not_count_as_old(world):
    """Nothing behind it goes before it is old too."""
    anna = await world.subject(ANNA)
    await mailed(world, anna)
    world.clock.pass_(500 * DAY_MS)
    ahead = await mailed(world, anna)
    world.clock.pass_(-499 * DAY_MS)
    behind = await mailed(world, anna)
    world.clock.pass_(THREE_YEARS)
    assert await forget(world) == 1
    assert keys(world) == [ahead.key, behind.key]


class TestAttacker:
    """Holds the database and the log's key, and wants decisions forgotten."""

    async def history(self, world):
        """A year of mails to Anna, and what was let go of the years before."""
        anna = await world.join(ANNA)
        await mailed(world, anna)
        world.clock.pass_(THREE_YEARS)
        for _ in range(3):
            await mailed(world, anna)
        await forget(world)
        await world.join(BERTA)
        return Export(world)

    async def test_a_batch_dropped_inside_retention_is_found(self, world, tmp_path):
        """Whole, or replaced by the hashes of its records."""
        export = await self.history(world)
        lines = export.lines("decisions.jsonl")
        for put in ([*lines[:1], *lines[2:]], lines[:-1], [traced(lines[0]), *lines[1:]]):
            export.put("decisions.jsonl", put)
            assert export.failure() is Failure.DECISIONS
            assert export.second(tmp_path) == "decisions"

    async def test_a_leaf_that_lets_young_decisions_go_is_found(self, world, tmp_path):
        """However it is signed; also when it says that a month is enough, or that it knows the future."""
        export = await self.history(world)
        kept = export.lines("leaves.jsonl")
        place = export.find("decisions.expired")
        newest = json.loads(kept[-1])["seq"]
        told = json.loads(kept[place])["expired"]
        for change in (
            {"expired": {"before": place, "months": 36}},
            {"expired": {"before": place, "months": 1}},
            {"expired": {"before": newest, "months": 36}},
            {"expired": {**told, "before": place}, "at": json.loads(kept[place])["at"] + THREE_YEARS},
        ):
            export.put("leaves.jsonl", kept)
            export.change_leaf(place, **change)
            export.sign_anew()
            assert export.failure() is Failure.DECISIONS
            assert export.second(tmp_path) == "expired"

    async def test_a_batch_whose_leaf_is_dated_back_is_found(self, world, tmp_path):
        """It is no older than the leaves before it, and those are dated truly: else each of them would have
        to lie."""
        export = await self.history(world)
        batches = [json.loads(line)["batch"] for line in export.lines("decisions.jsonl")]
        place = export.find("decisions.expired")
        young = batches[1]
        at = json.loads(export.lines("leaves.jsonl")[young])["at"]
        export.change_leaf(young, at=at - THREE_YEARS)
        export.change_leaf(place, expired={"before": batches[2], "months": 12})
        export.put("decisions.jsonl", export.lines("decisions.jsonl")[2:])
        export.sign_anew()
        assert export.failure() is Failure.DECISIONS
        assert export.second(tmp_path) == "expired"

    @pytest.mark.parametrize("expired", [None, {"before": 3}, {"before": "3", "months": 36}, [3, 36]])
    async def test_a_leaf_that_does_not_say_up_to_where_is_none(self, world, expired):
        """Both of its numbers are wanted."""
        export = await self.history(world)
        place = export.find("decisions.expired")
        export.change_leaf(place, expired=expired)
        export.sign_anew()
        assert export.failure() is Failure.LEAF

    async def test_a_hash_that_stands_for_another_record_is_found(self, world, tmp_path):
        """The root of the batch is that of all records, kept or not."""
        people = [await world.subject(one) for one in (ANNA, BERTA)]
        asks = [
            world.ask(one, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="o")
            for one in people
        ]
        await world.client.claim("engine", asks, [])
        await world.client.settle("engine", [Settlement(asks[0].key, 1, Outcome.ACCEPTED)])
        world.clock.pass_(THREE_YEARS)
        await mailed(world, people[0])
        await forget(world)
        export = Export(world)
        hashed, kept, last = export.lines("decisions.jsonl")
        false = json.loads(hashed) | {"hash": "0" * 64}
        export.put("decisions.jsonl", [json.dumps(false, separators=(",", ":")).encode() + b"\n", kept, last])
        assert export.failure() is Failure.DECISIONS
        assert export.second(tmp_path) == "decisions"
        export.put("decisions.jsonl", [kept, last])
        assert export.failure() is Failure.DECISIONS
        assert world.service.read(lambda reading: len(reading.conn.execute(select(traces)).all())) == 1


def traced(line):
    """A decision as if it had been let go."""
    entry = json.loads(line)
    return (
        rfc8785.dumps({"batch": entry["batch"], "hash": leaf_hash(rfc8785.dumps(entry["record"])).hex()})
        + b"\n"
    )
