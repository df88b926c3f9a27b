"""Each way back that somebody might leave open turns the model red: it would notice."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from test_no_way_back import NoWayBack

from consent.contract.imports import Brought
from consent.ledger.subjects import Subject, load
from consent.ledger.transaction import Writing
from consent.mails import gate
from consent.states import GOING, TRANSITIONS, State, Step
from consent.store.statement import Driver
from consent.subscriber import imported, linked, merging, moving, replay, told, withdrawal

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


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_way_back_is_noticed(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """By somebody who left and could be mailed, or by a log that the auditor refuses."""
    plant(monkeypatch)
    many = settings(
        max_examples=2_000,
        stateful_step_count=40,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    with pytest.raises(Exception):  # noqa: B017 - whatever notices it first
        run_state_machine_as_test(NoWayBack, settings=many)
