"""Each way back that somebody might leave open turns the model red: it would notice."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from test_leaving_is_heard import Leaving
from test_no_way_back import NoWayBack

from consent.contract import Heard
from consent.contract.imports import Brought
from consent.errors import ConsentError
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Writing
from consent.mails import gate, reports
from consent.proof.failure import Failed
from consent.states import GOING, MAY, TRANSITIONS, State, Step
from consent.store.statement import Driver
from consent.subscriber import (
    erasure,
    imported,
    linked,
    merging,
    moving,
    preferences,
    replay,
    sales,
    taken_back,
    told,
    withdrawal,
)
from consent.timed import lapsed

pytestmark = pytest.mark.slow
Plant = Callable[[pytest.MonkeyPatch], None]


def _a_sale_revives(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(TRANSITIONS, (State.OBJECTED, Step.SOFT_OPT_IN), State.SOFT_ACTIVE)


def _an_import_revives(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(TRANSITIONS, (State.WITHDRAWN, Step.ATTESTED), State.ATTESTED)
    patch.setattr(imported, "_of_topic", lambda *given: Brought.ATTESTED)


def _a_request_revives(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(TRANSITIONS, (State.WITHDRAWN, Step.REQUESTED), State.ACTIVE)


def _an_old_link_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(withdrawal, "drop", lambda *given: None)


def _an_old_link_counts_after_a_complaint(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(withdrawal, "close_all", lambda *given: None)


def _stops_of_the_address_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Subject, "holds", lambda *given: False)


def _a_withdrawn_topic_is_mailed(patch: pytest.MonkeyPatch) -> None:
    everything = dict.fromkeys(gate._RESTS_ON, frozenset(State))
    patch.setattr(gate, "_RESTS_ON", everything)


def _flows_overlook_customers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Subject, "gets", Subject.agreed)


def _a_restore_forgets_stops(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replay, "_again", lambda *given: None)


def _an_objection_is_only_noted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(told, "silence", lambda *given: None)


def _another_address_ends_a_complaint(patch: pytest.MonkeyPatch) -> None:
    kept = moving._MOVE

    class Forgetful:
        def run(self, driver: Driver, **given: object) -> int:
            for column in ("complained", "objected"):
                driver.execute(f"UPDATE subjects SET {column} = 0 WHERE id = ?", [given["of"]])
            return kept.run(driver, **given)

    patch.setattr(moving, "_MOVE", Forgetful())


def _another_address_escapes_a_suppression(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merging, "_kept_away", lambda *given: False)


def _a_left_address_is_nobodys(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moving, "leave_address", lambda *given: None)


def _a_merge_loses_what_the_other_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merging, "_take_stops", lambda tx, stays, goes: stays)


def _a_merge_agrees_to_what_the_other_had(patch: pytest.MonkeyPatch) -> None:
    taken = merging._take_stops

    def too_much(tx: Writing, stays: Subject, goes: Subject) -> Subject:
        after = taken(tx, stays, goes)
        for topic, standing in goes.standings.items():
            if standing.state in GOING and after.standing(topic).state not in GOING:
                given = [standing.state.value, tx.log.frontier.size, stays.id, topic]
                tx.driver.execute(
                    "UPDATE standings SET state = ?, seq = ? WHERE subject = ? AND topic = ?", given
                )
        return after

    patch.setattr(merging, "_take_stops", too_much)


def _links_of_whoever_was_merged_are_dead(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(linked, "load_living", lambda reading, of: load(reading, [of]).get(of))


def _nothing(*given: object, **named: object) -> None:
    """What somebody forgot to do."""


def _a_list_revives_who_objected(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(TRANSITIONS, (State.OBJECTED, Step.ATTESTED), State.ATTESTED)
    patch.setattr(imported, "_of_topic", lambda *given: Brought.ATTESTED)


def _renewing_revives(patch: pytest.MonkeyPatch) -> None:
    for state in (State.WITHDRAWN, State.OBJECTED):
        patch.setitem(TRANSITIONS, (state, Step.REQUESTED), State.STALE)


def _who_left_is_silent_like_others(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(TRANSITIONS, (State.WITHDRAWN, Step.REQUESTED), State.PENDING)
    patch.setitem(TRANSITIONS, (State.PENDING, Step.ATTESTED), State.ATTESTED)
    patch.setattr(imported, "_of_topic", lambda *given: Brought.ATTESTED)


def _a_withdrawal_is_only_taken_from_who_gets_mail(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(withdrawal, "still_to_stop", lambda subject, topics, wished: _gone(subject, topics))


def _gone(subject: Subject, topics: object) -> list[str]:
    assert isinstance(topics, list)
    return [topic for topic in topics if subject.gets(topic)]


def _everything_is_what_they_have(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(withdrawal, "everything_of", lambda tx, subject, wished: sorted(subject.standings))


def _the_page_of_choices_keeps_everything(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(preferences, "_dropped", lambda *given: [])


def _an_operator_means_what_goes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(told, "still_to_stop", lambda subject, topics, wished: _gone(subject, topics))


def _a_complaint_is_only_noted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reports, "silence", _nothing)


def _a_flow_withdraws_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reports, "stop", _nothing)


def _a_no_at_the_checkout_is_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sales, "_objected", lambda tx, subject, sale: subject)


def _a_sale_ends_what_was_said_to_all_marketing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sales, "_may", lambda subject: not subject.restricted)
    patch.setattr(Subject, "holds", lambda self, leaf, topic: leaf > self.standing(topic).seq)


def _a_list_of_who_left_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(imported, "_leave", lambda tx, what, entry, subject: subject)


def _an_older_import_excuses_from_a_stop(patch: pytest.MonkeyPatch) -> None:
    def since(tx: Writing, subject: Subject, topic: str, stopped_at: int) -> bool:
        return subject.standing(topic).state in GOING

    patch.setattr(imported, "_confirmed_since", since)


def _undoing_forgets_who_was_mailed(patch: pytest.MonkeyPatch) -> None:
    class Nobody:
        def rows(self, driver: Driver, **given: object) -> list[tuple[str]]:
            return []

    patch.setattr(taken_back, "_MAILED", Nobody())


def _undoing_starts_what_was_stopped(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(TRANSITIONS, (State.WITHDRAWN, Step.UNDONE), State.NONE)
    patch.setattr(taken_back, "move", _back_to_nothing)


def _back_to_nothing(tx: Writing, subject: Subject, topic: str, step: Step, **given: object) -> object:
    return subject.standing(topic)


def _an_erasure_leaves_no_mark(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(erasure, "suppress", _nothing)


def _the_mark_of_an_erasure_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(imported._People, "erased", lambda self, email: False)
    patch.setattr(gate.Circumstances, "suppressed", False)


def _time_forgets_who_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lapsed, "_came_to_nothing", lambda tx, subject: True)


def _a_restriction_is_only_noted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(told, "_restrict", lambda *given: Heard.NEW)


def _a_merge_loses_a_restriction(patch: pytest.MonkeyPatch) -> None:
    kept = merging._take_stops

    def lost(tx: Writing, stays: Subject, goes: Subject) -> Subject:
        tx.driver.execute("UPDATE subjects SET restricted = 0 WHERE id = ?", [goes.id])
        return kept(tx, stays, load(tx, [goes.id])[goes.id])

    patch.setattr(merging, "_take_stops", lost)


def _a_restore_forgets_objections_of_topics(patch: pytest.MonkeyPatch) -> None:
    again = replay._again

    def some(tx: Writing, subject: Subject, topics: object, kinds: object) -> None:
        again(tx, subject, {}, kinds)  # type: ignore[arg-type]

    patch.setattr(replay, "_again", some)


def _an_import_confirms(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(MAY, Step.CONFIRMED, frozenset({"subject:link", "import"}))
    patch.setitem(imported._STEPS, Brought.ATTESTED, Step.CONFIRMED)
    patch.setattr(imported, "_of_topic", lambda *given: Brought.ATTESTED)


PLANTS: tuple[Plant, ...] = (
    _a_sale_revives,
    _an_import_revives,
    _a_request_revives,
    _an_old_link_counts,
    _an_old_link_counts_after_a_complaint,
    _stops_of_the_address_are_forgotten,
    _a_withdrawn_topic_is_mailed,
    _flows_overlook_customers,
    _a_restore_forgets_stops,
    _an_objection_is_only_noted,
    _another_address_ends_a_complaint,
    _another_address_escapes_a_suppression,
    _a_left_address_is_nobodys,
    _a_merge_loses_what_the_other_left,
    _a_merge_agrees_to_what_the_other_had,
    _links_of_whoever_was_merged_are_dead,
)


HEARD: tuple[Plant, ...] = (
    _a_list_revives_who_objected,
    _renewing_revives,
    _who_left_is_silent_like_others,
    _a_withdrawal_is_only_taken_from_who_gets_mail,
    _everything_is_what_they_have,
    _the_page_of_choices_keeps_everything,
    _an_operator_means_what_goes,
    _a_complaint_is_only_noted,
    _a_flow_withdraws_nothing,
    _a_no_at_the_checkout_is_lost,
    _a_sale_ends_what_was_said_to_all_marketing,
    _a_list_of_who_left_is_passed_over,
    _an_older_import_excuses_from_a_stop,
    _undoing_forgets_who_was_mailed,
    _undoing_starts_what_was_stopped,
    _an_erasure_leaves_no_mark,
    _the_mark_of_an_erasure_is_not_looked_at,
    _time_forgets_who_left,
    _a_restriction_is_only_noted,
    _a_merge_loses_a_restriction,
    _a_restore_forgets_objections_of_topics,
    _an_import_confirms,
)
"""Such as only those notice who take people at their word."""

EACH = [(NoWayBack, plant) for plant in PLANTS] + [(Leaving, plant) for plant in HEARD]


@pytest.mark.parametrize(("model", "plant"), EACH, ids=lambda each: each.__name__.strip("_"))
def test_a_way_back_is_noticed(model: type[NoWayBack], plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """By somebody who left and could be mailed, by a service that refuses what no state allows, or by a log
    that the auditor refuses; not by a fault that does not fit the code."""
    plant(monkeypatch)
    many = settings(
        max_examples=2_000,
        stateful_step_count=40,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    with pytest.raises((AssertionError, ConsentError, Failed)):
        run_state_machine_as_test(model, settings=many)
