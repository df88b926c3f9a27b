"""Rules that no scenario can see, and the tests that show them.

A scenario is about one person, on a clock that never stands still, with every split decided beforehand.
"""

from typing import NamedTuple


class Elsewhere(NamedTuple):
    """A rule, the chapter (a file of rules) that it belongs to, and the test that shows it."""

    chapter: str
    rule: str
    file: str
    test: str


_CORE = "tests/engine/core"
_RUN = "tests/engine/run"

ELSEWHERE = tuple(
    Elsewhere(*row)
    for row in (
        (
            "entering",
            "several starts that one event brings start one journey",
            f"{_CORE}/test_entering.py",
            "test_several_starts_of_one_flow_start_one_journey",
        ),
        (
            "entering",
            "one journey per value: that an unknown value starts none is recorded",
            f"{_CORE}/test_entering.py",
            "test_an_unknown_value_starts_none_and_is_recorded",
        ),
        (
            "entering",
            "a request from outside starts a flow under one id once",
            f"{_RUN}/test_set_off.py",
            "test_a_request_starts_the_flow_once",
        ),
        (
            "entering",
            "a share of people is held out: they enter, are measured and take no step",
            f"{_CORE}/test_holdout.py",
            "test_who_is_held_out_enters_and_takes_no_step",
        ),
        (
            "entering",
            "the share that is held out is as large as it says",
            f"{_CORE}/test_holdout.py",
            "test_the_share_is_as_large_as_it_says",
        ),
        (
            "dates",
            "a flow that is new on the day of a date starts nobody for a time before it was there",
            f"{_CORE}/test_planned_starts.py",
            "test_a_start_that_was_over_before_the_flow_was_loaded_starts_nobody",
        ),
        (
            "dates",
            "a start over which the engine was down comes late, and once",
            f"{_CORE}/test_planned_starts.py",
            "test_a_start_over_which_the_engine_was_down_comes_late_and_once",
        ),
        (
            "leaving",
            "a withdrawal calls back a mail that is not handed over yet",
            f"{_CORE}/test_leaving.py",
            "test_withdrawing_calls_back_a_mail_that_is_not_handed_over",
        ),
        (
            "leaving",
            "the gate tells what lies over an address before any fault of the mail",
            "tests/consent/test_gate.py",
            "test_what_lies_over_the_address_is_told_before_any_fault_of_the_mail",
        ),
        (
            "leaving",
            "the gate denies marketing to whom the store says something of that the log does not",
            "tests/consent/test_scrub.py",
            "test_the_gate_denies_marketing_to_whom_it_found_and_nothing_else",
        ),
        (
            "leaving",
            "erasure ends the journeys of a person without being written, and leaves nothing of them",
            "tests/virta/test_erased_everywhere.py",
            "test_nothing_of_them_is_in_any_file",
        ),
        (
            "leaving",
            "`moved OLD to NEW` says where journeys go that stand at OLD",
            "tests/virta/test_plan.py",
            "test_moved_takes_people_where_it_says",
        ),
        (
            "leaving",
            "journeys are carried over an edit by the names of their steps",
            "tests/dsl/test_align.py",
            "test_a_name_is_kept_wherever_it_stands",
        ),
        (
            "leaving",
            "journeys whose step has no name are carried over an edit by its content",
            "tests/dsl/test_align.py",
            "test_a_new_wait_shifts_the_numbers_and_not_the_people",
        ),
        (
            "waits",
            "waits count from real arrival, so that an outage causes no burst",
            f"{_CORE}/test_waits.py",
            "test_an_outage_causes_no_burst",
        ),
        (
            "waits",
            "a date that has passed or is unknown is recorded where it was to be waited for",
            f"{_CORE}/test_wait_until.py",
            "test_a_past_or_unknown_date_passes_at_once_and_is_recorded",
        ),
        (
            "waits",
            "a late hand-over moves the wait behind its mail",
            f"{_CORE}/test_waits.py",
            "test_a_wait_counts_from_the_hand_over",
        ),
        (
            "steps",
            "the arm of a split is a hash of flow, split and contact, laid on the arms in written order",
            f"{_CORE}/test_splits.py",
            "test_the_arm_is_the_published_hash",
        ),
        (
            "steps",
            "a person keeps the arm of a split",
            f"{_CORE}/test_splits.py",
            "test_a_person_keeps_the_arm_and_a_control_goes_on_below",
        ),
        (
            "steps",
            "`keep winner` gives new arrivals the best arm once it is clear, and the decision is recorded",
            f"{_RUN}/test_trials.py",
            "test_the_winner_is_kept_once_it_is_clear",
        ),
        (
            "steps",
            "without a clear winner the weights of a split stay",
            f"{_RUN}/test_trials.py",
            "test_without_a_clear_winner_the_weights_stay",
        ),
        (
            "steps",
            "`after N contacts` is per arm",
            "tests/engine/insight/test_trial.py",
            "test_nothing_is_decided_before_each_arm_has_its_people",
        ),
        (
            "steps",
            "`adapt by` moves the shares of a split from day to day, and each change is recorded",
            f"{_RUN}/test_trials.py",
            "test_shares_adapt_from_day_to_day_and_each_version_is_recorded",
        ),
        (
            "steps",
            "reports keep a person's first arm",
            f"{_RUN}/test_trials.py",
            "test_people_count_once_by_their_first_arm",
        ),
        (
            "steps",
            "calls of a webhook are signed",
            "tests/engine/calls/test_post.py",
            "test_a_call_is_signed_as_the_library_of_the_receiver_wants_it",
        ),
        (
            "steps",
            "calls of a webhook about one person come in order",
            "tests/engine/calls/test_caller.py",
            "test_calls_about_one_person_come_in_order",
        ),
        (
            "steps",
            "a call that fails is tried again, and later ones wait for it",
            "tests/engine/calls/test_caller.py",
            "test_a_later_call_waits_for_an_earlier_one_that_is_tried_again",
        ),
        (
            "steps",
            "`tell` writes a plain mail with its words",
            f"{_RUN}/test_errands.py",
            "test_somebody_of_the_team_gets_the_words_as_a_plain_mail",
        ),
        (
            "steps",
            "`unsubscribe from` is recorded with the flow as its source",
            f"{_RUN}/test_errands.py",
            "test_a_flow_withdraws_on_the_person_s_behalf",
        ),
        (
            "steps",
            "a conversion is the first goal event of a journey, once",
            "tests/engine/insight/test_figures.py",
            "test_revenue_is_that_of_the_first_goal_event_of_a_journey",
        ),
        (
            "steps",
            "the time of a goal counts from the journey's last mail before the event",
            "tests/engine/insight/test_figures.py",
            "test_the_time_of_a_goal_counts_from_the_last_mail_before_the_event",
        ),
        (
            "steps",
            "one event credits only the flow that mailed last",
            "tests/engine/insight/test_figures.py",
            "test_one_event_credits_only_the_flow_that_mailed_last",
        ),
        (
            "steps",
            "comparisons of arms count the goal's time from the split",
            f"{_CORE}/test_winner.py",
            "test_the_event_counts_within_the_goals_time_from_the_split",
        ),
        (
            "steps",
            "comparisons of holdouts count the goal's time from entry",
            "tests/engine/insight/test_holdout_figures.py",
            "test_the_time_counts_from_entry_on_both_sides",
        ),
        (
            "unknown",
            "machine opens and scanner clicks are never opens and clicks",
            "tests/web/test_measured_links.py",
            "test_machines_are_led_on_and_not_counted",
        ),
        (
            "unknown",
            "predictions of people who agreed to personalisation are known",
            f"{_CORE}/test_predicted.py",
            "test_a_prediction_moves_people_into_segments",
        ),
        (
            "unknown",
            "what happened before someone agreed stays unknown",
            f"{_CORE}/test_known_since.py",
            "test_a_span_that_begins_before_the_agreement_is_unknown",
        ),
        (
            "people",
            "an edited segment starts nothing",
            f"{_CORE}/test_edits.py",
            "test_an_edited_segment_starts_nothing",
        ),
        (
            "people",
            "a new segment starts nothing for those who are known",
            f"{_CORE}/test_edits.py",
            "test_a_new_segment_starts_nothing_for_those_who_are_known",
        ),
        (
            "people",
            "a new contact is outside all segments",
            f"{_CORE}/test_segments.py",
            "test_a_new_contact_is_outside_and_may_join_at_the_first_thing_known",
        ),
        (
            "people",
            "changing what people agree to makes a new version",
            "tests/consent/test_publish.py",
            "test_a_changed_word_is_a_new_version_and_one_leaf",
        ),
        (
            "people",
            "a code is the same when a mail is tried again",
            f"{_CORE}/test_changes.py",
            "test_a_code_follows_from_the_journey_and_nothing_else",
        ),
        (
            "people",
            "a list of codes that is empty alerts the team",
            f"{_RUN}/test_listed_codes_given.py",
            "test_an_empty_list_skips_the_send_and_tells_the_team_once_a_day",
        ),
        (
            "limits",
            "limits are kept over restarts",
            f"{_RUN}/test_errands.py",
            "test_limits_hold_over_flows_and_lives",
        ),
        (
            "limits",
            "a mail counts on the day on which it was handed over, and not when it was asked for",
            f"{_RUN}/test_errands.py",
            "test_a_slow_mail_counts_for_the_day_on_which_it_goes",
        ),
        (
            "limits",
            "each skip and each wait is recorded with its reason",
            "tests/engine/insight/test_story_refusals.py",
            "test_what_did_not_happen_is_told_with_its_reason",
        ),
    )
)
